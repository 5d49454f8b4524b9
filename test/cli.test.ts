import { describe, expect, test } from 'vitest'
import { runCommand } from '../src/cli/program.ts'
import { type Terminal, table } from '../src/cli/terminal.ts'
import { validate } from '../src/cli/validate.ts'
import { loadComponents } from '../src/components.ts'
import { version } from '../src/version.ts'
import { samples } from './config/sample_components.ts'

const components = await loadComponents()

/** A terminal that keeps what is written. */
function terminal(files: Record<string, string> = {}, env: Record<string, string> = {}) {
  const written = { out: '', err: '' }
  const surface: Terminal = {
    env,
    readFile(path) {
      if (path in files) return files[path]
      throw Object.assign(new Error(path), { code: 'ENOENT' })
    },
    out: text => {
      written.out += text
    },
    err: text => {
      written.err += text
    },
  }
  return { written, surface }
}

async function millrace(argv: string[], files?: Record<string, string>, env?: Record<string, string>) {
  const { written, surface } = terminal(files, env)
  const code = await runCommand(argv, surface, {})
  return { code, ...written }
}

const good =
  'receivers: {node: }\nexporters: {debug: }\nservice: {pipelines: {metrics: {receivers: [node], exporters: [debug]}}}\n'

describe('millrace', () => {
  test.each([
    [['valdate'], 'millrace: unknown command "valdate", did you mean "validate"?\n'],
    [['xyzzy'], 'millrace: unknown command "xyzzy"\n'],
    [['--confg', 'x'], "millrace: unknown option '--confg'\n(Did you mean --config?)\n"],
    [['validate', '--confg', 'x'], "millrace: unknown option '--confg'\n(Did you mean --config?)\n"],
    [['--config'], "millrace: option '-c, --config <file>' argument missing\n"],
    [['-c', 'x', 'validate'], 'millrace: the command comes first: millrace validate …\n'],
    [['schema', 'x'], "millrace: too many arguments for 'schema'. Expected 0 arguments but got 1: x.\n"],
    [['docs', 'debg'], 'millrace: there is no component "debg", did you mean "debug"?\n'],
  ])('%j ends with 2 and says why', async (argv, err) => {
    expect(await millrace(argv)).toEqual({ code: 2, out: '', err })
  })

  test.each([[['help']], [['--help']], [['-h']]])('%j lists the commands', async argv => {
    const { code, out } = await millrace(argv)
    expect(code).toBe(0)
    for (const command of ['run', 'validate', 'components', 'schema', 'docs', 'version', 'help']) {
      expect(out).toMatch(new RegExp(`^  ${command}\\b`, 'm'))
    }
  })

  test.each([[['version']], [['--version']], [['-V']]])('%j prints the version', async argv => {
    expect(await millrace(argv)).toEqual({ code: 0, out: `${version}\n`, err: '' })
  })

  test('components lists every one of them', async () => {
    const { code, out } = await millrace(['components'])
    expect(code).toBe(0)
    expect(out).toMatch(/^TYPE +KIND +SIGNALS +STABILITY\n/)
    expect(out).toMatch(/^debug +exporter +traces, metrics, logs +\w+$/m)
    const rows = JSON.parse((await millrace(['components', '--json'])).out)
    expect(rows).toContainEqual(expect.objectContaining({ kind: 'receiver', type: 'node', signals: ['metrics'] }))
    expect(rows).toHaveLength(Object.values(components).reduce((sum, byType) => sum + byType.size, 0))
  })

  test('schema prints JSON Schema', async () => {
    const { code, out } = await millrace(['schema'])
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({ $schema: 'https://json-schema.org/draft/2020-12/schema', type: 'object' })
  })

  test('docs prints the settings of a component, or of service', async () => {
    expect((await millrace(['docs', 'debug'])).out).toMatch(
      /^debug \(exporter\)\n[\s\S]*\n {2}verbosity {2}\(.*default basic\)\n {6}basic: /,
    )
    expect((await millrace(['docs', 'exporter/debug'])).out).toMatch(/^debug \(exporter\)\n/)
    expect((await millrace(['docs'])).out).toContain('  shutdown_timeout  (duration, default 4s)\n')
  })
})

describe('millrace validate', () => {
  test('says what the config holds and shows its pipelines', async () => {
    const { code, out, err } = await millrace(['validate', '--config', 'a.yaml'], { 'a.yaml': good })
    expect([code, err]).toEqual([0, ''])
    expect(out).toBe('config ok: 1 receiver, 1 exporter, 1 pipeline\n\nmetrics\n  node\n    → debug\n')
  })

  test('draws processors, connectors and every end', async () => {
    const { written, surface } = terminal({
      'a.yaml': `receivers: {push: , host: }
processors: {batch: , tail: }
connectors: {count: }
exporters: {store: {endpoint: "s:1"}, page: }
service:
  pipelines:
    traces: {receivers: [push], processors: [tail, batch], exporters: [store, count]}
    metrics/all: {receivers: [host, count], exporters: [page]}
`,
    })
    expect(await validate(['a.yaml'], surface, samples)).toBe(0)
    expect(written.out).toBe(`config ok: 2 receivers, 2 processors, 2 exporters, 1 connector, 2 pipelines

traces
  push
    → tail → batch
      → store
      → count (connector)

metrics/all
  host, count (connector)
    → page
`)
  })

  test('tells everything that is wrong, with 2', async () => {
    const bad = good.replace('debug: }', 'debug: {verbosty: x}}').replace('[node]', '[nod]')
    expect(await millrace(['validate', '-c', 'a.yaml'], { 'a.yaml': bad })).toEqual({
      code: 2,
      out: '',
      err: `a.yaml:2:21 exporters.debug.verbosty: unknown key, did you mean "verbosity"?
a.yaml:3:45 service.pipelines.metrics.receivers[0]: no receiver or connector "nod" is defined, did you mean "node"?
config refused: 2 problems
`,
    })
  })

  test('lays later files over earlier ones', async () => {
    const files = { 'a.yaml': good, 'b.yaml': 'exporters: {debug: {verbosity: "${env:V}"}}' }
    const argv = ['validate', '-c', 'a.yaml', '--config', 'b.yaml']
    expect((await millrace(argv, files, { V: 'normal' })).code).toBe(0)
    expect((await millrace(argv, files, { V: 'loud' })).err).toContain(
      'b.yaml:1:32 exporters.debug.verbosity: expected one of ',
    )
  })

  test('warns of what has no effect', async () => {
    const more = `${good}processors: {}\nextensions: {health_check: {endpoint: "127.0.0.1:1"}}\n`
    const { code, err } = await millrace(['validate', '-c', 'a.yaml'], { 'a.yaml': more })
    expect([code, err]).toEqual([
      0,
      'warning: a.yaml:5:14 extensions.health_check: is not run: service.extensions does not name it\n',
    ])
  })

  test('checks the embedded config when none is named', async () => {
    expect(await millrace(['validate'])).toMatchObject({ code: 0, err: '' })
  })

  test('a file that is not there is told', async () => {
    expect(await millrace(['validate', '-c', 'gone.yaml'])).toEqual({
      code: 2,
      out: '',
      err: "gone.yaml:1:1: can't read this file: no such file\nconfig refused: 1 problem\n",
    })
  })
})

test('columns of a table are as wide as their widest cell', () => {
  expect(
    table([
      ['a', 'b', 'c'],
      ['long', '', 'x'],
    ]),
  ).toBe('a     b  c\nlong     x\n')
})
