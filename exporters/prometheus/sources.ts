import type { Collection } from '../../src/telemetry/origin.ts'

/** Who collects: a receiver, or a receiver and target. Collections are numbered by epochs of our own, since theirs begin anew with the source. */
export interface Source {
  readonly name: string
  /** Of the newest collection that came in. */
  epoch: number
  sequence: number
  /** Of the one before. */
  sequenceBefore: number
  /** Entries of an epoch below this are over. */
  floor: number
}

export class Sources {
  readonly #byName = new Map<string, Source>()

  /** The source, told of this collection. Partial collections replace nothing: they are no epoch. */
  of({ source: name, sequence, partial }: Collection): Source {
    let source = this.#byName.get(name)
    if (!source) {
      source = { name, epoch: 1, sequence: partial ? -1 : sequence, sequenceBefore: -1, floor: 0 }
      this.#byName.set(name, source)
    } else if (!partial && sequence !== source.sequence) {
      source.sequenceBefore = source.sequence
      source.sequence = sequence
      source.epoch++
    }
    return source
  }

  /** `collected`: the complete collection of a source; of sources that are not in it the newest counts as complete. */
  raiseFloors(collected: ReadonlyMap<string, number>): void {
    for (const source of this.#byName.values()) {
      const isBefore = collected.get(source.name) === source.sequenceBefore
      source.floor = isBefore ? source.epoch - 1 : source.epoch
    }
  }

  raiseFloorsToBefore(): void {
    for (const source of this.#byName.values()) source.floor = source.epoch - 1
  }

  /** Forgets the others. */
  keep(used: ReadonlySet<Source>): void {
    for (const source of this.#byName.values()) if (!used.has(source)) this.#byName.delete(source.name)
  }
}
