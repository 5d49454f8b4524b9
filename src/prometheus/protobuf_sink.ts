import { ByteSink } from './byte_sink.ts'

/** Bytes kept free for the length of a message: more than a length of up to 2^35 needs. */
const LENGTH_BYTES = 5

/** Protobuf fields. A message is written between `begin` and `end`, which puts its length before it. */
export class ProtobufSink extends ByteSink {
  /** Begins a message field; hand what it returns to `end`. */
  begin(tag: number): number {
    this.room(1 + LENGTH_BYTES)
    this.bytes[this.at++] = tag
    return this.beginDelimited()
  }
  /** The same for tags of two bytes. */
  beginLong(first: number, second: number): number {
    this.byte(first)
    return this.begin(second)
  }
  /** A message that only its length stands before. */
  beginDelimited(): number {
    this.room(LENGTH_BYTES)
    this.at += LENGTH_BYTES
    return this.at
  }

  end(start: number): void {
    // Growing keeps what is before `at`: it must not happen while that stands at the length.
    this.room(10)
    const length = this.at - start
    const end = this.at
    this.at = start - LENGTH_BYTES
    this.varint(length)
    this.bytes.copyWithin(this.at, start, end)
    this.at += length
  }

  /** An integer 0 ≤ n < 2^53. */
  varint(value: number): void {
    this.room(10)
    let rest = value
    for (; rest > 0x7fffffff; rest = Math.floor(rest / 128)) this.bytes[this.at++] = (rest % 128) | 128
    for (; rest > 127; rest >>>= 7) this.bytes[this.at++] = (rest & 127) | 128
    this.bytes[this.at++] = rest
  }
  varintField(tag: number, value: number): void {
    this.byte(tag)
    this.varint(value)
  }
  uint64(value: number | bigint): void {
    if (typeof value === 'number') {
      this.varint(value)
      return
    }
    this.room(10)
    let rest = value
    for (; rest > 127n; rest >>= 7n) this.bytes[this.at++] = Number(rest & 127n) | 128
    this.bytes[this.at++] = Number(rest)
  }
  uint64Field(tag: number, value: number | bigint): void {
    this.byte(tag)
    this.uint64(value)
  }
  double(tag: number, value: number): void {
    this.byte(tag)
    this.rawDouble(value)
  }
  rawDouble(value: number): void {
    this.room(8)
    this.view.setFloat64(this.at, value, true)
    this.at += 8
  }
  string(tag: number, text: string): void {
    this.room(1 + LENGTH_BYTES + text.length * 3)
    const start = this.begin(tag)
    this.utf8(text)
    this.end(start)
  }
}
