import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { otlpGrpc } from '../../exporters/otlp_grpc/exporter.ts'
import { otlpHttp } from '../../exporters/otlp_http/exporter.ts'
import { type AnyBatch, SIGNALS, type Signal } from '../../src/component/types.ts'
import { requestBytes } from '../../src/otlp/export_request.ts'
import { grpcClient } from '../otlp/grpc_world.ts'
import { METHODS, startOtlp } from '../otlp/receiver_world.ts'
import { endSenders, failure, sender } from '../otlp_export/sending.ts'
import { peer } from '../peers/peers.ts'
import { everyField } from '../support/otlp/every_field.ts'
import { firstDifference, itemsOf, Schema } from '../support/otlp/schema.ts'
import { freePort } from '../support/ports.ts'
import { answers, type ServerProcess, startProcess } from '../support/servers/process.ts'
import { describeWith } from '../support/servers/requires.ts'

const ITEMS = 1000
const COMPRESSIONS = {
  grpc: ['none', 'gzip', 'zstd', 'snappy'],
  http: ['none', 'gzip', 'zstd', 'deflate', 'zlib', 'snappy', 'x-snappy-framed'],
}
const CASES = [
  ...COMPRESSIONS.grpc.map(compression => ({ way: 'gRPC', compression, encoding: 'proto' })),
  ...COMPRESSIONS.http.map(compression => ({ way: 'HTTP', compression, encoding: 'proto' })),
  { way: 'HTTP', compression: 'gzip', encoding: 'json' },
]

/** A Collector that writes what it gets to a file for each signal. */
async function collector(folder: string) {
  const { path } = await peer('otelcol')
  const [grpc, http, health] = [await freePort(), await freePort(), await freePort()]
  const exporters = SIGNALS.map(
    signal => `  file/${signal}: {path: ${folder}/${signal}.pb, format: proto, flush_interval: 50ms}`,
  )
  const pipelines = SIGNALS.map(signal => `    ${signal}: {receivers: [otlp], exporters: [file/${signal}]}`)
  const config = `
extensions:
  health_check: {endpoint: 127.0.0.1:${health}}
receivers:
  otlp:
    protocols:
      grpc: {endpoint: 127.0.0.1:${grpc}}
      http:
        endpoint: 127.0.0.1:${http}
        compression_algorithms: ["", gzip, zstd, zlib, deflate, snappy, x-snappy-framed]
exporters:
${exporters.join('\n')}
service:
  extensions: [health_check]
  telemetry: {metrics: {level: none}}
  pipelines:
${pipelines.join('\n')}
`
  writeFileSync(join(folder, 'config.yaml'), config)
  const args = ['--config', join(folder, 'config.yaml')]
  const ready = () => answers(`http://127.0.0.1:${health}`)
  return { grpc, http, process: await startProcess({ path, args, ready }) }
}

/** Requests behind their lengths. */
function requestsIn(file: string): Buffer[] {
  const bytes = readFileSync(file)
  const requests: Buffer[] = []
  for (let from = 0; from < bytes.length; from += 4 + bytes.readUInt32BE(from))
    requests.push(bytes.subarray(from + 4, from + 4 + bytes.readUInt32BE(from)))
  return requests
}

describeWith(['OpenTelemetry for Python', 'OpenTelemetry Collector'], 'the real Collector', () => {
  let schema: Schema
  let batches: Record<Signal, AnyBatch[]>
  let folder: string
  let running: ServerProcess | undefined

  beforeAll(async () => {
    schema = await Schema.load()
  })
  afterEach(async () => {
    await endSenders()
    await running?.stop()
    running = undefined
  })
  afterAll(() => folder && rmSync(folder, { recursive: true, force: true }))

  /** Every field of every signal, as our receiver hands it on. */
  async function everything(): Promise<Record<Signal, AnyBatch[]>> {
    const { target, taken } = await startOtlp()
    const { call } = grpcClient(target)
    for (const signal of SIGNALS)
      for (const request of everyField(schema, signal, ITEMS))
        await call(schema.encode(signal, request), { path: METHODS[signal] })
    return Object.fromEntries(SIGNALS.map(signal => [signal, taken.filter(batch => batch.signal === signal)])) as never
  }

  const decoded = (signal: Signal, requests: readonly Uint8Array[]): string[] =>
    itemsOf(
      signal,
      requests.map(request => schema.decode(signal, request)),
    )

  test.each(CASES)(
    'takes what is sent by $way, $compression, $encoding, field by field',
    async ({ way, compression, encoding }) => {
      batches ??= await everything()
      folder = mkdtempSync(join(tmpdir(), 'millrace-otelcol-'))
      const { grpc, http, process } = await collector(folder)
      running = process
      const tls = { insecure: true }
      const { send } =
        way === 'gRPC'
          ? await sender(otlpGrpc, { endpoint: `127.0.0.1:${grpc}`, compression, tls })
          : await sender(otlpHttp, { endpoint: `http://127.0.0.1:${http}`, compression, encoding })
      for (const signal of SIGNALS) for (const batch of batches[signal]) expect(await send(batch)).toBeUndefined()
      await process.stop()
      for (const signal of SIGNALS) {
        const sent = decoded(signal, batches[signal].map(requestBytes))
        expect(sent).toHaveLength(ITEMS)
        expect(firstDifference(decoded(signal, requestsIn(join(folder, `${signal}.pb`))), sent)).toBeUndefined()
      }
      rmSync(folder, { recursive: true })
    },
  )

  test('says what is wrong with a request, over both', async () => {
    folder = mkdtempSync(join(tmpdir(), 'millrace-otelcol-'))
    const { grpc, http, process } = await collector(folder)
    running = process
    const broken = { signal: 'traces', slices: [Uint8Array.of(10, 200)], encode: () => Uint8Array.of(10, 200) } as never
    const byGrpc = await sender(otlpGrpc, { endpoint: `127.0.0.1:${grpc}`, tls: { insecure: true } })
    const byHttp = await sender(otlpHttp, { endpoint: `http://127.0.0.1:${http}` })
    expect(await failure(byHttp.send(broken))).toMatchObject({
      name: 'PermanentError',
      message: expect.stringMatching(/400: ./),
    })
    expect(await failure(byGrpc.send(broken))).toMatchObject({
      name: 'PermanentError',
      message: expect.stringMatching(/INTERNAL: ./),
    })
  })
})
