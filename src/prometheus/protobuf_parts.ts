import { encodeAttributes } from '../telemetry/attributes.ts'
import type { Exemplar } from '../telemetry/metrics/values.ts'
import type { Label } from './exposition.ts'
import type { ProtobufSource } from './protobuf_source.ts'

// message Exemplar { repeated LabelPair label = 1; double value = 2; Timestamp timestamp = 3; }
export function readExemplar(source: ProtobufSource): Exemplar {
  let value = 0
  let timeUnixNano = 0n
  const labels: Label[] = []
  source.message(tag => {
    if (tag === 0x0a) labels.push(readLabel(source))
    else if (tag === 0x11) value = source.double()
    else if (tag === 0x1a) timeUnixNano = readTimestamp(source)
    else source.skip(tag)
  })
  return { value, timeUnixNano, ...exemplarIds(labels) }
}

/** Labels of an exemplar as ids and attributes: what is no hexadecimal id of the right length stays an attribute. */
export function exemplarIds(labels: readonly Label[]): Pick<Exemplar, 'attributes' | 'traceId' | 'spanId'> {
  const id = (name: string, digits: number): Uint8Array => {
    const text = labels.find(([label]) => label === name)?.[1] ?? ''
    return text.length === digits && /^[0-9a-f]+$/i.test(text) ? new Uint8Array(Buffer.from(text, 'hex')) : NO_ID
  }
  const traceId = id('trace_id', 32)
  const spanId = id('span_id', 16)
  const rest = labels.filter(
    ([name]) => !(name === 'trace_id' && traceId.length > 0) && !(name === 'span_id' && spanId.length > 0),
  )
  return { attributes: encodeAttributes(rest), traceId, spanId }
}
const NO_ID = new Uint8Array(0)

// message Timestamp { int64 seconds = 1; int32 nanos = 2; }
export function readTimestamp(source: ProtobufSource): bigint {
  let seconds = 0n
  let nanos = 0n
  source.message(tag => {
    if (tag === 0x08) seconds = source.int64()
    else if (tag === 0x10) nanos = source.int64()
    else source.skip(tag)
  })
  return seconds * 1_000_000_000n + nanos
}

// message LabelPair { name = 1; value = 2; }
export function readLabel(source: ProtobufSource): Label {
  let name = ''
  let value = ''
  source.message(tag => {
    if (tag === 0x0a) name = source.string()
    else if (tag === 0x12) value = source.string()
    else source.skip(tag)
  })
  return [name, value]
}
