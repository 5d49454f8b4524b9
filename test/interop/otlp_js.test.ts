import { beforeAll, expect, test } from 'vitest'
import { SIGNALS } from '../../src/component/types.ts'
import { sendByJsSdk } from '../support/otlp/js_sdk.ts'
import { firstDifference, Schema } from '../support/otlp/schema.ts'
import { FORM, TRANSPORTS, throughReceiver } from '../support/otlp/through_receiver.ts'
import { describeWith } from '../support/servers/requires.ts'

const ITEMS = 1000
const cells = SIGNALS.flatMap(signal => TRANSPORTS.map(transport => ({ signal, transport })))

describeWith(['OpenTelemetry for Python'], 'the OpenTelemetry SDK for JavaScript', () => {
  let schema: Schema
  beforeAll(async () => {
    schema = await Schema.load()
  })

  test.each(cells)(
    'sends 1,000 items of $signal by $transport, and each field arrives',
    async ({ signal, transport }) => {
      const send = (port: number) => sendByJsSdk(signal, transport, port, ITEMS, false)
      const { sent, received, forms, refusals } = await throughReceiver(schema, signal, transport, send)
      expect([sent.length, forms, refusals]).toEqual([ITEMS, [FORM[transport]], {}])
      expect(firstDifference(received, sent)).toBeUndefined()
    },
  )

  test.each(cells)('sends them compressed: $signal by $transport', async ({ signal, transport }) => {
    const send = (port: number) => sendByJsSdk(signal, transport, port, ITEMS, true)
    const { sent, received, forms } = await throughReceiver(schema, signal, transport, send)
    expect([sent.length, forms]).toEqual([ITEMS, [`${FORM[transport]} gzip`]])
    expect(firstDifference(received, sent)).toBeUndefined()
  })
})
