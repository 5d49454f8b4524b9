import { promisify } from 'node:util'
import { constants, gzip } from 'node:zlib'
import type { Clock } from '../../src/component/clock.ts'
import type { ExpositionFormat, Negotiated } from '../../src/prometheus/exposition.ts'
import type { Exposer } from './exposer.ts'
import { createRenderer, type Renderer, type RenderOptions } from './renderers.ts'
import type { FreshMark } from './store.ts'
import type { View } from './view.ts'

/** Rendering gives way to everything else after so long. */
const SLICE_MS = 4
const SLICE_SERIES = 1024

const compress = promisify(gzip)

/** A rendered exposition; never changed, shared by everyone who is served it. */
export class Page {
  readonly body: Buffer
  /** What this page shows as 0, to be marked as seen once somebody has it. */
  readonly fresh: readonly FreshMark[]
  #gzipped?: Promise<Buffer>

  constructor(body: Buffer, fresh: readonly FreshMark[]) {
    this.body = body
    this.fresh = fresh
  }

  gzipped(): Promise<Buffer> {
    this.#gzipped ??= compress(this.body, { level: constants.Z_BEST_SPEED, chunkSize: 1 << 16 })
    return this.#gzipped
  }

  delivered(): void {
    for (const mark of this.fresh) mark.seen = true
  }
}

/** Renders what the exposer shows. As long as nothing changes, all scrapers of a format share one rendering. */
export class Pages {
  readonly #exposer: Exposer
  readonly #clock: Clock
  readonly #options: RenderOptions
  readonly #shared = new Map<string, { version: number; page: Promise<Page> }>()
  readonly #sizes = new Map<ExpositionFormat, number>()
  /** Renderers that no rendering uses now. */
  readonly #idle = new Map<ExpositionFormat, Renderer>()

  constructor(exposer: Exposer, clock: Clock, options: RenderOptions) {
    this.#exposer = exposer
    this.#clock = clock
    this.#options = options
  }

  /** Everything. */
  whole({ format, escaping }: Negotiated): Promise<Page> {
    const view = this.#exposer.view(escaping)
    const key = `${format} ${view.escaping}`
    const { version } = this.#exposer.store
    const known = this.#shared.get(key)
    if (known?.version === version) return known.page
    const page = this.#render(format, view)
    this.#shared.set(key, { version, page })
    page.catch(() => this.#shared.delete(key))
    return page
  }

  /** Only these entries. */
  part({ format, escaping }: Negotiated, entries: ReadonlySet<number>): Promise<Page> {
    return this.#render(format, this.#exposer.view(escaping), entries)
  }

  async #render(format: ExpositionFormat, view: View, only?: ReadonlySet<number>): Promise<Page> {
    const { store } = this.#exposer
    const renderer = this.#idle.get(format) ?? createRenderer(format, store, this.#options)
    this.#idle.delete(format)
    const fresh: FreshMark[] = []
    store.beginReading()
    try {
      renderer.begin(view, Math.ceil((this.#sizes.get(format) ?? 1 << 14) * 1.1))
      await this.#families(renderer, view, fresh, only)
      const body = renderer.end()
      if (!only) this.#sizes.set(format, body.length)
      this.#idle.set(format, renderer)
      return new Page(body, fresh)
    } finally {
      store.endReading()
    }
  }

  async #families(renderer: Renderer, view: View, fresh: FreshMark[], only?: ReadonlySet<number>): Promise<void> {
    let sliceMs = this.#clock.monotonicMs()
    for (const family of view.families()) {
      const members = only ? family.members.filter(entry => only.has(entry)) : family.members
      if (members.length === 0) continue
      renderer.family(family)
      for (let from = 0; from < members.length; from += SLICE_SERIES) {
        renderer.members(family, members, from, Math.min(from + SLICE_SERIES, members.length), fresh)
        if (this.#clock.monotonicMs() - sliceMs < SLICE_MS) continue
        await new Promise(resolve => setImmediate(resolve))
        sliceMs = this.#clock.monotonicMs()
      }
      renderer.endFamily()
    }
  }
}
