import type { FamilyMetadata, Label } from '../../src/prometheus/exposition.ts'
import { labelText } from '../../src/prometheus/labels.ts'
import type { Resource } from '../../src/telemetry/resource.ts'
import type { Naming } from './naming.ts'

export const TARGET_INFO: FamilyMetadata = { name: 'target_info', type: 'info', help: 'Target metadata', unit: '' }

interface Candidate {
  readonly labels: readonly Label[]
  series: number
}

/**
 * Which `target_info` series to show: one for each job and instance that shown series have, of the first resource that
 * claims them (OpenTelemetry specification, Prometheus compatibility, resource attributes).
 */
export class Targets {
  readonly #naming: Naming
  readonly #show: (labels: readonly Label[]) => number
  readonly #hide: (entry: number) => void
  readonly #conflict: (message: string) => void
  /** By the text of job and instance, then of all labels. */
  readonly #targets = new Map<string, { candidates: Map<string, Candidate>; shown: Candidate; entry: number }>()

  constructor(
    naming: Naming,
    show: (labels: readonly Label[]) => number,
    hide: (entry: number) => void,
    conflict: (message: string) => void,
  ) {
    this.#naming = naming
    this.#show = show
    this.#hide = hide
    this.#conflict = conflict
  }

  /** One more series of this resource is there. */
  retain(resource: Resource): void {
    const target = this.#naming.target(resource)
    if (!target) return
    const identity = labelText(target.identity)
    const text = labelText(target.labels)
    const known = this.#targets.get(identity)
    const candidate = known?.candidates.get(text)
    if (candidate) candidate.series++
    else if (known) {
      known.candidates.set(text, { labels: target.labels, series: 1 })
      this.#conflict(`target_info{${identity}} belongs to two resources: the first one is shown`)
    } else {
      const first: Candidate = { labels: target.labels, series: 1 }
      this.#targets.set(identity, {
        candidates: new Map([[text, first]]),
        shown: first,
        entry: this.#show(target.labels),
      })
    }
  }

  release(resource: Resource): void {
    const target = this.#naming.target(resource)
    if (!target) return
    const identity = labelText(target.identity)
    const text = labelText(target.labels)
    const known = this.#targets.get(identity)
    const candidate = known?.candidates.get(text)
    if (!known || !candidate || --candidate.series > 0) return
    known.candidates.delete(text)
    if (known.shown !== candidate) return
    this.#hide(known.entry)
    const [next] = known.candidates.values()
    if (next) {
      known.shown = next
      known.entry = this.#show(next.labels)
    } else this.#targets.delete(identity)
  }
}
