import { z } from 'zod'
import type { Use } from '../component/define.ts'
import { bytes, duration } from '../config/fields.ts'
import { bytesPattern, parseBytes } from '../config/units.ts'

/** 64 MiB: about two minutes of a thousand spans a second. */
const DEFAULT_QUEUE_BYTES = 64 * 2 ** 20
const DEFAULT_COUNTS = { requests: 1000, items: 1_000_000 } as const
const MIB = 2 ** 20
/** Below the 4 MiB that most receivers of gRPC take. */
const MAX_REQUEST_BYTES = 4_000_000

interface QueueSize {
  readonly amount: number
  /** True when it was written with a unit: bytes, whatever else is said. */
  readonly hasUnit: boolean
}

const NOT_A_QUEUE_SIZE = 'not a size: write a number, or bytes with a unit, such as 64MiB'

/** `5000` or `64MiB`. */
function queueSize() {
  return z
    .union([z.number(), z.string()], { error: NOT_A_QUEUE_SIZE })
    .transform((value, context): QueueSize => {
      const amount = parseBytes(String(value))
      if (amount !== undefined && amount > 0) return { amount, hasUnit: /[a-z]/i.test(String(value)) }
      context.addIssue({ code: 'custom', message: NOT_A_QUEUE_SIZE, input: value })
      return z.NEVER
    })
    .meta({ unit: 'size', pattern: bytesPattern })
}

const batch = z
  .strictObject({
    enabled: z.boolean().default(true).describe('Join and cut batches before they are sent.'),
    flush_timeout: duration().default(200).describe('Send what there is after this time, however little.'),
    min_size: bytes().default(8192).describe('Send as soon as this much is there.'),
    max_size: bytes().default(0).describe('Never send more than this at once; 0: no limit.'),
    sizer: z
      .enum(['items', 'bytes'])
      .optional()
      .describe("What min_size and max_size count. Default: the queue's sizer where it is one of these, else items."),
    partition: z
      .strictObject({
        metadata_keys: z
          .array(z.string())
          .default([])
          .describe('Join only batches whose metadata agree in these keys.'),
      })
      .optional()
      .describe('Default: only batches whose whole metadata agree are joined.'),
  })
  .refine(({ min_size, max_size }) => max_size === 0 || max_size >= min_size, {
    path: ['max_size'],
    message: 'must not be smaller than min_size',
  })

const sending_queue = z
  .strictObject({
    enabled: z.boolean().default(true).describe('Without a queue the sender waits until its data is delivered.'),
    queue_size: queueSize()
      .optional()
      .describe(
        'How much it holds, in units of sizer; with a unit (64MiB) always bytes. Default: 64MiB; 1000 requests; 1000000 items.',
      ),
    sizer: z
      .enum(['bytes', 'items', 'requests'])
      .optional()
      .describe('What queue_size counts. Default: bytes; requests when queue_size is a number without a unit.'),
    num_consumers: z.int().min(1).default(10).describe('Batches that are sent at the same time, for each signal.'),
    on_full: z
      .enum(['reject', 'drop_oldest', 'drop_new'])
      .default('reject')
      .describe(
        'What happens when it is full: the sender is refused and may offer again, or data is lost and counted.',
      ),
    block_on_overflow: z
      .boolean()
      .default(false)
      .describe('When it is full, let the sender wait instead of refusing it.'),
    wait_for_result: z.boolean().default(false).describe('Let the sender wait until its data is delivered.'),
    batch: batch
      .optional()
      .describe(
        'How batches are joined. Default: by bytes, at least 1MiB or 200ms, at most 4MB. `{enabled: false}`: not at all.',
      ),
    storage: z
      .string()
      .optional()
      .describe('Id of the extension that keeps the queue on disk. Default: the queue is in memory.'),
  })
  .superRefine(({ queue_size, sizer, on_full, block_on_overflow }, context) => {
    const refuse = (key: string, message: string) => context.addIssue({ code: 'custom', path: [key], message })
    if (queue_size?.hasUnit && sizer !== undefined && sizer !== 'bytes')
      refuse('queue_size', `an amount of bytes, but sizer is ${sizer}`)
    if (block_on_overflow && on_full !== 'reject')
      refuse(
        'block_on_overflow',
        `has no meaning when on_full is ${on_full}: a queue that drops never makes anyone wait`,
      )
  })

