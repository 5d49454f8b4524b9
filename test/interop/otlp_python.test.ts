import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { SIGNALS } from '../../src/component/types.ts'
import { opentelemetryPython } from '../support/otlp/python.ts'
import { firstDifference, Schema } from '../support/otlp/schema.ts'
import { FORM, throughReceiver } from '../support/otlp/through_receiver.ts'
import { describeWith } from '../support/servers/requires.ts'

const ITEMS = 1000
const script = join(import.meta.dirname, '../support/otlp/send.py')
// The SDK for Python has no exporter of OTLP/JSON.
const cells = SIGNALS.flatMap(signal =>
  (['grpc', 'http/protobuf'] as const).flatMap(transport => [
    { signal, transport, compression: 'none' },
    { signal, transport, compression: 'gzip' },
  ]),
)

describeWith(['OpenTelemetry for Python'], 'the OpenTelemetry SDK for Python', () => {
  let schema: Schema
  beforeAll(async () => {
    schema = await Schema.load()
  })

  test.each(cells)(
    'sends 1,000 items of $signal by $transport with compression $compression, and each field arrives',
    async ({ signal, transport, compression }) => {
      const send = (port: number) =>
        opentelemetryPython.run(script, [signal, transport, String(port), String(ITEMS), compression])
      const { sent, received, forms, refusals } = await throughReceiver(schema, signal, transport, send)
      const form = compression === 'gzip' ? `${FORM[transport]} gzip` : FORM[transport]
      expect([sent.length, forms, refusals]).toEqual([ITEMS, [form], {}])
      expect(firstDifference(received, sent)).toBeUndefined()
    },
  )
})
