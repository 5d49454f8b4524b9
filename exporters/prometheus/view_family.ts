import type { FamilyMetadata } from '../../src/prometheus/exposition.ts'

/** A family as a view has it, and its entries in order. */
export interface ViewFamily extends FamilyMetadata {
  /** Sorted; entries that are gone or new since then are in the two below. */
  members: readonly number[]
  added: Set<number>
  readonly gone: Set<number>
  live: number
  /** Entries that are not shown because of this family. */
  readonly refused: Set<number>
  reported: boolean
  helpReported: boolean
}

const SUFFIXES: Partial<Record<FamilyMetadata['type'], readonly string[]>> = {
  histogram: ['_bucket', '_sum', '_count'],
  gaugehistogram: ['_bucket', '_sum', '_count', '_gsum', '_gcount'],
  summary: ['_sum', '_count'],
}

/** Names of the samples that a family of this name and type has besides its own. */
export function sampleNames({ name, type }: FamilyMetadata): string[] {
  return (SUFFIXES[type] ?? []).map(suffix => name + suffix)
}

export function createFamily(metadata: FamilyMetadata): ViewFamily {
  return {
    ...metadata,
    members: [],
    added: new Set(),
    gone: new Set(),
    live: 0,
    refused: new Set(),
    reported: false,
    helpReported: false,
  }
}

/** Brings new entries in among the members and takes those out that are gone. */
export function orderFamily(family: ViewFamily, order: (a: number, b: number) => number): void {
  const { gone, added } = family
  const kept = gone.size > 0 ? family.members.filter(entry => !gone.has(entry)) : family.members
  family.members = merged(kept, [...added].sort(order), order)
  added.clear()
  gone.clear()
}

/** Two ascending lists as one. */
function merged(
  a: readonly number[],
  b: readonly number[],
  order: (x: number, y: number) => number,
): readonly number[] {
  if (b.length === 0) return a
  if (a.length === 0) return b
  const out: number[] = []
  let i = 0
  for (const entry of b) {
    while (i < a.length && order(a[i], entry) <= 0) out.push(a[i++])
    out.push(entry)
  }
  while (i < a.length) out.push(a[i++])
  return out
}
