import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '../..')

/** A running agent of its own process, from sources. */
export interface AgentProcess {
  readonly child: ChildProcess
  /** Standard output and error so far. */
  output(): string
  /** Resolves when the text has been printed; rejects with the output when the process ends before. */
  printed(text: string): Promise<void>
  /** Sends a signal. */
  signal(name: NodeJS.Signals): void
  /** Exit code, or the signal that ended it. */
  readonly exit: Promise<number | NodeJS.Signals>
}

/** Starts `main` with a command line. The default one is the product's; others wrap it with components of the tests. `wrapper` is a program that runs it. */
export function spawnAgent(
  args: readonly string[],
  options: { main?: string; env?: Record<string, string>; wrapper?: readonly string[] } = {},
): AgentProcess {
  const main = options.main ?? 'test/support/mains/product.ts'
  const [program, ...rest] = [...(options.wrapper ?? []), process.execPath, join(root, main), ...args]
  const child = spawn(program, rest, {
    cwd: root,
    env: { ...process.env, ...options.env },
  })
  let output = ''
  const waiting = new Set<() => void>()
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', text => {
      output += text
      for (const look of waiting) look()
    })
  const exit = new Promise<number | NodeJS.Signals>(done =>
    child.once('exit', (code, signal) => done(code ?? (signal as NodeJS.Signals))),
  )
  return {
    child,
    exit,
    output: () => output,
    signal: name => child.kill(name),
    printed: text =>
      new Promise((done, failed) => {
        const look = () => {
          if (!output.includes(text)) return
          waiting.delete(look)
          done()
        }
        waiting.add(look)
        void exit.then(code => failed(new Error(`ended with ${code} before it printed «${text}»:\n${output}`)))
        look()
      }),
  }
}

/** A folder for one test, gone after it: `using folder = temporaryFolder()`. */
export function temporaryFolder(): { path: string; write(name: string, text: string): string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), 'millrace-test-'))
  return {
    path,
    write(name, text) {
      writeFileSync(join(path, name), text)
      return join(path, name)
    },
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  }
}
