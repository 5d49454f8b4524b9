import { type AttributeBytes, decodeAttributes, NO_ATTRIBUTES } from '../telemetry/attributes.ts'
import type { Hash128 } from '../telemetry/hash.ts'
import type { Descriptor, MetricKind, PrometheusType, Temporality } from '../telemetry/metrics/descriptor.ts'
import { NO_RESOURCE, NO_SCOPE, type Resource, type Scope } from '../telemetry/resource.ts'
import { checkResource, checkScope } from './any_value.ts'
import { AttributeCollector } from './metrics_points.ts'
import { fieldBits, type Reader } from './reader.ts'

/** Entries of one kind, and bytes of one: 16 MiB at most. When there are more, the memory begins anew. */
const MAX_ENTRIES = 4096
const MAX_BYTES = 4096

const GROUP_FIELDS = fieldBits(1, 2, 3)
const DATA_FIELDS = fieldBits(1, 2, 3)
const METRIC_FIELDS = fieldBits(1, 2, 3, 5, 7, 9, 10, 11, 12)
const KINDS: Readonly<Record<number, MetricKind>> = {
  5: 'gauge',
  7: 'sum',
  9: 'histogram',
  10: 'exponential_histogram',
  11: 'summary',
}
const TEMPORALITY: readonly Temporality[] = ['unspecified', 'delta', 'cumulative']
const PROMETHEUS_TYPES: readonly string[] = ['unknown', 'info', 'stateset', 'gaugehistogram'] satisfies PrometheusType[]

/** Node's native decoder, which takes any Uint8Array: one character a byte. */
const { latin1Slice } = Buffer.prototype as unknown as {
  latin1Slice(this: Uint8Array, start: number, end: number): string
}

/**
 * Resources, scopes and descriptors by the bytes they came as: what a sender repeats in each request is decoded and hashed
 * once. Each method reads the fields around the children of the message that the reader stands in, and goes back to its
 * beginning (`descriptor` does not).
 */
export class MetricCache {
  readonly #attributes: AttributeCollector
  readonly #resources = new Map<string, Resource>()
  readonly #scopes = new Map<string, Scope>()
  readonly #descriptors = new Map<string, Descriptor>()

  constructor(seed: Hash128) {
    this.#attributes = new AttributeCollector(seed)
  }

