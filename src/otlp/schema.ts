/** How a field's value is written, in protobuf and in JSON. `id`: bytes that JSON has in hexadecimal. */
export type Scalar =
  | 'string'
  | 'bytes'
  | 'id'
  | 'bool'
  | 'int64'
  | 'uint64'
  | 'fixed64'
  | 'sfixed64'
  | 'double'
  | 'fixed32'
  | 'uint32'
  | 'int32'
  | 'sint32'
  | 'enum'

export interface Field {
  readonly number: number
  /** lowerCamelCase: the JSON key. */
  readonly name: string
  readonly repeated: boolean
  /** Exactly one of the two. */
  readonly scalar?: Scalar
  readonly message?: Message
  /** Names that JSON may have for the numbers of an enum. */
  readonly values?: Readonly<Record<string, number>>
  /** Tag as it is written; packed for repeated numbers. */
  readonly tag: number
  /** `"name":`, as JSON has it. */
  readonly jsonKey: Uint8Array
}

export interface Message {
  readonly name: string
  /** In the order of their numbers. */
  readonly fields: readonly Field[]
  /** By field number. */
  readonly byNumber: readonly (Field | undefined)[]
  readonly byName: ReadonlyMap<string, Field>
  /** By `keyMark` of the name, which tells the names of one message apart. */
  readonly byMark: ReadonlyMap<number, Field>
  /** Its fields exclude each other. */
  readonly oneOf: boolean
}

// One line a message: `name=number type`, `*` behind a repeated type. opentelemetry/proto/{common,resource,trace,logs,metrics}/v1
const TABLES: Readonly<Record<string, string>> = {
  TracesRequest: 'resourceSpans=1 ResourceSpans*',
  ResourceSpans: 'resource=1 Resource, scopeSpans=2 ScopeSpans*, schemaUrl=3 string',
  ScopeSpans: 'scope=1 InstrumentationScope, spans=2 Span*, schemaUrl=3 string',
  Span: `traceId=1 id, spanId=2 id, traceState=3 string, parentSpanId=4 id, name=5 string, kind=6 SpanKind,
    startTimeUnixNano=7 fixed64, endTimeUnixNano=8 fixed64, attributes=9 KeyValue*, droppedAttributesCount=10 uint32,
    events=11 Event*, droppedEventsCount=12 uint32, links=13 Link*, droppedLinksCount=14 uint32, status=15 Status,
    flags=16 fixed32`,
  Event: 'timeUnixNano=1 fixed64, name=2 string, attributes=3 KeyValue*, droppedAttributesCount=4 uint32',
  Link: `traceId=1 id, spanId=2 id, traceState=3 string, attributes=4 KeyValue*, droppedAttributesCount=5 uint32,
    flags=6 fixed32`,
  Status: 'message=2 string, code=3 StatusCode',
  LogsRequest: 'resourceLogs=1 ResourceLogs*',
  ResourceLogs: 'resource=1 Resource, scopeLogs=2 ScopeLogs*, schemaUrl=3 string',
  ScopeLogs: 'scope=1 InstrumentationScope, logRecords=2 LogRecord*, schemaUrl=3 string',
  LogRecord: `timeUnixNano=1 fixed64, severityNumber=2 SeverityNumber, severityText=3 string, body=5 AnyValue,
    attributes=6 KeyValue*, droppedAttributesCount=7 uint32, flags=8 fixed32, traceId=9 id, spanId=10 id,
    observedTimeUnixNano=11 fixed64, eventName=12 string`,
  MetricsRequest: 'resourceMetrics=1 ResourceMetrics*',
  ResourceMetrics: 'resource=1 Resource, scopeMetrics=2 ScopeMetrics*, schemaUrl=3 string',
  ScopeMetrics: 'scope=1 InstrumentationScope, metrics=2 Metric*, schemaUrl=3 string',
  Metric: `name=1 string, description=2 string, unit=3 string, gauge=5 Gauge, sum=7 Sum, histogram=9 Histogram,
    exponentialHistogram=10 ExponentialHistogram, summary=11 Summary, metadata=12 KeyValue*`,
  Gauge: 'dataPoints=1 NumberDataPoint*',
  Sum: 'dataPoints=1 NumberDataPoint*, aggregationTemporality=2 AggregationTemporality, isMonotonic=3 bool',
  Histogram: 'dataPoints=1 HistogramDataPoint*, aggregationTemporality=2 AggregationTemporality',
  ExponentialHistogram: 'dataPoints=1 ExponentialHistogramDataPoint*, aggregationTemporality=2 AggregationTemporality',
  Summary: 'dataPoints=1 SummaryDataPoint*',
  NumberDataPoint: `startTimeUnixNano=2 fixed64, timeUnixNano=3 fixed64, asDouble=4 double, exemplars=5 Exemplar*,
    asInt=6 sfixed64, attributes=7 KeyValue*, flags=8 uint32`,
  HistogramDataPoint: `startTimeUnixNano=2 fixed64, timeUnixNano=3 fixed64, count=4 fixed64, sum=5 double,
    bucketCounts=6 fixed64*, explicitBounds=7 double*, exemplars=8 Exemplar*, attributes=9 KeyValue*, flags=10 uint32,
    min=11 double, max=12 double`,
  ExponentialHistogramDataPoint: `attributes=1 KeyValue*, startTimeUnixNano=2 fixed64, timeUnixNano=3 fixed64,
    count=4 fixed64, sum=5 double, scale=6 sint32, zeroCount=7 fixed64, positive=8 Buckets, negative=9 Buckets,
    flags=10 uint32, exemplars=11 Exemplar*, min=12 double, max=13 double, zeroThreshold=14 double`,
  Buckets: 'offset=1 sint32, bucketCounts=2 uint64*',
  SummaryDataPoint: `startTimeUnixNano=2 fixed64, timeUnixNano=3 fixed64, count=4 fixed64, sum=5 double,
    quantileValues=6 ValueAtQuantile*, attributes=7 KeyValue*, flags=8 uint32`,
  ValueAtQuantile: 'quantile=1 double, value=2 double',
  Exemplar: `timeUnixNano=2 fixed64, asDouble=3 double, spanId=4 id, traceId=5 id, asInt=6 sfixed64,
    filteredAttributes=7 KeyValue*`,
  Resource: 'attributes=1 KeyValue*, droppedAttributesCount=2 uint32, entityRefs=3 EntityRef*',
  EntityRef: 'schemaUrl=1 string, type=2 string, idKeys=3 string*, descriptionKeys=4 string*',
  InstrumentationScope: 'name=1 string, version=2 string, attributes=3 KeyValue*, droppedAttributesCount=4 uint32',
  KeyValue: 'key=1 string, value=2 AnyValue',
  AnyValue: `stringValue=1 string, boolValue=2 bool, intValue=3 int64, doubleValue=4 double, arrayValue=5 ArrayValue,
    kvlistValue=6 KeyValueList, bytesValue=7 bytes`,
  ArrayValue: 'values=1 AnyValue*',
  KeyValueList: 'values=1 KeyValue*',
}

