import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { locate } from './build.mjs'

const builder = fileURLToPath(new URL('build.mjs', import.meta.url))

export interface Peer {
  /** Its main program. */
  path: string
  version: string
  /** Any of its programs by name. */
  program(name: string): string
}

/** A program of another project to compare with, built first where it is not in the cache. Throws what stands in the way. */
export async function peer(name: 'node_exporter' | 'otelcol' | 'prometheus' | 'telemetrygen'): Promise<Peer> {
  if (!locate(name).built) await buildOutside(name)
  const { folder, programs, version } = locate(name)
  return { path: join(folder, programs[0]), version, program: name => join(folder, name) }
}

/** Whether `peer` answers at once. */
export function peerIsBuilt(name: string): boolean {
  return locate(name).built
}

/** In a process of its own, so that a build of minutes does not block the caller's event loop. */
async function buildOutside(name: string) {
  try {
    await promisify(execFile)(process.execPath, [builder, name], { maxBuffer: 64 << 20 })
  } catch (error) {
    const lines = String((error as { stderr?: string }).stderr ?? error)
      .trim()
      .split('\n')
    throw new Error(`peer ${name} cannot be built here: ${lines.at(-1)}`)
  }
}