  /** Of a ResourceMetrics: `Resource resource = 1; string schema_url = 3;`. */
  resource(r: Reader, end: number): Resource {
    const key = this.#headText(r, end, checkResource)
    return remembered(this.#resources, key, () => this.#readResource(r, end))
  }

  /** Of a ScopeMetrics: `InstrumentationScope scope = 1; string schema_url = 3;`. */
  scope(r: Reader, end: number): Scope {
    const key = this.#headText(r, end, checkScope)
    return remembered(this.#scopes, key, () => this.#readScope(r, end))
  }

  /** Checks the fields of a group that are not its children, and returns them as a text of one character a byte. */
  #headText(r: Reader, end: number, owner: (r: Reader, end: number) => void): string {
    const start = r.at
    let text = ''
    while (r.at < end) {
      const from = r.at
      const tag = r.tag(end)
      if (tag === 18) r.at = r.stop(end)
      else {
        if (tag === 10) owner(r, r.stop(end))
        else if (tag === 26) r.skipText(end)
        else r.skipUnknown(tag, GROUP_FIELDS, end)
        text += latin1Slice.call(r.b, from, r.at)
      }
    }
    r.at = start
    return text
  }

  /** What a resource and a scope have alike, from the fields of their group: `visit` gets those of the message itself. */
  #readOwner(r: Reader, end: number, attributes: number, visit: (tag: number, end: number) => void) {
    const start = r.at
    let schemaUrl = ''
    this.#attributes.begin()
    while (r.at < end) {
      const tag = r.tag(end)
      if (tag === 26) schemaUrl = r.text(end)
      else if (tag !== 10) r.skip(tag, end)
      else
        for (const stop = r.stop(end); r.at < stop; ) {
          const field = r.tag(stop)
          if (field === attributes) this.#attributes.take(r, stop)
          else visit(field, stop)
        }
    }
    r.at = start
    return { schemaUrl, attributes: this.#attributes.copy(r.b) }
  }

  #readResource(r: Reader, end: number): Resource {
    let droppedAttributesCount = 0
    const rest = this.#readOwner(r, end, 10, (tag, stop) => {
      if (tag === 16) droppedAttributesCount = r.uint32(stop)
      else r.skip(tag, stop)
    })
    const resource = { ...rest, droppedAttributesCount }
    return isNothing(resource) ? NO_RESOURCE : resource
  }

  #readScope(r: Reader, end: number): Scope {
    let [name, version] = ['', '']
    let droppedAttributesCount = 0
    const rest = this.#readOwner(r, end, 26, (tag, stop) => {
      if (tag === 10) name = r.text(stop)
      else if (tag === 18) version = r.text(stop)
      else if (tag === 32) droppedAttributesCount = r.uint32(stop)
      else r.skip(tag, stop)
    })
    const scope = { name, version, ...rest, droppedAttributesCount }
    return isNothing(scope) && name === '' && version === '' ? NO_SCOPE : scope
  }

  /** Of a Metric; undefined when it has no data. Checks all that is not a point, and leaves the reader at the end. */
  descriptor(r: Reader, end: number): Descriptor | undefined {
    const start = r.at
    let key = ''
    let from = start
    let kind: MetricKind | undefined
    let data = ''
    while (r.at < end) {
      const at = r.at
      const tag = r.tag(end)
      const found = (tag & 7) === 2 ? KINDS[tag >>> 3] : undefined
      if (found) {
        key += latin1Slice.call(r.b, from, at)
        // The last of several counts, as of every oneof.
        if (kind !== found) data = ''
        kind = found
        data += dataText(r, r.stop(end))
        from = r.at
      } else if (tag === 98) this.#skipMetadata(r, end)
      else if (tag === 10 || tag === 18 || tag === 26) r.skipText(end)
      else r.skipUnknown(tag, METRIC_FIELDS, end)
    }
    if (!kind) return undefined
    key += `${latin1Slice.call(r.b, from, end)}|${kind}|${data}`
    return remembered(this.#descriptors, key, () => {
      r.at = start
      return this.#readDescriptor(r, end, kind, data)
    })
  }

  #skipMetadata(r: Reader, end: number): void {
    this.#attributes.begin()
    this.#attributes.take(r, end)
  }

  #readDescriptor(r: Reader, end: number, kind: MetricKind, data: string): Descriptor {
    let [name, description, unit] = ['', '', '']
    this.#attributes.begin()
    while (r.at < end) {
      const tag = r.tag(end)
      if (tag === 10) name = r.text(end)
      else if (tag === 18) description = r.text(end)
      else if (tag === 26) unit = r.text(end)
      else if (tag === 98) this.#attributes.take(r, end)
      else r.skip(tag, end)
    }
    const metadata = this.#attributes.copy(r.b)
    const temporality = TEMPORALITY[Number(/t(\d)/.exec(data.slice(data.lastIndexOf('t')))?.[1] ?? 0)]
    const monotonic = data.slice(data.lastIndexOf('m')).startsWith('m1')
    const prometheusType = prometheusTypeOf(metadata)
    return { name, description, unit, kind, temporality, monotonic, finalName: false, metadata, prometheusType }
  }
}

/** Checks what a Sum, Histogram or ExponentialHistogram has beside its points, and returns it: `t1` for delta, `m1` for monotonic. */
function dataText(r: Reader, end: number): string {
  let text = ''
  while (r.at < end) {
    const tag = r.tag(end)
    if (tag === 16) text += `t${Math.min(r.uint32(end), 3)}`
    else if (tag === 24) {
      r.varint(end)
      text += r.lo !== 0 || r.hi !== 0 ? 'm1' : 'm0'
    } else if (tag === 10) r.at = r.stop(end)
    else r.skipUnknown(tag, DATA_FIELDS, end)
  }
  return text
}

/** What the Collector's Prometheus receiver notes of a type that OTLP has not. */
function prometheusTypeOf(metadata: AttributeBytes): PrometheusType | undefined {
  let type: PrometheusType | undefined
  decodeAttributes(metadata, (key, value) => {
    if (key === 'prometheus.type' && PROMETHEUS_TYPES.includes(String(value))) type = value as PrometheusType
  })
  return type
}

const isNothing = (owner: Resource): boolean =>
  owner.attributes === NO_ATTRIBUTES && owner.schemaUrl === '' && owner.droppedAttributesCount === 0

function remembered<T>(known: Map<string, T>, key: string, read: () => T): T {
  const before = known.get(key)
  if (before) return before
  const made = read()
  if (key.length > MAX_BYTES) return made
  if (known.size >= MAX_ENTRIES) known.clear()
  known.set(key, made)
  return made
}
