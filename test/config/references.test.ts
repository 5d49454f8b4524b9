import { describe, expect, test } from 'vitest'
import { load, problemsOf, settingsOf, withStore } from './sample_components.ts'

type Given = Parameters<typeof settingsOf>[3]

/** What `anything` of a store is after `value` was resolved. */
function resolved(value: string, given?: Given): unknown {
  const settings = settingsOf('exporter', 'store', withStore(`endpoint: s:1\nanything: ${value}`), given)
  return (settings as { anything: unknown }).anything
}

describe('references', () => {
  const env = {
    PORT: '4317',
    NAME: 'blue',
    EMPTY: '',
    FLAG: 'true',
    ZEROS: '0042',
    LIST: '[a, 2]',
    QUOTED: '"x"',
    DOLLAR: 'a$$b${env:NAME}',
  }
  const files = { '/run/token': 'se$$cret\n', '/run/number': '12\n' }

  test.each([
    ['${env:NAME}', 'blue'],
    ['${NAME}', 'blue'],
    ['${env:PORT}', 4317],
    ['"${env:PORT}"', '4317'],
    ["'${env:PORT}'", '4317'],
    ['${env:FLAG}', true],
    ['${env:LIST}', ['a', 2]],
    ['"${env:LIST}"', '[a, 2]'],
    ['${env:QUOTED}', '"x"'],
    ['port ${env:PORT}', 'port 4317'],
    ['${env:PORT}${env:PORT}', '43174317'],
    ['${env:NONE:-red}', 'red'],
    ['${NONE:-red}', 'red'],
    ['${env:NONE:-12}', 12],
    ['${env:NONE:-}', null],
    ['"${env:NONE:-}"', ''],
    ['${env:EMPTY:-red}', null],
    ['${env:NAME:-red}', 'blue'],
    ['${env:NONE:-${env:NAME}-${NONE:-x}}', 'blue-x'],
    ['"${env:NONE:-a:b}"', 'a:b'],
    ['$$', '$'],
    ['$${env:NAME}', '${env:NAME}'],
    ['$$${env:NAME}', '$blue'],
    ['a$b $1 100$', 'a$b $1 100$'],
    ['"${env:NAME"', '${env:NAME'],
    ['${env:DOLLAR}', 'a$$b${env:NAME}'],
    ['${file:/run/token}', 'se$$cret'],
    ['${file:/run/number}', 12],
    ['Bearer ${file:/run/token}', 'Bearer se$$cret'],
    ['{key: "${env:NAME}", list: ["${env:PORT}"]}', { key: 'blue', list: ['4317'] }],
  ])('%s', (text, value) => {
    expect(resolved(text, { env, files })).toEqual(value)
  })

  test.each([
    ['${env:NONE}', 'environment variable NONE is not set; ${env:NONE:-…} gives it a default'],
    ['${NONE}', 'environment variable NONE is not set; ${env:NONE:-…} gives it a default'],
    ['${env:NONE:-${OTHER}}', 'environment variable OTHER is not set; ${env:OTHER:-…} gives it a default'],
    ['${1}', '${1} is no reference: write ${env:NAME} or ${file:path}, or $${1} for the text itself'],
    [
      '${http://x/}',
      '${http://x/} is no reference: write ${env:NAME} or ${file:path}, or $${http://x/} for the text itself',
    ],
    ['${file:/none}', "can't read /none: no such file"],
    ['${file:/bytes}', "can't read /bytes: it is not UTF-8 text"],
  ])('%s is refused', (text, message) => {
    const given = { files: { '/bytes': new Uint8Array([0xff, 0xfe]) } }
    expect(problemsOf(withStore(`endpoint: s:1\nanything: "${text}"`), given)).toEqual([
      `a.yaml:6:15 exporters.store.anything: ${message}`,
    ])
  })

  test('what a missing variable would have been is not called wrong too', () => {
    expect(problemsOf(withStore('endpoint: ${env:WHERE}\nshards: ${env:MANY}'))).toEqual([
      'a.yaml:5:15 exporters.store.endpoint: environment variable WHERE is not set; ${env:WHERE:-…} gives it a default',
      'a.yaml:6:13 exporters.store.shards: environment variable MANY is not set; ${env:MANY:-…} gives it a default',
    ])
    const pipelines = '{logs: {receivers: ["${env:R}"], exporters: [store]}}'
    expect(
      problemsOf(`receivers: {push: }\nexporters: {store: {endpoint: "s:1"}}\nservice: {pipelines: ${pipelines}}`),
    ).toEqual([
      'a.yaml:3:42 service.pipelines.logs.receivers[0]: environment variable R is not set; ${env:R:-…} gives it a default',
    ])
  })
})

