import { describe, expect, test } from 'vitest'
import { decodeStatus } from '../../../test/otlp/rpc_status_oracle.ts'
import { RPC, RpcError } from '../rpc_status.ts'
import { percentEncode, statusHeaders } from './status_headers.ts'
import { parseTimeout } from './timeout.ts'

describe('grpc-timeout', () => {
  test.each([
    ['1H', 3_600_000],
    ['2M', 120_000],
    ['10S', 10_000],
    ['99999999m', 99_999_999],
    ['5000u', 5],
    ['1000000n', 1],
    ['0S', 0],
  ])('%s is %i ms', (text, expected) => {
    expect(parseTimeout(text)).toBeCloseTo(expected)
  })

  test.each(['', '10', 'S', '10s', '-1S', '123456789S', '1.5S', '10S '])('%s is none', text => {
    expect(parseTimeout(text)).toBeUndefined()
  })
})

describe('a status', () => {
  test('has its message percent-encoded', () => {
    expect(percentEncode('plain text ~ it is')).toBe('plain text ~ it is')
    expect(percentEncode('100 %\n«ü»')).toBe('100 %25%0A%C2%AB%C3%BC%C2%BB')
  })

  test('has no details when there is no time to wait', () => {
    expect(statusHeaders(new RpcError(RPC.INTERNAL, ''))).toEqual({ 'grpc-status': '13' })
  })

  test.each([0, 1, 999, 1500, 86_400_000])('tells to wait %i ms in its details, unpadded', retryAfterMs => {
    const details = statusHeaders(new RpcError(RPC.UNAVAILABLE, 'later', { retryAfterMs }))['grpc-status-details-bin']
    expect(details).not.toContain('=')
    expect(decodeStatus(Buffer.from(details, 'base64'))).toEqual({
      code: 14,
      message: 'later',
      retryDelayMs: retryAfterMs,
    })
  })
})
