import type { Origin } from './origin.ts'

/** Spans or log records as OTLP wire bytes: slices of export requests that, concatenated, are one export request. */
export class WireBatch<S extends 'traces' | 'logs'> {
  readonly signal: S
  readonly slices: readonly Uint8Array[]
  /** Spans or log records in the slices. */
  readonly itemCount: number
  readonly sizeBytes: number
  readonly origin: Origin

  constructor(signal: S, slices: readonly Uint8Array[], itemCount: number, origin: Origin) {
    this.signal = signal
    this.slices = slices
    this.itemCount = itemCount
    this.sizeBytes = slices.reduce((sum, slice) => sum + slice.byteLength, 0)
    this.origin = origin
  }

  /** Bytes that stay in memory while this batch lives: every backing store once, whole. */
  get retainedBytes(): number {
    let sum = 0
    for (const buffer of new Set(this.slices.map(slice => slice.buffer))) sum += buffer.byteLength
    return sum
  }

  /** The same batch in bytes of its own when it uses less than half of what it keeps in memory; else itself. */
  compact(): WireBatch<S> {
    if (this.sizeBytes * 2 >= this.retainedBytes) return this
    return new WireBatch(
      this.signal,
      this.slices.map(slice => new Uint8Array(slice)),
      this.itemCount,
      this.origin,
    )
  }
}
export type TraceBatch = WireBatch<'traces'>
export type LogBatch = WireBatch<'logs'>
