import { describe, expect, test } from 'vitest'
import { formatTimeout } from './client.ts'
import { percentDecode } from './client_error.ts'
import { parseGrpcTarget } from './client_target.ts'
import { percentEncode } from './status_headers.ts'
import { parseTimeout } from './timeout.ts'

describe('the target of calls', () => {
  test.each([
    ['localhost:4317', { host: 'localhost', port: 4317 }],
    [':4317', { host: 'localhost', port: 4317 }],
    ['[::1]:4317', { host: '::1', port: 4317 }],
    ['dns:///a.example:443', { host: 'a.example', port: 443 }],
    ['dns:a.example:443', { host: 'a.example', port: 443 }],
    ['passthrough:///a.example:443', { host: 'a.example', port: 443 }],
    ['http://a.example:4317', { host: 'a.example', port: 4317, secure: false }],
    ['HTTPS://a.example:4317/', { host: 'a.example', port: 4317, secure: true }],
    ['unix:///run/otlp.sock', { path: '/run/otlp.sock' }],
    ['unix:otlp.sock', { path: 'otlp.sock' }],
  ])('%s', (text, expected) => {
    expect(parseGrpcTarget(text)).toEqual(expected)
  })

  test.each([
    ['a.example', 'not an address'],
    ['a.example:0', 'not an address'],
    ['https://a.example:4317/otlp', 'not an address'],
    ['dns://8.8.8.8/a.example:443', 'a name server of its own (8.8.8.8)'],
    ['xds:///a.example', 'unknown scheme "xds"'],
  ])('%s is none', (text, message) => {
    expect(() => parseGrpcTarget(text)).toThrow(message)
  })
})

test.each([1, 5000, 99_999_999, 123_456_789, 1e12, 1e15])(
  'a timeout of %i ms has at most eight digits and is no shorter',
  ms => {
    const text = formatTimeout(ms)
    expect(text).toMatch(/^\d{1,8}[mSMH]$/)
    expect(parseTimeout(text)).toBeGreaterThanOrEqual(Math.min(ms, 99_999_999 * 3_600_000))
    expect(parseTimeout(text)).toBeLessThanOrEqual(ms + 3_600_000)
  },
)

test.each(['plain', '100 % größer', '\u0000\n"', '%zz'])('the message %j is decoded as it was encoded', message => {
  expect(percentDecode(percentEncode(message))).toBe(message)
})

test('a message that nobody encoded stays as it is', () => {
  expect(percentDecode('50% of %zz')).toBe('50% of %zz')
})