/** Length, first and last byte of a name in one number. */
export function keyMark(b: Uint8Array, start: number, end: number): number {
  return ((end - start) << 16) | (b[start] << 8) | b[end - 1]
}

const severities = (): Record<string, number> => {
  const values: Record<string, number> = { SEVERITY_NUMBER_UNSPECIFIED: 0 }
  for (const [i, level] of ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'].entries())
    for (let n = 1; n <= 4; n++) values[`SEVERITY_NUMBER_${level}${n === 1 ? '' : n}`] = i * 4 + n
  return values
}
const numbered = (prefix: string, ...names: string[]): Record<string, number> =>
  Object.fromEntries(names.map((name, i) => [`${prefix}_${name}`, i]))

export const ENUMS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  SpanKind: numbered('SPAN_KIND', 'UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'),
  StatusCode: numbered('STATUS_CODE', 'UNSET', 'OK', 'ERROR'),
  AggregationTemporality: numbered('AGGREGATION_TEMPORALITY', 'UNSPECIFIED', 'DELTA', 'CUMULATIVE'),
  SeverityNumber: severities(),
}

const WIRE_TYPE: Readonly<Record<Scalar, number>> = {
  string: 2,
  bytes: 2,
  id: 2,
  bool: 0,
  int64: 0,
  uint64: 0,
  fixed64: 1,
  sfixed64: 1,
  double: 1,
  fixed32: 5,
  uint32: 0,
  int32: 0,
  sint32: 0,
  enum: 0,
}
const isScalar = (type: string): type is Scalar => type in WIRE_TYPE

/** Every message of OTLP's traces, logs and metrics by its name; the requests are called TracesRequest and so on. */
export const MESSAGES: ReadonlyMap<string, Message> = build()

function build(): Map<string, Message> {
  const messages = new Map<
    string,
    { name: string; fields: Field[]; byNumber: Field[]; byName: Map<string, Field>; byMark: Map<number, Field> }
  >()
  for (const name of Object.keys(TABLES))
    messages.set(name, { name, fields: [], byNumber: [], byName: new Map(), byMark: new Map() })
  for (const [name, table] of Object.entries(TABLES)) {
    const message = messages.get(name)!
    for (const line of table.split(',')) {
      const [, key, number, type, star] = /^\s*(\w+)=(\d+) (\w+)(\*?)$/.exec(line)!
      const field = fieldOf(
        key,
        Number(number),
        type,
        star !== '',
        messages as Map<string, unknown> as Map<string, Message>,
      )
      message.fields.push(field)
      message.byNumber[field.number] = field
      message.byName.set(key, field)
      message.byMark.set(keyMark(field.jsonKey, 1, field.jsonKey.length - 2), field)
    }
  }
  return new Map([...messages].map(([name, message]) => [name, Object.assign(message, { oneOf: name === 'AnyValue' })]))
}

function fieldOf(
  name: string,
  number: number,
  type: string,
  repeated: boolean,
  messages: ReadonlyMap<string, Message>,
): Field {
  const values = ENUMS[type]
  const scalar: Scalar | undefined = values ? 'enum' : isScalar(type) ? type : undefined
  const lengthPrefixed = scalar === undefined || (repeated && scalar !== 'string')
  const wireType = lengthPrefixed ? 2 : WIRE_TYPE[scalar]
  const tag = (number << 3) | wireType
  const jsonKey = new TextEncoder().encode(`"${name}":`)
  return { number, name, repeated, scalar, values, message: scalar ? undefined : messages.get(type), tag, jsonKey }
}

export const messageOf = (name: string): Message => {
  const message = MESSAGES.get(name)
  if (!message) throw new RangeError(`no message ${name}`)
  return message
}

export const REQUEST = { traces: 'TracesRequest', logs: 'LogsRequest', metrics: 'MetricsRequest' } as const