describe('the type of a setting decides what a reference stands for', () => {
  const store = (settings: string, given: Given) =>
    settingsOf('exporter', 'store', withStore(`endpoint: s:1\n${settings}`), given)

  test.each([
    '0042',
    'true',
    '1e3',
    '{a',
    '[x]',
    '{a: b}',
    '# no comment',
    'a: b',
    '- x',
    'null',
    '',
    '"x"',
    'line\nline',
  ])('text stays the text of the variable: %j', value => {
    expect(store('password: ${env:VALUE}', { env: { VALUE: value } })).toMatchObject({ password: value })
    expect(store('headers: {x: "${env:VALUE}"}', { env: { VALUE: value } })).toMatchObject({ headers: { x: value } })
  })

  test('a number or flag may be quoted', () => {
    const env = { SHARDS: '8', FLAG: 'false' }
    expect(store('shards: "${env:SHARDS}"\ncompress: "${env:FLAG}"', { env })).toMatchObject({
      shards: 8,
      compress: false,
    })
  })

  test('a duration or size is taken from either', () => {
    expect(store('limit: ${env:LIMIT}', { env: { LIMIT: '512' } })).toMatchObject({ limit: 512 })
    expect(store('limit: "${env:LIMIT}"', { env: { LIMIT: '5MB' } })).toMatchObject({ limit: 5_000_000 })
  })

  test('a whole section comes from a file, and its references are resolved', () => {
    const files = { 'store.yaml': 'endpoint: ${env:WHERE}\nheaders:\n  a: ${file:token}\n', token: 'abc\n' }
    expect(
      settingsOf('exporter', 'store', sectionFrom('${file:store.yaml}'), { env: { WHERE: 's:9' }, files }),
    ).toMatchObject({
      endpoint: 's:9',
      headers: { a: 'abc' },
    })
  })

  test('what is wrong in such a file is told with its place there', () => {
    const files = { 'store.yaml': 'endpoint: s:1\nendpont: s:1\n' }
    expect(problemsOf(sectionFrom('${file:store.yaml}'), { files })).toEqual([
      'store.yaml:2:1 exporters.store.endpont: unknown key, did you mean "endpoint"?',
    ])
  })

  test('a file that includes itself is refused', () => {
    const files = { 'loop.yaml': 'endpoint: s:1\nanything: ${file:loop.yaml}\n' }
    expect(problemsOf(sectionFrom('${file:loop.yaml}'), { files })).toEqual([
      expect.stringContaining('files include files more than 10 times over'),
    ])
  })

  const sectionFrom = (reference: string) =>
    `receivers: {push: }\nservice: {pipelines: {logs: {receivers: [push], exporters: [store]}}}\nexporters:\n  store: ${reference}\n`
})

describe('relabelling', () => {
  const rule = (text: string) => withStore(`endpoint: s:1\nrules: [{metric_relabel_configs: [${text}]}]`)

  test.each([
    ['$1', '$1'],
    ['${1}', '${1}'],
    ['$$', '$$'],
    ['${name}-$1', '${name}-$1'],
    ['${env:NAME}-${1}', 'blue-${1}'],
    ['${env:NONE:-x}$1', 'x$1'],
    ['${file:f}', 'text'],
  ])('%s in a replacement or regular expression', (text, value) => {
    const given = { env: { NAME: 'blue' }, files: { f: 'text\n' } }
    const both = rule(`{replacement: '${text}', regex: '${text}'}`)
    expect(settingsOf('exporter', 'store', both, given)).toMatchObject({
      rules: [{ metric_relabel_configs: [{ replacement: value, regex: value }] }],
    })
  })

  test('other keys of a rule are resolved as everywhere', () => {
    expect(problemsOf(rule("{target_label: '${1}'}"))).toEqual([
      expect.stringContaining('.target_label: ${1} is no reference'),
    ])
  })

  test('the relabel processor counts too', () => {
    const text = `receivers: {push: }
processors: {relabel/x: {rules: [{regex: "(a)$$", replacement: "\${1}"}]}}
exporters: {page: }
service: {pipelines: {metrics: {receivers: [push], processors: [relabel/x], exporters: [page]}}}`
    expect(settingsOf('processor', 'relabel/x', text)).toEqual({ rules: [{ regex: '(a)$$', replacement: '${1}' }] })
  })

  test('a doubled dollar sign, which the Collector would halve, is warned of', () => {
    const text = withStore("endpoint: s:1\nrules: [{metric_relabel_configs: [{replacement: 'x_$$1'}]}]")
    expect(load(text).warnings).toEqual([
      'a.yaml:6:53 exporters.store.rules[0].metric_relabel_configs[0].replacement: "$$" stays doubled in relabelling, ' +
        'and Prometheus reads it as the character "$": for a group write x_$1',
    ])
  })
})
