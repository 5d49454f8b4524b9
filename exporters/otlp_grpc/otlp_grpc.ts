import { errorMessage, StartError } from '../../src/component/errors.ts'
import type { AnyBatch, PartialDelivery, Settings, Signal } from '../../src/component/types.ts'
import { compress } from '../../src/net/compress.ts'
import { GrpcChannel } from '../../src/net/grpc/client.ts'
import type { CallAnswer } from '../../src/net/grpc/client_call.ts'
import type { GrpcTarget } from '../../src/net/grpc/client_target.ts'
import { type ProxyServer, proxyFor } from '../../src/net/proxy.ts'
import { ClientTls } from '../../src/net/tls_client.ts'
import { requestBytes, requestSlices } from '../../src/otlp/export_request.ts'
import { readPartialSuccess } from '../../src/otlp/partial_success.ts'
import { PartialSuccessLog } from '../../src/otlp/partial_success_log.ts'
import { type OtlpGrpcConfig, usesTls } from './config.ts'
import { asDeliveryError, type StatusKeys } from './status.ts'

const PATHS: Readonly<Record<Signal, string>> = {
  traces: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
  metrics: '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export',
  logs: '/opentelemetry.proto.collector.logs.v1.LogsService/Export',
}
/** Pings that come more often make servers end the connection. grpc/doc/keepalive.md */
const LEAST_PING_MS = 10_000

/** Sends batches to the server of one exporter. */
export class OtlpGrpc {
  readonly #config: OtlpGrpcConfig
  readonly #settings: Settings
  readonly #tls: ClientTls
  readonly #partial: PartialSuccessLog
  readonly #keys: StatusKeys
  #channel?: GrpcChannel

  constructor(config: OtlpGrpcConfig, settings: Settings) {
    const { id, clock, log } = settings
    const key = `exporters.${id}`
    this.#config = config
    this.#settings = settings
    this.#tls = new ClientTls(config.tls, `${key}.tls`, clock, log)
    this.#partial = new PartialSuccessLog(log, clock)
    this.#keys = {
      endpoint: `${key}.endpoint`,
      login: `${key}.${config.auth ? 'auth' : 'headers'}`,
      compression: `${key}.compression`,
      batchSize: `${key}.sending_queue.batch.max_size`,
    }
  }

  /** Reads the files that TLS needs; opens no connection. Rejects with StartError. */
  async start(): Promise<void> {
    const proxy = this.#proxy(this.#config.endpoint.target)
    if (usesTls(this.#config) || proxy?.secure) await this.#tls.load()
    this.#channel ??= this.#open(proxy)
  }

  /** One attempt. */
  async send(batch: AnyBatch, signal: AbortSignal): Promise<PartialDelivery | undefined> {
    const from = this.#config.endpoint.text
    try {
      const answer = await this.#call(batch, signal)
      return this.#delivered(batch.signal, from, answer)
    } catch (error) {
      throw asDeliveryError(error, from, this.#keys)
    }
  }

  async check(): Promise<void> {
    await this.#channel?.probe()
  }

  close(): void {
    this.#channel?.close()
    this.#partial.close()
  }

  async #call(batch: AnyBatch, signal: AbortSignal): Promise<CallAnswer> {
    const { auth, timeout: timeoutMs } = this.#config
    const login = auth && (await this.#settings.extension(auth.authenticator).clientAuth?.headers())
    const request = { path: PATHS[batch.signal], timeoutMs, ...(login && { headers: login }) }
    const channel = this.#channel as GrpcChannel
    const { compression: encoding } = this.#config
    if (encoding === 'none' || encoding === '')
      return channel.call({ ...request, chunks: requestSlices(batch) }, signal)
    const chunks = [await compress(requestBytes(batch), encoding === 'snappy' ? 'x-snappy-framed' : encoding)]
    return channel.call({ ...request, chunks, encoding }, signal)
  }

  /** The server has the batch: an answer that can't be read changes nothing about that. */
  #delivered(signal: Signal, from: string, { message, unreadable = '' }: CallAnswer): PartialDelivery | undefined {
    let why = unreadable
    try {
      if (message) return this.#partial.delivered(signal, from, readPartialSuccess(message))
    } catch (error) {
      why = errorMessage(error)
    }
    this.#partial.warn(`the answer of ${from} can't be read: ${why}`)
    return undefined
  }

  #open(proxy: ProxyServer | undefined): GrpcChannel {
    const { endpoint, keepalive, balancer_name, user_agent, headers, tls } = this.#config
    const authority = this.#config.authority || (usesTls(this.#config) ? tls.server_name_override : undefined)
    const { id, clock, agent } = this.#settings
    return new GrpcChannel({
      target: endpoint.target,
      ...(usesTls(this.#config) && { tls: this.#tls }),
      proxy,
      proxyTls: this.#tls,
      authority,
      userAgent: user_agent ?? `${agent.name}/${agent.version}`,
      headers,
      ...(keepalive.time > 0 && {
        keepAlive: {
          afterMs: Math.max(LEAST_PING_MS, keepalive.time),
          timeoutMs: keepalive.timeout,
          withoutCalls: keepalive.permit_without_stream,
        },
      }),
      roundRobin: balancer_name === 'round_robin',
      configKey: `exporters.${id}`,
      clock,
    })
  }

  /** As for gRPC in Go: HTTPS_PROXY, with TLS or without. */
  #proxy(target: GrpcTarget): ProxyServer | undefined {
    if ('path' in target) return undefined
    const host = target.host.includes(':') ? `[${target.host}]` : target.host
    try {
      return proxyFor(new URL(`https://${host}:${target.port}`), undefined, process.env)
    } catch (error) {
      throw new StartError(`HTTPS_PROXY: ${(error as Error).message}`, this.#keys.endpoint)
    }
  }
}
