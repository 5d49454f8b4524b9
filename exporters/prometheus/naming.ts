import { type FamilyMetadata, type Label, type MetricType, metricType } from '../../src/prometheus/exposition.ts'
import { joinLabels } from '../../src/prometheus/labels.ts'
import {
  type TranslationStrategy,
  translateLabel,
  translateName,
  translateUnit,
} from '../../src/prometheus/translate.ts'
import { attributeText, decodeAttributes } from '../../src/telemetry/attributes.ts'
import type { Descriptor } from '../../src/telemetry/metrics/descriptor.ts'
import type { SeriesKey } from '../../src/telemetry/metrics/series_key.ts'
import type { Resource, Scope } from '../../src/telemetry/resource.ts'
import type { NameFilter } from './patterns.ts'

export interface NamingOptions {
  readonly strategy: TranslationStrategy
  readonly namespace: string
  readonly constLabels: Readonly<Record<string, string>>
  /** Resource attributes that become labels of every series; undefined: none. */
  readonly resourceLabels: NameFilter | undefined
  readonly scopeLabels: boolean
  /** `job`, `instance` and `target_info`. */
  readonly identity: boolean
}

type Triple = readonly [original: string, name: string, value: string]

const IDENTIFYING = new Set(['service.namespace', 'service.name', 'service.instance.id'])

/**
 * Names and labels of series as this exporter shows them. Where several sources give one label, later ones of this list win:
 * const_labels, resource attributes, attributes of the point, scope, job and instance.
 */
export class Naming {
  readonly #options: NamingOptions
  readonly #constLabels: readonly Label[]
  readonly #families = new WeakMap<Descriptor, FamilyMetadata | { name: undefined }>()
  readonly #resources = new WeakMap<Resource, ResourceLabels>()
  readonly #scopes = new WeakMap<Scope, readonly Label[]>()

  constructor(options: NamingOptions) {
    this.#options = options
    this.#constLabels = joinLabels(
      Object.entries(options.constLabels).map(([name, value]) => [name, this.#labelName(name) ?? '', value] as const),
    )
  }

  /** Undefined when nothing is left of the name. */
  family(descriptor: Descriptor): FamilyMetadata | undefined {
    let family = this.#families.get(descriptor)
    if (!family) {
      family = this.#family(descriptor) ?? { name: undefined }
      this.#families.set(descriptor, family)
    }
    return family.name === undefined ? undefined : family
  }

  #family(descriptor: Descriptor): FamilyMetadata | undefined {
    const { strategy, namespace } = this.#options
    const { finalName, description } = descriptor
    const own = namespace === '' ? descriptor.name : `${namespace}_${descriptor.name}`
    const name = finalName ? own : translateName(descriptor, namespace, strategy)
    if (!name) return undefined
    const unit = finalName ? descriptor.unit : translateUnit(descriptor.unit, strategy)
    return { name, type: metricType(descriptor), help: description, unit }
  }

  /** Sorted by name, none empty. */
  labels(key: SeriesKey): readonly Label[] {
    const final = key.descriptor.finalName
    const reserved = RESERVED[metricType(key.descriptor)]
    const triples: Triple[] = []
    decodeAttributes(key.attributes, (attribute, value) => {
      const name = final ? attribute : this.#labelName(attribute)
      // What Prometheus itself does with a label that it needs.
      if (name && name !== '__name__')
        triples.push([attribute, name === reserved ? `exported_${name}` : name, attributeText(value)])
    })
    const own = joinLabels(triples)
    const resource = this.#resource(key.resource)
    const scope = this.#options.scopeLabels ? this.#scope(key.scope) : NO_LABELS
    return layered([this.#constLabels, resource.copied, own, scope, resource.identity])
  }

  /** Labels of `target_info`, and which of them identify the target; undefined when there is nothing to tell. */
  target(resource: Resource): { labels: readonly Label[]; identity: readonly Label[] } | undefined {
    if (!this.#options.identity) return undefined
    const { identity, rest } = this.#resource(resource)
    return rest.length === 0 ? undefined : { labels: layered([this.#constLabels, rest, identity]), identity }
  }

  #labelName(attribute: string): string | undefined {
    return translateLabel(attribute, this.#options.strategy)
  }

  #resource(resource: Resource): ResourceLabels {
    const known = this.#resources.get(resource)
    if (known) return known
    const labels = this.#resourceLabels(resource)
    this.#resources.set(resource, labels)
    return labels
  }

  #resourceLabels(resource: Resource): ResourceLabels {
    const { identity, resourceLabels } = this.#options
    const ids = new Map<string, string>()
    const copied: Triple[] = []
    const rest: Triple[] = []
    decodeAttributes(resource.attributes, (attribute, value) => {
      const text = attributeText(value)
      const name = this.#labelName(attribute)
      if (IDENTIFYING.has(attribute)) ids.set(attribute, text)
      else if (name) rest.push([attribute, name, text])
      if (name && resourceLabels?.takes(attribute)) copied.push([attribute, name, text])
    })
    const space = ids.get('service.namespace')
    const service = ids.get('service.name') ?? ''
    const pair: Triple[] = [
      ['job', 'job', space && service ? `${space}/${service}` : service],
      ['instance', 'instance', ids.get('service.instance.id') ?? ''],
    ]
    return { identity: identity ? joinLabels(pair) : NO_LABELS, copied: joinLabels(copied), rest: joinLabels(rest) }
  }

  #scope(scope: Scope): readonly Label[] {
    const known = this.#scopes.get(scope)
    if (known) return known
    const triples: Triple[] = [
      ['name', 'otel_scope_name', scope.name],
      ['version', 'otel_scope_version', scope.version],
      ['schema_url', 'otel_scope_schema_url', scope.schemaUrl],
    ]
    decodeAttributes(scope.attributes, (attribute, value) => {
      const name = this.#labelName(`otel_scope_${attribute}`)
      // The specification drops attributes that would stand for name, version or schema URL.
      if (name && !['name', 'version', 'schema_url'].includes(attribute))
        triples.push([attribute, name, attributeText(value)])
    })
    const labels = joinLabels(triples)
    this.#scopes.set(scope, labels)
    return labels
  }
}

interface ResourceLabels {
  /** job and instance. */
  readonly identity: readonly Label[]
  /** Copied to every series. */
  readonly copied: readonly Label[]
  /** All attributes but the identifying ones. */
  readonly rest: readonly Label[]
}

const NO_LABELS: readonly Label[] = []

/** Labels that an exposition needs for itself, by type. */
const RESERVED: Partial<Record<MetricType, string>> = { histogram: 'le', gaugehistogram: 'le', summary: 'quantile' }

/** Later layers replace labels of earlier ones. */
function layered(layers: readonly (readonly Label[])[]): readonly Label[] {
  const used = layers.filter(layer => layer.length > 0)
  if (used.length < 2) return used[0] ?? NO_LABELS
  const merged = new Map<string, string>()
  for (const layer of used) for (const [name, value] of layer) merged.set(name, value)
  return joinLabels([...merged].map(([name, value]) => [name, name, value] as const))
}
