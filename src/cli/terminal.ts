import { readFileSync } from 'node:fs'

/** What commands read and write; tests give their own. */
export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>
  /** Content of a file. Throws when it can't be read. */
  readFile(path: string): Uint8Array | string
  /** Writes to standard output. */
  out(text: string): void
  /** Writes to standard error. */
  err(text: string): void
}

/** Of the process. */
export function processTerminal(): Terminal {
  process.stdout.on('error', endWhenNobodyReads)
  return {
    env: process.env,
    readFile: path => readFileSync(path),
    out: text => void process.stdout.write(text),
    err: text => void process.stderr.write(text),
  }
}

/** `millrace schema | head`: the reader has seen enough. */
function endWhenNobodyReads(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error
  process.exit(0)
}

/** Lines with columns of equal width; the last column is as long as it is. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]?.map((_, i) => Math.max(...rows.map(row => row[i].length))) ?? []
  const line = (row: readonly string[]) =>
    row
      .map((cell, i) => cell.padEnd(widths[i]))
      .join('  ')
      .trimEnd()
  return rows.map(row => `${line(row)}\n`).join('')
}
