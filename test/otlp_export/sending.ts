import type { ExporterDefinition } from '../../src/component/define.ts'
import type { AnyBatch, Delivered, Exporter, Extension, Settings } from '../../src/component/types.ts'
import { readLogs, readTraces } from '../../src/otlp/validate.ts'
import type { LogBatch, TraceBatch } from '../../src/telemetry/wire_batch.ts'
import { encoded, requestType } from '../otlp_wire/schema.ts'
import { fakeSettings, RecordedLog } from '../support/settings.ts'

const attribute = (key: string, value: string) => ({ key, value: { stringValue: value } })
const resource = { attributes: [attribute('service.name', 'shop')] }

/** `count` spans called `span 0` and so on. */
export function traces(count = 3, from = 0): TraceBatch {
  const spans = Array.from({ length: count }, (_, i) => ({
    traceId: Buffer.alloc(16, 7),
    spanId: Buffer.alloc(8, i + 1),
    name: `span ${from + i}`,
    startTimeUnixNano: 1_750_000_000_000_000_000n.toString(),
    attributes: [attribute('n', String(from + i))],
  }))
  const request = { resourceSpans: [{ resource, scopeSpans: [{ scope: { name: 'test' }, spans }] }] }
  return readTraces(encoded(requestType('traces'), request), { receiver: 'test' })
}

export function logs(count = 2): LogBatch {
  const logRecords = Array.from({ length: count }, (_, i) => ({
    body: { stringValue: `line ${i}` },
    severityNumber: 9,
  }))
  const request = { resourceLogs: [{ resource, scopeLogs: [{ scope: { name: 'test' }, logRecords }] }] }
  return readLogs(encoded(requestType('logs'), request), { receiver: 'test' })
}

export interface Sender {
  exporter: Exporter
  log: RecordedLog
  settings: Settings
  /** One attempt, as the chain makes it. */
  send(batch: AnyBatch, signal?: AbortSignal): Promise<Delivered>
}

const open: Exporter[] = []

/** Shuts down every exporter of the test; for afterEach. */
export async function endSenders(): Promise<void> {
  await Promise.all(open.splice(0).map(exporter => exporter.shutdown?.(AbortSignal.timeout(1000))))
}

/** An exporter with these settings, started. */
export async function sender(
  definition: ExporterDefinition,
  given: object,
  over: Partial<Settings> & { extensions?: Record<string, Extension> } = {},
): Promise<Sender> {
  const log = new RecordedLog()
  const settings = fakeSettings({
    id: definition.type,
    kind: 'exporter',
    log,
    extension: id => over.extensions?.[id] ?? {},
    ...over,
  })
  const exporter = definition.create(definition.config.parse(given), settings)
  open.push(exporter)
  await exporter.start?.()
  const send = async (batch: AnyBatch, signal = new AbortController().signal): Promise<Delivered> => {
    const take = exporter[batch.signal] as (batch: AnyBatch, signal: AbortSignal) => Promise<Delivered>
    return take.call(exporter, batch, signal)
  }
  return { exporter, log, settings, send }
}

/** What a failed attempt says, in the terms of the chain. */
export async function failure(work: Promise<unknown>): Promise<Record<string, unknown>> {
  const error = await work.then(
    () => {
      throw new Error('it was delivered')
    },
    (error: unknown) => error as Error,
  )
  const { name, message, ...rest } = error as Error & Record<string, unknown>
  return {
    name,
    message,
    ...Object.fromEntries(Object.entries(rest).filter(([key]) => /^(configKey|retryAfterMs|reason)$/.test(key))),
  }
}
