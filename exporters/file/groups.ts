import type { AnyBatch } from '../../src/component/types.ts'
import { requestSlices } from '../../src/otlp/export_request.ts'
import { decodeAttributes } from '../../src/telemetry/attributes.ts'
import type { MetricBatch } from '../../src/telemetry/metrics/batch.ts'
import type { Resource } from '../../src/telemetry/resource.ts'
import { Place } from '../../src/telemetry/wire_item.ts'
import { Walk } from '../../src/telemetry/wire_walk.ts'

/** What has one value of the attribute: slices that are an export request, and the spans, points or records in it. */
export interface Group {
  readonly slices: Uint8Array[]
  items: number
}

/** Cuts a batch by the text of a resource attribute, without copying; undefined: resources that have none. */
export function groupsOf(batch: AnyBatch, attribute: string): Map<string | undefined, Group> {
  const slices = requestSlices(batch)
  const groups = new Map<string | undefined, Group>()
  const walk = new Walk(slices)
  const at = new Place(walk)
  while (walk.nextGroup()) {
    at.enterGroup()
    const value = at.resource.attribute(attribute)
    const group = groupFor(groups, typeof value === 'string' ? value : undefined)
    const { groupSlice, groupFrom } = walk
    group.items += itemsOfGroup(walk)
    walk.skipGroup()
    for (let i = groupSlice; i <= walk.i; i++) {
      const piece = slices[i].subarray(i === groupSlice ? groupFrom : 0, i === walk.i ? walk.at : undefined)
      if (piece.length > 0) group.slices.push(piece)
    }
  }
  if (batch.signal === 'metrics') countPoints(batch, attribute, groups)
  return groups
}

function groupFor(groups: Map<string | undefined, Group>, value: string | undefined): Group {
  const known = groups.get(value)
  if (known) return known
  const group = { slices: [], items: 0 }
  groups.set(value, group)
  return group
}

function itemsOfGroup(walk: Walk): number {
  let items = 0
  while (walk.nextScope()) while (walk.nextItem()) items++
  return items
}

/** An item of a metrics request is a metric; what is counted are its points. */
function countPoints(batch: MetricBatch, attribute: string, groups: Map<string | undefined, Group>): void {
  const known = new Map<Resource, string | undefined>()
  for (const group of groups.values()) group.items = 0
  for (let i = 0; i < batch.itemCount; i++) {
    const { resource } = batch.key(i)
    if (!known.has(resource)) known.set(resource, textOf(resource, attribute))
    groupFor(groups, known.get(resource)).items++
  }
}

function textOf({ attributes }: Resource, attribute: string): string | undefined {
  let text: string | undefined
  decodeAttributes(attributes, (key, value) => {
    if (key === attribute && text === undefined && typeof value === 'string') text = value
  })
  return text
}
