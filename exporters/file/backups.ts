import { readdir, rename, stat, unlink } from 'node:fs/promises'
import { basename, dirname, extname, join } from 'node:path'

const DAY_MS = 86_400_000

export interface Keep {
  /** 0: all. */
  readonly maxBackups: number
  /** 0: for ever. */
  readonly maxDays: number
  readonly localtime: boolean
}

/** `data.json` → `data-2022-09-14T05-02-14.173.json`, by the time when it was put aside. */
export function backupName(path: string, atMs: number, localtime: boolean): string {
  const extension = extname(path)
  const local = localtime ? new Date(atMs).getTimezoneOffset() * 60_000 : 0
  const time = new Date(atMs - local).toISOString().slice(0, -1).replaceAll(':', '-')
  return `${path.slice(0, path.length - extension.length)}-${time}${extension}`
}

/** Puts the file aside under a name that is free. */
export async function putAside(path: string, atMs: number, localtime: boolean): Promise<void> {
  for (let ms = atMs; ; ms++) {
    const name = backupName(path, ms, localtime)
    const taken = await stat(name).catch(() => undefined)
    if (!taken) return rename(path, name)
  }
}

/** Deletes old files that are too many or too old. */
export async function purge(path: string, nowMs: number, { maxBackups, maxDays, localtime }: Keep): Promise<void> {
  const folder = dirname(path)
  const extension = extname(path)
  const prefix = `${basename(path, extension)}-`
  const newestFirst = (await readdir(folder))
    .filter(
      name =>
        name.startsWith(prefix) && /^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}$/.test(middle(name, prefix, extension)),
    )
    .sort()
    .reverse()
  const oldest = maxDays > 0 ? basename(backupName(path, nowMs - maxDays * DAY_MS, localtime)) : ''
  const old = newestFirst.filter((name, i) => (maxBackups > 0 && i >= maxBackups) || name < oldest)
  for (const name of old) await unlink(join(folder, name))
}

const middle = (name: string, prefix: string, extension: string): string =>
  name.endsWith(extension) ? name.slice(prefix.length, name.length - extension.length) : ''
