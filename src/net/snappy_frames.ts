import { SnappyError, snappyCompress, snappyDecompress } from './snappy.ts'

// The framing format: chunks of a type byte, a length of three bytes and data; the first says what this is. google/snappy, framing_format.txt
const STREAM = Uint8Array.of(0xff, 6, 0, 0, 0x73, 0x4e, 0x61, 0x50, 0x70, 0x59)
const COMPRESSED = 0
const UNCOMPRESSED = 1
/** From here on unknown chunks may be passed over. */
const SKIPPABLE = 0x80
const CHUNK_BYTES = 1 << 16
const HEADER_BYTES = 8
const CRC_TABLES = crcTables()

/** Compresses to a stream of frames, which is what gRPC and others call snappy. */
export function framedSnappyCompress(input: Uint8Array): Uint8Array {
  const chunks: Uint8Array[] = [STREAM]
  for (let from = 0; from < input.length; from += CHUNK_BYTES) {
    const piece = input.subarray(from, from + CHUNK_BYTES)
    const small = snappyCompress(piece)
    // Less than an eighth is not worth the work of undoing it.
    const worth = small.length < piece.length - piece.length / 8
    const body = worth ? small : piece
    const header = Buffer.alloc(HEADER_BYTES)
    header[0] = worth ? COMPRESSED : UNCOMPRESSED
    header.writeUIntLE(body.length + 4, 1, 3)
    header.writeUInt32LE(maskedCrc(piece), 4)
    chunks.push(header, body)
  }
  return Buffer.concat(chunks)
}

/** What a stream of frames was before. Throws SnappyError when it is broken or holds more than `limitBytes`. */
export function framedSnappyDecompress(input: Uint8Array, limitBytes: number): Uint8Array {
  const view = Buffer.from(input.buffer, input.byteOffset, input.length)
  if (Buffer.compare(view.subarray(0, STREAM.length), STREAM) !== 0)
    throw new SnappyError('it does not begin as a stream of frames')
  const pieces: Uint8Array[] = []
  let left = limitBytes
  for (let at = STREAM.length; at < view.length; ) {
    if (at + 4 > view.length) throw new SnappyError('it ends early')
    const type = view[at]
    const stop = at + 4 + view.readUIntLE(at + 1, 3)
    if (stop > view.length) throw new SnappyError('it ends early')
    if (type <= UNCOMPRESSED) {
      const piece = readPiece(view.subarray(at, stop), left)
      left -= piece.length
      pieces.push(piece)
    } else if (type < SKIPPABLE) throw new SnappyError(`unknown chunk of type ${type}`)
    at = stop
  }
  return Buffer.concat(pieces)
}

function readPiece(chunk: Buffer, limitBytes: number): Uint8Array {
  if (chunk.length < HEADER_BYTES) throw new SnappyError('a chunk is too short')
  const body = chunk.subarray(HEADER_BYTES)
  const piece = chunk[0] === COMPRESSED ? snappyDecompress(body, limitBytes) : body
  if (piece.length > limitBytes) throw new SnappyError('more than is allowed once decompressed')
  if (maskedCrc(piece) !== chunk.readUInt32LE(4)) throw new SnappyError('a checksum is wrong')
  return piece
}

/** Masked, as the format wants it. Four bytes at a time: 1 ns a byte. */
function maskedCrc(b: Uint8Array): number {
  const [t0, t1, t2, t3] = CRC_TABLES
  const words = b.length & ~3
  let crc = 0xffffffff
  for (let i = 0; i < words; i += 4) {
    const x = crc ^ (b[i] | (b[i + 1] << 8) | (b[i + 2] << 16) | (b[i + 3] << 24))
    crc = t3[x & 255] ^ t2[(x >>> 8) & 255] ^ t1[(x >>> 16) & 255] ^ t0[x >>> 24]
  }
  for (let i = words; i < b.length; i++) crc = t0[(crc ^ b[i]) & 255] ^ (crc >>> 8)
  const value = ~crc >>> 0
  return (((value >>> 15) | (value << 17)) + 0xa282ead8) >>> 0
}

/** CRC-32C of each byte, and of each with one, two and three zeros behind it; zlib has another one. RFC 3720 §12.1 */
function crcTables(): Int32Array[] {
  const first = Int32Array.from({ length: 256 }, (_, byte) => {
    let crc = byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
    return crc
  })
  const tables = [first]
  for (let zeros = 1; zeros < 4; zeros++) tables.push(tables[zeros - 1].map(crc => first[crc & 255] ^ (crc >>> 8)))
  return tables
}