const retry_on_failure = z.strictObject({
  enabled: z.boolean().default(true).describe('Without it data is lost at the first failure.'),
  initial_interval: duration().default(5000).describe('Wait after the first failure.'),
  multiplier: z.number().min(1).default(1.5).describe('How much longer each further wait is.'),
  randomization_factor: z
    .number()
    .min(0)
    .max(1)
    .default(0.5)
    .describe('Each wait is changed at random by up to this part of it.'),
  max_interval: duration().default(30_000).describe('The longest wait.'),
  max_elapsed_time: duration()
    .default(0)
    .describe('Give data up when it could not be delivered for this long, and count it as lost; 0: never.'),
})

/** The settings that the chain adds to every exporter that sends: spread them into its schema. */
export const chainFields = {
  timeout: duration().default(5000).describe('How long one attempt to send may take; 0: no limit.'),
  sending_queue: sending_queue.prefault({}).describe('The queue before the exporter.'),
  retry_on_failure: retry_on_failure.prefault({}).describe('What happens when an attempt fails.'),
}

const fields = z.object(chainFields)
type ChainInput = z.output<typeof fields>

/** The extension that the queue's settings name, for the definition's `uses`. */
export function chainUses({ sending_queue: { storage } }: Pick<ChainInput, 'sending_queue'>): Use[] {
  return storage === undefined ? [] : [{ path: ['sending_queue', 'storage'], id: storage, as: 'storage' }]
}

export interface BatchLimits {
  readonly flushAfterMs: number
  readonly minSize: number
  /** Infinity: none. */
  readonly maxSize: number
  readonly sizer: 'items' | 'bytes'
  /** Metadata keys that must agree; undefined: all of them. */
  readonly metadataKeys?: readonly string[]
}
export interface QueueLimits {
  readonly enabled: boolean
  readonly size: number
  readonly sizer: 'bytes' | 'items' | 'requests'
  readonly onFull: 'reject' | 'drop_oldest' | 'drop_new'
  readonly blocks: boolean
  readonly waitsForResult: boolean
  readonly consumers: number
}
export interface RetryLimits {
  readonly enabled: boolean
  readonly initialMs: number
  readonly multiplier: number
  readonly randomization: number
  readonly maxMs: number
  /** 0: never give up. */
  readonly maxElapsedMs: number
}
/** What the chain reads off an exporter's checked config. */
export interface ChainConfig {
  readonly timeoutMs: number
  readonly queue: QueueLimits
  /** Undefined: batches are sent as they come. */
  readonly batch?: BatchLimits
  readonly retry: RetryLimits
}

/** The chain's part of an exporter's checked config; what its schema lacks has the default. */
export function chainConfigOf(config: unknown): ChainConfig {
  const defaults = fields.parse({})
  const given = config as Partial<ChainInput>
  const {
    timeout,
    sending_queue: queue,
    retry_on_failure: retry,
  } = {
    timeout: given.timeout ?? defaults.timeout,
    sending_queue: given.sending_queue ?? defaults.sending_queue,
    retry_on_failure: given.retry_on_failure ?? defaults.retry_on_failure,
  }
  return {
    timeoutMs: timeout,
    queue: queueLimits(queue),
    batch: queue.enabled ? batchLimits(queue) : undefined,
    retry: {
      enabled: retry.enabled,
      initialMs: retry.initial_interval,
      multiplier: retry.multiplier,
      randomization: retry.randomization_factor,
      maxMs: retry.max_interval,
      maxElapsedMs: retry.max_elapsed_time,
    },
  }
}

function queueLimits(queue: ChainInput['sending_queue']): QueueLimits {
  const { queue_size: size, enabled } = queue
  const sizer = queue.sizer ?? (size && !size.hasUnit ? 'requests' : 'bytes')
  const byDefault = sizer === 'bytes' ? DEFAULT_QUEUE_BYTES : DEFAULT_COUNTS[sizer]
  return {
    enabled,
    size: enabled ? (size?.amount ?? byDefault) : Number.POSITIVE_INFINITY,
    sizer,
    onFull: queue.on_full,
    blocks: queue.block_on_overflow,
    waitsForResult: queue.wait_for_result || !enabled,
    consumers: enabled ? queue.num_consumers : Number.POSITIVE_INFINITY,
  }
}

function batchLimits({ batch, sizer }: ChainInput['sending_queue']): BatchLimits | undefined {
  if (!batch) return { flushAfterMs: 200, minSize: MIB, maxSize: MAX_REQUEST_BYTES, sizer: 'bytes' }
  if (!batch.enabled) return undefined
  return {
    flushAfterMs: batch.flush_timeout,
    minSize: batch.min_size,
    maxSize: batch.max_size || Number.POSITIVE_INFINITY,
    sizer: batch.sizer ?? (sizer === 'bytes' ? 'bytes' : 'items'),
    metadataKeys: batch.partition?.metadata_keys,
  }
}
