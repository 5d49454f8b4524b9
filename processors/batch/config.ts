import { z } from 'zod'
import { duration } from '../../src/config/fields.ts'

export const config = z
  .strictObject({
    send_batch_size: z.int().min(0).default(8192).describe('Hand on as soon as this many items are there.'),
    timeout: duration()
      .default(200)
      .describe('Hand on what there is after this time. 0: at once, whatever send_batch_size says.'),
    send_batch_max_size: z.int().min(0).default(0).describe('Never hand on more items than this at once; 0: no limit.'),
    metadata_keys: z
      .array(z.string().min(1))
      .default([])
      .describe('Join only batches whose request metadata agree in these keys.'),
    metadata_cardinality_limit: z
      .int()
      .min(0)
      .default(1000)
      .describe('Most combinations of their values that may wait at a time; 0: no limit.'),
  })
  .superRefine(({ send_batch_size, send_batch_max_size, metadata_keys }, context) => {
    const refuse = (key: string, message: string) => context.addIssue({ code: 'custom', path: [key], message })
    if (send_batch_max_size > 0 && send_batch_max_size < send_batch_size)
      refuse('send_batch_max_size', 'must not be smaller than send_batch_size')
    const lower = metadata_keys.map(key => key.toLowerCase())
    if (new Set(lower).size < lower.length) refuse('metadata_keys', 'names a key twice')
  })
