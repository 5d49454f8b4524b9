import { MisconfiguredError, StartError } from '../../src/component/errors.ts'
import { type AnyBatch, type PartialDelivery, type Settings, SIGNALS, type Signal } from '../../src/component/types.ts'
import type { HeaderList } from '../../src/config/client_fields.ts'
import { type Compression, compress } from '../../src/net/compress.ts'
import { HttpClient, type HttpTarget, headerList, shownUrl } from '../../src/net/http_client.ts'
import { type ProxyServer, proxyFor } from '../../src/net/proxy.ts'
import { ClientTls } from '../../src/net/tls_client.ts'
import { requestJson, requestSlices } from '../../src/otlp/export_request.ts'
import { PartialSuccessLog } from '../../src/otlp/partial_success_log.ts'
import { type AnswerKeys, judge } from './answers.ts'
import { endpointOf, type OtlpHttpConfig } from './config.ts'

const CONTENT_TYPES = { proto: 'application/x-protobuf', json: 'application/json' } as const

/** One signal's way out. */
interface Way {
  readonly target: HttpTarget
  readonly name: string
  readonly keys: AnswerKeys
  /** All but what the authenticator adds. */
  readonly headers: HeaderList
  /** The same for `post`. */
  readonly list: readonly string[]
}

/** Sends batches to the addresses of one exporter. */
export class OtlpHttp {
  readonly #config: OtlpHttpConfig
  readonly #settings: Settings
  readonly #tls: ClientTls
  readonly #http: HttpClient
  readonly #partial: PartialSuccessLog
  readonly #compression: Compression | undefined
  readonly #ways = new Map<Signal, Way>()

  constructor(config: OtlpHttpConfig, settings: Settings) {
    const { clock, log } = settings
    const key = `exporters.${settings.id}`
    this.#config = config
    this.#settings = settings
    this.#partial = new PartialSuccessLog(log, clock)
    this.#compression = ['none', ''].includes(config.compression) ? undefined : (config.compression as Compression)
    this.#tls = new ClientTls(config.tls, `${key}.tls`, clock, log)
    this.#http = new HttpClient({
      tls: this.#tls,
      proxyFor: target => this.#proxyFor(target),
      configKey: key,
      keepAlive: !config.disable_keep_alives,
      maxConnections: config.max_conns_per_host || Number.POSITIVE_INFINITY,
      maxIdleConnections: config.max_idle_conns_per_host || config.max_idle_conns || Number.POSITIVE_INFINITY,
      idleTimeoutMs: config.idle_conn_timeout,
      clock,
    })
  }

  /** Reads the files that TLS needs; opens no connection. Rejects with StartError. */
  async start(): Promise<void> {
    for (const signal of SIGNALS) this.#way(signal)
    const ways = [...this.#ways.values()]
    if (ways.some(({ target }) => target.needsTls)) await this.#tls.load()
  }

  /** One attempt. */
  async send(batch: AnyBatch, signal: AbortSignal): Promise<PartialDelivery | undefined> {
    const way = this.#way(batch.signal)
    if (!way) throw new MisconfiguredError(`no address for ${batch.signal}`, `exporters.${this.#settings.id}.endpoint`)
    const headers = await this.#headers(way)
    const answer = await this.#http.post(way.target, headers, await this.#body(batch), signal)
    const partial = judge(answer, way.name, way.keys, this.#settings.clock.nowMs(), message =>
      this.#partial.warn(message),
    )
    return partial && this.#partial.delivered(batch.signal, way.name, partial)
  }

  async check(): Promise<void> {
    const targets = SIGNALS.flatMap(signal => this.#way(signal)?.target ?? [])
    await Promise.all([...new Set(targets)].map(target => this.#http.probe(target)))
  }

  close(): void {
    this.#http.close()
    this.#partial.close()
  }

  async #body(batch: AnyBatch): Promise<readonly Uint8Array[]> {
    const { encoding, compression_params } = this.#config
    const chunks = encoding === 'json' ? await requestJson(batch) : requestSlices(batch)
    if (!this.#compression) return chunks
    return [
      await compress(
        chunks.length === 1 ? chunks[0] : Buffer.concat(chunks),
        this.#compression,
        compression_params.level,
      ),
    ]
  }

  async #headers({ headers, list }: Way): Promise<readonly string[]> {
    const { auth } = this.#config
    if (!auth) return list
    const login = await this.#settings.extension(auth.authenticator).clientAuth?.headers()
    return headerList(headers, Object.entries(login ?? {}))
  }

  #way(signal: Signal): Way | undefined {
    return this.#ways.get(signal) ?? this.#begin(signal)
  }

  #begin(signal: Signal): Way | undefined {
    const to = endpointOf(this.#config, signal)
    if (!to) return undefined
    const { encoding, compression, headers: own, auth } = this.#config
    const { id, agent } = this.#settings
    const target = this.#http.target(to.url)
    const headers: HeaderList = [
      ['User-Agent', `${agent.name}/${agent.version}`],
      ...target.headers,
      ...own,
      ['Content-Type', CONTENT_TYPES[encoding]],
      ...(this.#compression ? [['Content-Encoding', compression] as const] : []),
    ]
    const keys = {
      endpoint: `exporters.${id}.${to.key}`,
      login: `exporters.${id}.${auth ? 'auth' : 'headers'}`,
      proxy: `exporters.${id}.proxy_url`,
      batchSize: `exporters.${id}.sending_queue.batch.max_size`,
    }
    const way = { target, name: shownUrl(to.url), keys, headers, list: headerList(headers) }
    this.#ways.set(signal, way)
    return way
  }

  #proxyFor(target: URL): ProxyServer | undefined {
    try {
      return proxyFor(target, this.#config.proxy_url, process.env)
    } catch (error) {
      const variable = target.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY'
      throw new StartError(`${variable}: ${(error as Error).message}`, `exporters.${this.#settings.id}.proxy_url`)
    }
  }
}
