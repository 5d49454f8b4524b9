import { describe, expect, test } from 'vitest'
import { FakeClock } from '../../test/support/clock.ts'
import { ClientShares } from './client_shares.ts'
import { connectionOptions } from './config.ts'
import { otlp } from './receiver.ts'

const parse = (protocols: object) => otlp.config.parse({ protocols })
const problems = (protocols: object) =>
  otlp.validate?.(parse(protocols)).map(({ path, message }) => `${path.join('.')}: ${message}`)

describe('the config', () => {
  test('needs a protocol', () => {
    expect(problems({})).toEqual(['protocols: at least one of grpc and http is needed'])
  })

  test('says what it listens on, without unix sockets', () => {
    expect(otlp.listens?.(parse({ grpc: {}, http: { logs_url_path: 'logs' } }))).toEqual([
      { key: 'protocols.grpc.endpoint', endpoint: '127.0.0.1:4317' },
      { key: 'protocols.http.endpoint', endpoint: '127.0.0.1:4318', paths: ['/v1/traces', '/v1/metrics', '/logs'] },
    ])
    expect(otlp.listens?.(parse({ grpc: { transport: 'unix', endpoint: '/run/otlp.sock' } }))).toEqual([])
  })

  test('checks an endpoint by its transport', () => {
    expect(problems({ grpc: { endpoint: '/run/otlp.sock' } })).toEqual([
      'protocols.grpc.endpoint: not an address: write host:port, such as 127.0.0.1:4317',
    ])
    expect(problems({ grpc: { endpoint: '/run/otlp.sock', transport: 'unix' } })).toEqual([])
    expect(problems({ http: { endpoint: 'localhost:4318', transport: 'unix' } })).toEqual([
      'protocols.http.endpoint: the path of a unix socket begins with /',
    ])
  })

  test('names the authenticators that it uses', () => {
    const auth = { authenticator: 'basicauth/server' }
    expect(otlp.uses?.(parse({ grpc: {}, http: { auth } }))).toEqual([
      { path: ['protocols', 'http', 'auth', 'authenticator'], id: 'basicauth/server', as: 'server_auth' },
    ])
  })

  test('takes a 0 for the default, as the Collector does', () => {
    const { grpc } = parse({
      grpc: { keepalive: { server_parameters: { max_connection_idle: 0, time: 0 } } },
    }).protocols
    expect(grpc && connectionOptions(grpc)).toEqual({
      maxConcurrentStreams: 1000,
      pingAfterMs: 7_200_000,
      pingTimeoutMs: 20_000,
      maxIdleMs: undefined,
      maxAgeMs: undefined,
      maxAgeGraceMs: undefined,
      pings: undefined,
    })
  })
})

describe('shares', () => {
  test('only who sent more than all the others together exceeds them', () => {
    const shares = new ClientShares(new FakeClock())
    shares.add('a', 100)
    expect(shares.exceeds('a')).toBe(false)
    shares.add('b', 60)
    expect([shares.exceeds('a'), shares.exceeds('b'), shares.exceeds('c')]).toEqual([true, false, false])
    shares.add('c', 60)
    expect(shares.exceeds('a')).toBe(false)
  })

  test('what was sent long ago does not count', async () => {
    const clock = new FakeClock()
    const shares = new ClientShares(clock)
    shares.add('a', 100)
    await clock.advance(25_000)
    shares.add('b', 1)
    shares.add('a', 1)
    expect(shares.exceeds('a')).toBe(false)
  })
})
