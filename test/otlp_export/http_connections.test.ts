import { copyFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { otlpHttp } from '../../exporters/otlp_http/exporter.ts'
import { FakeClock } from '../support/clock.ts'
import { Authority, type Pair } from './certificates.ts'
import { endServers, httpSink, proxyServer, silentSink } from './http_servers.ts'
import { endSenders, failure, sender, traces } from './sending.ts'

const authority = new Authority()
const server = authority.issue('server', 'DNS:gateway.example,IP:127.0.0.1')
const client = authority.issue('client', 'DNS:agent.example')
const tlsOf = ({ cert, key }: Pair) => ({ cert, key })
const ca_file = authority.caFile

beforeEach(() => {
  for (const name of ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'])
    for (const spelling of [name, name.toLowerCase()]) vi.stubEnv(spelling, undefined)
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await endSenders()
  await endServers()
})
afterAll(() => rmSync(authority.folder, { recursive: true }))

describe('TLS', () => {
  const attempt = async (endpoint: string, tls: object) =>
    failure((await sender(otlpHttp, { endpoint, tls })).send(traces()))

  test('delivers to a server whose certificate ca_file has signed', async () => {
    const sink = await httpSink(undefined, tlsOf(server))
    const { send } = await sender(otlpHttp, { endpoint: sink.url, tls: { ca_file } })
    await send(traces())
    expect(sink.received).toHaveLength(1)
  })

  test('refuses a certificate that nobody trusted has signed, and blames tls', async () => {
    const sink = await httpSink(undefined, tlsOf(server))
    const result = await attempt(sink.url, {})
    expect(result).toMatchObject({ name: 'MisconfiguredError', configKey: 'exporters.otlp_http.tls' })
    expect(sink.received).toEqual([])
  })

  test('refuses a certificate for another name, unless server_name_override gives that name', async () => {
    const sink = await httpSink(undefined, tlsOf(authority.issue('elsewhere', 'DNS:elsewhere.example')))
    const result = await attempt(sink.url, { ca_file })
    expect(result).toMatchObject({ name: 'MisconfiguredError', configKey: 'exporters.otlp_http.tls' })
    const tls = { ca_file, server_name_override: 'elsewhere.example' }
    await (await sender(otlpHttp, { endpoint: sink.url, tls })).send(traces())
    expect(sink.received).toHaveLength(1)
  })

  test('takes any certificate with insecure_skip_verify', async () => {
    const sink = await httpSink(undefined, tlsOf(server))
    await (await sender(otlpHttp, { endpoint: sink.url, tls: { insecure_skip_verify: true } })).send(traces())
    expect(sink.received).toHaveLength(1)
  })

  test('shows its own certificate to a server that demands one', async () => {
    const sink = await httpSink(undefined, {
      ...tlsOf(server),
      ca: authority.ca,
      requestCert: true,
      rejectUnauthorized: true,
    })
    const own = { cert_file: client.certFile, key_file: client.keyFile }
    await (await sender(otlpHttp, { endpoint: sink.url, tls: { ca_file, ...own } })).send(traces())
    expect(sink.received).toHaveLength(1)
    expect(await attempt(sink.url, { ca_file })).toMatchObject({ name: 'MisconfiguredError' })
  })

  test('blames tls when the other end does not speak it', async () => {
    const sink = await httpSink()
    const result = await attempt(sink.url.replace('http:', 'https:'), { ca_file })
    expect(result).toMatchObject({ name: 'MisconfiguredError', configKey: 'exporters.otlp_http.tls' })
  })

  test('is not tried with a version that is not allowed', async () => {
    const sink = await httpSink(undefined, { ...tlsOf(server), maxVersion: 'TLSv1.2' })
    expect(await attempt(sink.url, { ca_file, min_version: '1.3' })).toMatchObject({ name: 'MisconfiguredError' })
  })

  test('stops the start when a file is missing, and names the key', async () => {
    const starting = sender(otlpHttp, { endpoint: 'https://127.0.0.1:1', tls: { ca_file: '/nowhere/ca.pem' } })
    const message = "exporters.otlp_http.tls.ca_file: can't read /nowhere/ca.pem (ENOENT)"
    await expect(starting).rejects.toMatchObject({
      name: 'StartError',
      message,
      configKey: 'exporters.otlp_http.tls.ca_file',
    })
  })

  test('reads its files again after reload_interval, and keeps what it has when they are broken', async () => {
    const clock = new FakeClock()
    const file = join(authority.folder, 'changing.pem')
    copyFileSync(ca_file, file)
    const sink = await httpSink(undefined, tlsOf(server))
    const own = { endpoint: sink.url, disable_keep_alives: true, tls: { ca_file: file, reload_interval: '1m' } }
    const { send, log } = await sender(otlpHttp, own, { clock })
    writeFileSync(file, 'rubbish')
    await send(traces())
    expect(log.lines).toEqual([])
    await clock.advance(60_000)
    await send(traces())
    expect(log.lines).toEqual([expect.stringContaining('keeps the TLS files read before')])
    writeFileSync(file, new Authority().ca)
    await clock.advance(60_000)
    expect(await failure(send(traces()))).toMatchObject({ name: 'MisconfiguredError' })
  })
})

test('a check finds out whether the server is there', async () => {
  const sink = await httpSink()
  const { exporter } = await sender(otlpHttp, { endpoint: sink.url })
  await exporter.check?.(AbortSignal.timeout(1000))
  expect(sink.received).toEqual([])
  const { exporter: other } = await sender(otlpHttp, { endpoint: 'http://127.0.0.1:1' })
  await expect(other.check?.(AbortSignal.timeout(1000))).rejects.toThrow("can't connect to 127.0.0.1:1")
})

test('without an address for a signal its data is kept, and the setting is named', async () => {
  const sink = await httpSink()
  const { send } = await sender(otlpHttp, { metrics_endpoint: sink.url })
  const configKey = 'exporters.otlp_http.endpoint'
  expect(await failure(send(traces()))).toEqual({
    name: 'MisconfiguredError',
    message: 'no address for traces',
    configKey,
  })
})

describe('settings', () => {
  const issues = (given: object) => {
    const parsed = otlpHttp.config.safeParse({ endpoint: 'http://a:4318', ...given })
    const found = parsed.error?.issues ?? otlpHttp.validate?.(parsed.data as never) ?? []
    return found.map(({ path, message }) => `${path.join('.')}: ${message}`)
  }

  test.each([
    [{ endpoint: undefined }, 'endpoint: missing: the address to send to, such as http://127.0.0.1:4318'],
    [{ compression: 'lz4' }, /^compression: lz4 can't be used: /],
    [{ compression: 'brotli' }, /^compression: unknown compression: use one of gzip, /],
    [{ compression_params: { level: 12 } }, 'compression_params.level: gzip has levels from 1 to 9'],
    [{ proxy_url: 'socks5://a:1' }, "proxy_url: a proxy of socks5 can't be used: only http and https can"],
    [{ headers: { 'Content-Length': '1' } }, 'headers: header "Content-Length" is the exporter\'s own'],
    [{ headers: { 'a b': '1' } }, 'headers: header "a b" has a name or a value that can not be sent'],
    [{ headers: [{ name: 'A', value: '1' }, { name: 'a' }] }, 'headers: header "a" stands here twice'],
  ])('%j are refused', (given, message) => {
    expect(issues(given)).toEqual([expect.stringMatching(message)])
  })

  test('take headers as a list too', () => {
    const { headers } = otlpHttp.config.parse({ endpoint: 'http://a', headers: [{ name: 'X-A', value: '1' }] }) as {
      headers: unknown
    }
    expect(headers).toEqual([['X-A', '1']])
  })
})

describe('a proxy', () => {
  test('of the environment tunnels to addresses of https', async () => {
    const [sink, proxy] = [await httpSink(undefined, tlsOf(server)), await proxyServer()]
    vi.stubEnv('HTTPS_PROXY', proxy.url)
    vi.stubEnv('NO_PROXY', 'example.com')
    const { port } = new URL(sink.url)
    const { send } = await sender(otlpHttp, { endpoint: `https://gateway.example:${port}`, tls: { ca_file } })
    await send(traces())
    await send(traces())
    expect(proxy.seen).toEqual([`CONNECT gateway.example:${port}`])
    expect(sink.received.map(({ headers }) => headers.host)).toEqual(Array(2).fill(`gateway.example:${port}`))
  })

  test('gets the whole address of those of http, and its own login', async () => {
    const authorization = `Basic ${Buffer.from('me:secret').toString('base64')}`
    const [sink, proxy] = [await httpSink(), await proxyServer({ authorization })]
    const proxy_url = proxy.url.replace('://', '://me:secret@')
    await (await sender(otlpHttp, { endpoint: sink.url, proxy_url })).send(traces())
    expect(proxy.seen).toEqual([`POST ${sink.url}/v1/traces`])
    expect(sink.received[0].headers['proxy-authorization']).toBeUndefined()
    const { host } = new URL(sink.url)
    expect(sink.received[0].headers.host).toBe(host)
  })

  test('of the environment is not used for this machine', async () => {
    const sink = await httpSink()
    vi.stubEnv('http_proxy', 'http://127.0.0.1:1')
    await (await sender(otlpHttp, { endpoint: sink.url })).send(traces())
    expect(sink.received).toHaveLength(1)
  })

  test.each([
    ['http', 407],
    ['https', 403],
  ])('that refuses requests to %s is a wrong setting', async (scheme, connectStatus) => {
    const proxy = await proxyServer(scheme === 'http' ? { authorization: 'x' } : { connectStatus })
    const { send } = await sender(otlpHttp, {
      endpoint: `${scheme}://192.0.2.1`,
      proxy_url: proxy.url,
      tls: { ca_file },
    })
    expect(await failure(send(traces()))).toMatchObject({
      name: 'MisconfiguredError',
      configKey: 'exporters.otlp_http.proxy_url',
    })
  })

  test('that can not reach the server now is tried again', async () => {
    const proxy = await proxyServer({ connectStatus: 502 })
    const { send } = await sender(otlpHttp, { endpoint: 'https://192.0.2.1', proxy_url: proxy.url, tls: { ca_file } })
    const message = `the proxy ${new URL(proxy.url).host} refuses to connect to 192.0.2.1:443: 502 No`
    expect(await failure(send(traces()))).toEqual({ name: 'Error', message })
  })

  test('that hangs holds up nothing after the shutdown', async () => {
    const proxy = await silentSink()
    const clock = new FakeClock()
    const { send, exporter } = await sender(
      otlpHttp,
      { endpoint: 'https://192.0.2.1', proxy_url: proxy.url, tls: { ca_file } },
      { clock },
    )
    const result = failure(send(traces()))
    await new Promise(resolve => setTimeout(resolve, 20))
    await exporter.shutdown?.(AbortSignal.timeout(1000))
    expect(await result).toMatchObject({ name: 'Error' })
    expect(clock.pending).toBe(0)
  })

  test('of a kind that can not be used stops the start', async () => {
    vi.stubEnv('HTTPS_PROXY', 'socks5://proxy:1080')
    const starting = sender(otlpHttp, { endpoint: 'https://192.0.2.1', tls: { ca_file } })
    await expect(starting).rejects.toThrow("HTTPS_PROXY: a proxy of socks5 can't be used: only http and https can")
  })
})
