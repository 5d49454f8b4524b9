import { createHash } from 'node:crypto'

/** Text that is the same for equal values, in whatever order keys were written. A digest, so that no secret is in it. */
export function fingerprint(value: unknown): string {
  return createHash('sha256').update(stableJson(value)).digest('base64url')
}

function stableJson(value: unknown): string {
  return JSON.stringify(value, (_, inner) => (isObject(inner) ? sorted(inner) : exact(inner)))
}

function sorted(object: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** JSON has no infinities. */
const exact = (value: unknown) => (typeof value === 'number' && !Number.isFinite(value) ? String(value) : value)
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
