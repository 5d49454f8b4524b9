import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { findProgram } from '../../../scripts/servers.ts'
import { startProcess } from './process.ts'

const runFile = promisify(execFile)

export interface Dockerd {
  /** Its API's socket, as in `unix:///…`. */
  host: string
  /** Runs the docker program against it and returns what that prints. Rejects with its error text. */
  docker(args: string[], options?: { cwd?: string }): Promise<string>
  stop(): Promise<void>
}

/** A Docker Engine of its own without network or registry: images come by `docker import`. Needs root. */
export async function startDockerd(): Promise<Dockerd> {
  const daemon = findProgram('dockerd')
  const client = findProgram('docker')
  if (!daemon || !client) throw new Error("no Docker Engine: install Debian's package docker.io")
  const folder = await mkdtemp(join(tmpdir(), 'millrace-docker-'))
  const host = `unix://${folder}/docker.sock`
  const docker: Dockerd['docker'] = async (args, { cwd } = {}) => {
    const env = { ...client.env, DOCKER_HOST: host, DOCKER_BUILDKIT: '0', DOCKER_CONFIG: join(folder, 'client') }
    return (await runFile(client.path, args, { env, cwd, maxBuffer: 64 << 20 })).stdout
  }
  const places = ['--data-root', `${folder}/data`, '--exec-root', `${folder}/exec`, '--pidfile', `${folder}/pid`]
  const args = ['--iptables=false', '--bridge=none', '--storage-driver=vfs', ...places, '-H', host]
  const ready = async () => (await docker(['version'])) !== ''
  const server = await startProcess({ path: daemon.path, env: daemon.env, args, ready, timeoutMs: 60_000 })
  const stop = async () => {
    const containers = (await docker(['ps', '-aq']).catch(() => '')).split('\n').filter(Boolean)
    if (containers.length > 0) await docker(['rm', '-f', ...containers]).catch(() => {})
    await server.stop()
    await unmountBelow(folder)
    await rm(folder, { recursive: true, force: true })
  }
  return { host, docker, stop }
}

/** The engine leaves the mount of a network namespace behind. */
async function unmountBelow(folder: string) {
  const mounts = (await readFile('/proc/self/mounts', 'utf8')).split('\n').map(line => line.split(' ')[1])
  for (const mount of mounts.filter(mount => mount?.startsWith(`${folder}/`)).reverse())
    await runFile('umount', [mount])
}
