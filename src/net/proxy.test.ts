import { describe, expect, test } from 'vitest'
import { parseProxy, proxyFor } from './proxy.ts'

const through = (target: string, env: Record<string, string>, proxyUrl?: string) =>
  proxyFor(new URL(target), proxyUrl, env)?.host

describe('the proxy of an address', () => {
  test('is chosen by its scheme, from variables in either case', () => {
    const env = { HTTPS_PROXY: 'http://secure:1', http_proxy: 'plain:2' }
    expect(through('https://a.example', env)).toBe('secure')
    expect(through('http://a.example', env)).toBe('plain')
    expect(through('http://a.example', { HTTPS_PROXY: 'http://secure:1' })).toBeUndefined()
  })

  test('is proxy_url where that is set, whatever NO_PROXY says', () => {
    expect(through('http://a.example', { HTTP_PROXY: 'http://env:1', NO_PROXY: '*' }, 'http://own:3')).toBe('own')
  })

  test.each([
    ['http://localhost:4318', ''],
    ['http://127.0.0.9', ''],
    ['http://[::1]:4318', ''],
    ['http://a.example', '*'],
    ['http://a.example', 'b.example, a.example'],
    ['http://sub.a.example', 'A.example'],
    ['http://sub.a.example', '.a.example'],
    ['http://sub.a.example', '*.a.example'],
    ['http://a.example:4318', 'a.example:4318'],
    ['http://a.example', 'a.example:80'],
    ['https://a.example', 'a.example:443'],
    ['http://10.1.2.3', '10.0.0.0/8'],
    ['http://10.1.2.3', '10.1.2.3'],
    ['http://10.1.2.3:99', '10.1.2.3:99'],
    ['http://[fd00::1]', 'fd00::/8'],
    ['http://[fd00::1]', '[fd00::1]:80'],
    ['http://[fd00::1]', 'fd00::1'],
  ])('is none for %s with NO_PROXY=%s', (target, NO_PROXY) => {
    expect(through(target, { HTTP_PROXY: 'http://p:1', HTTPS_PROXY: 'http://p:1', NO_PROXY })).toBeUndefined()
  })

  test.each([
    ['http://a.example', ''],
    ['http://nota.example', 'a.example'],
    ['http://a.example', '.a.example'],
    ['http://a.example:4318', 'a.example:4317'],
    ['http://11.1.2.3', '10.0.0.0/8'],
    ['http://11.1.2.3', '10.0.0.0/99'],
    ['http://11.1.2.3', '/,:,[],x/y,:80'],
    ['http://10.1.2.3', '10.1.2'],
  ])('is the one of the environment for %s with NO_PROXY=%s', (target, NO_PROXY) => {
    expect(through(target, { HTTP_PROXY: 'http://p:1', NO_PROXY })).toBe('p')
  })
})

describe('the address of a proxy', () => {
  test('has the ports of its scheme unless it says another, and a login', () => {
    expect(parseProxy('proxy')).toEqual({ secure: false, host: 'proxy', port: 80 })
    expect(parseProxy('https://[::1]')).toEqual({ secure: true, host: '::1', port: 443 })
    const authorization = `Basic ${Buffer.from('u:p@').toString('base64')}`
    expect(parseProxy('http://u:p%40@proxy:3128')).toEqual({ secure: false, host: 'proxy', port: 3128, authorization })
  })

  test.each(['socks5://proxy:1080', 'http://', '://'])('%s can not be used', text => {
    expect(() => parseProxy(text)).toThrow(TypeError)
  })
})
