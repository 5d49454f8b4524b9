import { SnappyError, snappyCompress, snappyDecompress } from './snappy.ts'

// The framing format: chunks of a type byte, a length of three bytes and data; the first says what this is. google/snappy, framing_format.txt
const STREAM = Uint8Array.of(0xff, 6, 0, 0, 0x73, 0x4e, 0x61, 0x50, 0x70, 0x59)
const COMPRESSED = 0
const UNCOMPRESSED = 1
/** From here on unknown chunks may be passed over. */
const SKIPPABLE = 0x80
const CHUNK_BYTES = 1 << 16
const HEADER_BYTES = 8

/** Compresses to a stream of frames, which is what gRPC and others call snappy. */
export function framedSnappyCompress(input: Uint8Array): Uint8Array {
  const table = crcTable()
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
    header.writeUInt32LE(maskedCrc(table, piece), 4)
    chunks.push(header, body)
  }
  return Buffer.concat(chunks)
}

/** What a stream of frames was before. Throws SnappyError when it is broken or holds more than `limitBytes`. */
export function framedSnappyDecompress(input: Uint8Array, limitBytes: number): Uint8Array {
  const table = crcTable()
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
      const piece = readPiece(view.subarray(at, stop), left, table)
      left -= piece.length
      pieces.push(piece)
    } else if (type < SKIPPABLE) throw new SnappyError(`unknown chunk of type ${type}`)
    at = stop
  }
  return Buffer.concat(pieces)
}

function readPiece(chunk: Buffer, limitBytes: number, table: Uint32Array): Uint8Array {
  if (chunk.length < HEADER_BYTES) throw new SnappyError('a chunk is too short')
  const body = chunk.subarray(HEADER_BYTES)
  const piece = chunk[0] === COMPRESSED ? snappyDecompress(body, limitBytes) : body
  if (piece.length > limitBytes) throw new SnappyError('more than is allowed once decompressed')
  if (maskedCrc(table, piece) !== chunk.readUInt32LE(4)) throw new SnappyError('a checksum is wrong')
  return piece
}

function maskedCrc(table: Uint32Array, b: Uint8Array): number {
  let crc = 0xffffffff
  for (let i = 0; i < b.length; i++) crc = table[(crc ^ b[i]) & 255] ^ (crc >>> 8)
  const value = ~crc >>> 0
  return (((value >>> 15) | (value << 17)) + 0xa282ead8) >>> 0
}

/** CRC-32C, which zlib does not have. RFC 3720 §12.1 */
function crcTable(): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, byte) => {
    let crc = byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
    return crc >>> 0
  })
}
