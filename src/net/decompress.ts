import { promisify } from 'node:util'
import zlib from 'node:zlib'

/** Ways to compress a request that servers here understand, by the names of HTTP and of gRPC; '' and `identity` are none. */
export const ENCODINGS = ['gzip', 'deflate', 'zstd'] as const
export type Encoding = (typeof ENCODINGS)[number]

export function isEncoding(name: string): name is Encoding {
  return (ENCODINGS as readonly string[]).includes(name)
}

/** Compressed bytes that are broken, cut off, or of another kind than said. */
export class DecompressError extends Error {
  override name = 'DecompressError'
}
/** Compressed bytes that hold more than `limitBytes`. */
export class TooLargeError extends Error {
  override name = 'TooLargeError'
}

/** Up to this size bytes are decompressed at once (under 2 ms); more goes to a thread, which costs 60 µs of waiting. */
const AT_ONCE_BYTES = 512 * 1024

interface Codec {
  sync(bytes: Uint8Array, options: zlib.ZlibOptions & zlib.ZstdOptions): Buffer
  async(bytes: Uint8Array, options: zlib.ZlibOptions & zlib.ZstdOptions): Promise<Buffer>
}
const CODECS: Record<Encoding, Codec> = {
  gzip: { sync: zlib.gunzipSync, async: promisify<Uint8Array, zlib.ZlibOptions, Buffer>(zlib.gunzip) },
  deflate: { sync: zlib.inflateSync, async: promisify<Uint8Array, zlib.ZlibOptions, Buffer>(zlib.inflate) },
  zstd: {
    sync: zlib.zstdDecompressSync,
    async: promisify<Uint8Array, zlib.ZstdOptions, Buffer>(zlib.zstdDecompress),
  },
}

/**
 * What `bytes` were before they were compressed, in an ArrayBuffer of its own. Throws or rejects with TooLargeError past
 * `limitBytes`, and with DecompressError.
 */
export function decompress(
  bytes: Uint8Array,
  encoding: Encoding,
  limitBytes: number,
): Uint8Array | Promise<Uint8Array> {
  const claimed = claimedSize(bytes, encoding)
  if (claimed !== undefined && claimed <= Math.min(AT_ONCE_BYTES, limitBytes) && bytes.length <= AT_ONCE_BYTES) {
    try {
      return owned(CODECS[encoding].sync(bytes, outputOptions(claimed, claimed)))
    } catch (error) {
      // Several members or frames one after another: each claims for itself.
      if ((error as NodeJS.ErrnoException).code !== 'ERR_BUFFER_TOO_LARGE') throw broken(error, limitBytes)
    }
  }
  return decompressAside(bytes, encoding, claimed, limitBytes)
}

async function decompressAside(bytes: Uint8Array, encoding: Encoding, claimed: number | undefined, limitBytes: number) {
  try {
    const expected = Math.min(claimed ?? bytes.length * 4, limitBytes)
    return owned(await CODECS[encoding].async(bytes, outputOptions(expected, limitBytes)))
  } catch (error) {
    throw broken(error, limitBytes)
  }
}

/** One chunk of the right size saves copies; zlib wants at least 64. */
function outputOptions(expectedBytes: number, limitBytes: number): { chunkSize: number; maxOutputLength: number } {
  const chunkSize = Math.min(Math.max(expectedBytes, 64), 4 * 2 ** 20)
  return { chunkSize, maxOutputLength: Math.max(limitBytes, 1) }
}

/**
 * The size that the bytes themselves claim: the last member of gzip says it modulo 2^32 (RFC 1952 §2.3.1), a zstd frame
 * may say it in its header (RFC 8878 §3.1.1.1), zlib does not. Nothing may trust it but as a limit.
 */
function claimedSize(bytes: Uint8Array, encoding: Encoding): number | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (encoding === 'gzip') return bytes.length >= 18 ? view.getUint32(bytes.length - 4, true) : undefined
  if (encoding !== 'zstd' || bytes.length < 14 || view.getUint32(0, true) !== 0xfd2fb528) return undefined
  const descriptor = bytes[4]
  const singleSegment = (descriptor & 0x20) !== 0
  const at = 5 + (singleSegment ? 0 : 1) + [0, 1, 2, 4][descriptor & 3]
  switch (descriptor >> 6) {
    case 0:
      return singleSegment ? bytes[at] : undefined
    case 1:
      return view.getUint16(at, true) + 256
    case 2:
      return view.getUint32(at, true)
    default:
      return undefined
  }
}

/** Small results lie in Node's pool. */
function owned(result: Buffer): Uint8Array {
  const whole = result.byteLength === result.buffer.byteLength
  return whole ? new Uint8Array(result.buffer) : new Uint8Array(result)
}

function broken(error: unknown, limitBytes: number): Error {
  const { code, message } = error as NodeJS.ErrnoException
  return code === 'ERR_BUFFER_TOO_LARGE' ? tooLarge(limitBytes) : new DecompressError(message, { cause: error })
}

function tooLarge(limitBytes: number): TooLargeError {
  return new TooLargeError(`more than ${limitBytes} bytes once decompressed`)
}
