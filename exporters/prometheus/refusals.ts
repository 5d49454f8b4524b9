/** Why points are not shown, as drops count them; a refusal is an index into this. The first is no refusal. */
export const REFUSALS = [
  'none',
  'delta_temporality',
  'unspecified_temporality',
  'invalid_name',
  'filtered',
  'out_of_order',
  'series_limit',
  'type_conflict',
  'duplicate_series',
  'unsupported_scale',
  'invalid_value',
] as const
export type Refusal = (typeof REFUSALS)[number]

export const refusalOf = (reason: Refusal): number => REFUSALS.indexOf(reason)
