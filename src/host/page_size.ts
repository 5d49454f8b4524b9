import { readFileSync } from 'node:fs'
import os from 'node:os'

/** Type of the entry of getauxval(3) with the size of a page. */
const AT_PAGESZ = 6n
const USUAL_BYTES = 4096

/** Bytes of a page of memory, which Node does not tell: from what the kernel told this process when it started, proc_pid_auxv(5). */
export function pageSizeBytes(auxv = readAuxv()): number {
  const order = os.endianness()
  const word = (at: number) => (order === 'LE' ? auxv.readBigUInt64LE(at) : auxv.readBigUInt64BE(at))
  for (let at = 0; at + 16 <= auxv.length; at += 16) if (word(at) === AT_PAGESZ) return Number(word(at + 8))
  return USUAL_BYTES
}

function readAuxv(): Buffer {
  try {
    return readFileSync('/proc/self/auxv')
  } catch {
    return Buffer.alloc(0)
  }
}
