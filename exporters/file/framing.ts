import type { FileHandle } from 'node:fs/promises'

/** How requests are told apart in a file: by line ends, or by four bytes before each that say its length, big-endian. */
export type Framing = 'lines' | 'lengths'

const LINE_END = Uint8Array.of(0x0a)
const SCAN_BYTES = 64 * 1024

/** What is written for one request. */
export function framed(framing: Framing, chunks: readonly Uint8Array[]): readonly Uint8Array[] {
  if (framing === 'lines') return [...chunks, LINE_END]
  const length = Buffer.allocUnsafe(4)
  length.writeUInt32BE(chunks.reduce((sum, chunk) => sum + chunk.length, 0))
  return [length, ...chunks]
}

/** Where the last whole request of a file of `sizeBytes` ends: what is behind it was being written when a process died. */
export function wholeEnd(file: FileHandle, sizeBytes: number, framing: Framing): Promise<number> {
  return framing === 'lines' ? lastLineEnd(file, sizeBytes) : lastLengthEnd(file, sizeBytes)
}

async function lastLineEnd(file: FileHandle, sizeBytes: number): Promise<number> {
  const buffer = Buffer.alloc(SCAN_BYTES)
  for (let end = sizeBytes; end > 0; ) {
    const from = Math.max(0, end - SCAN_BYTES)
    const { bytesRead } = await file.read(buffer, 0, end - from, from)
    const at = buffer.subarray(0, bytesRead).lastIndexOf(0x0a)
    if (at >= 0) return from + at + 1
    end = from
  }
  return 0
}

async function lastLengthEnd(file: FileHandle, sizeBytes: number): Promise<number> {
  const length = Buffer.alloc(4)
  let end = 0
  while (end + 4 <= sizeBytes) {
    await file.read(length, 0, 4, end)
    const next = end + 4 + length.readUInt32BE()
    if (next > sizeBytes) break
    end = next
  }
  return end
}
