import { describe, expect, test } from 'vitest'
import { covers, EVERY, formatAddress, isLoopback, listenAddress, localHost, overlap, widest } from './address.ts'

describe('addresses', () => {
  test.each([
    ['localhost:9464', '127.0.0.1'],
    ['LOCALHOST:9464', '127.0.0.1'],
    ['127.0.0.1:9464', '127.0.0.1'],
    ['[0:0:0:0:0:0:0:1]:9464', '::1'],
    ['[::]:9464', EVERY],
    [':9464', EVERY],
    ['0.0.0.0:9464', '0.0.0.0'],
  ])('%s has the host %j', async (endpoint, host) => {
    expect(await listenAddress(endpoint)).toEqual({ host, port: 9464 })
  })

  test('an address for all IPv4 gets the connections of each IPv4 address, and no others', () => {
    expect(covers('0.0.0.0', '127.0.0.1')).toBe(true)
    expect(covers('0.0.0.0', '::1')).toBe(false)
    expect(covers('127.0.0.1', '0.0.0.0')).toBe(false)
    expect(covers(EVERY, '0.0.0.0') && covers(EVERY, '::1')).toBe(true)
  })

  test('two addresses overlap when one gets what the other would', () => {
    expect(overlap('127.0.0.1', '0.0.0.0')).toBe(true)
    expect(overlap('127.0.0.1', '127.0.0.2')).toBe(false)
  })

  test('the widest of several hosts are those that no other covers', () => {
    expect(widest(['127.0.0.1', '0.0.0.0', '::1', '127.0.0.1'])).toEqual(['0.0.0.0', '::1'])
    expect(widest(['127.0.0.1', '10.0.0.1'])).toEqual(['127.0.0.1', '10.0.0.1'])
    expect(widest(['::1', EVERY, '0.0.0.0'])).toEqual([EVERY])
  })

  test('an IPv4 client of an IPv6 socket is known by its IPv4 address', () => {
    expect(localHost('::ffff:10.0.0.7')).toBe('10.0.0.7')
    expect(isLoopback('::ffff:127.3.2.1')).toBe(true)
    expect(isLoopback('127.evil.example')).toBe(false)
    expect(isLoopback(undefined)).toBe(false)
  })

  test('is written as one writes it in a config', () => {
    expect(formatAddress({ host: '::1', port: 80 })).toBe('[::1]:80')
    expect(formatAddress({ host: EVERY, port: 80 })).toBe(':80')
  })
})
