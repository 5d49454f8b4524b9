import { promisify } from 'node:util'
import zlib from 'node:zlib'
import { snappyCompress } from './snappy.ts'
import { framedSnappyCompress } from './snappy_frames.ts'

/**
 * Ways to compress what is sent, by the names of HTTP: `zlib` is another one for deflate, `snappy` is a single block. What gRPC
 * calls snappy is `x-snappy-framed` here.
 */
export const COMPRESSIONS = ['gzip', 'deflate', 'zlib', 'zstd', 'snappy', 'x-snappy-framed'] as const
export type Compression = (typeof COMPRESSIONS)[number]

/** The fastest: level 6 of gzip takes 2.3 times as long for 11 % less. */
const DEFAULT_LEVEL = 1
/** Up to this size bytes are compressed at once (5 ms); more goes to a thread. */
const AT_ONCE_BYTES = 512 * 1024
const MAX_CHUNK_BYTES = 4 * 2 ** 20

interface Codec {
  sync(bytes: Uint8Array, options: zlib.ZlibOptions & zlib.ZstdOptions): Uint8Array
  async(bytes: Uint8Array, options: zlib.ZlibOptions & zlib.ZstdOptions): Promise<Uint8Array>
}
const DEFLATE: Codec = {
  sync: zlib.deflateSync,
  async: promisify<Uint8Array, zlib.ZlibOptions, Buffer>(zlib.deflate),
}
/** No thread of Node's does it. */
const atOnce = (compress: (bytes: Uint8Array) => Uint8Array): Codec => ({
  sync: compress,
  async: async bytes => compress(bytes),
})
const CODECS: Record<Compression, Codec> = {
  gzip: { sync: zlib.gzipSync, async: promisify<Uint8Array, zlib.ZlibOptions, Buffer>(zlib.gzip) },
  deflate: DEFLATE,
  zlib: DEFLATE,
  zstd: { sync: zlib.zstdCompressSync, async: promisify<Uint8Array, zlib.ZstdOptions, Buffer>(zlib.zstdCompress) },
  snappy: atOnce(snappyCompress),
  'x-snappy-framed': atOnce(framedSnappyCompress),
}

/** Compresses `bytes`; `level` is the algorithm's own, undefined or 0 for the fastest, -1 for its usual one. */
export function compress(bytes: Uint8Array, compression: Compression, level = 0): Uint8Array | Promise<Uint8Array> {
  const options = { ...levelOption(compression, level || DEFAULT_LEVEL), chunkSize: chunkSize(bytes.length) }
  const { sync, async } = CODECS[compression]
  return bytes.length <= AT_ONCE_BYTES ? sync(bytes, options) : async(bytes, options)
}

function levelOption(compression: Compression, level: number): zlib.ZlibOptions & zlib.ZstdOptions {
  if (compression !== 'zstd') return { level }
  const { ZSTD_c_compressionLevel, ZSTD_CLEVEL_DEFAULT } = zlib.constants
  return { params: { [ZSTD_c_compressionLevel]: level === -1 ? ZSTD_CLEVEL_DEFAULT : level } }
}

/** One chunk that takes the whole result saves copies; zlib wants at least 64. */
function chunkSize(sizeBytes: number): number {
  return Math.min(Math.max(sizeBytes, 64), MAX_CHUNK_BYTES)
}
