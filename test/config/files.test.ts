import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readYaml } from '../../src/config/read_yaml.ts'
import { merge, toValue } from '../../src/config/tree.ts'
import { load, problemsOf, settingsOf, withStore } from './sample_components.ts'

describe('several files', () => {
  const base = withStore('endpoint: s:1\nheaders: {a: "1", b: "2"}\ntags: [x, y]\nshards: 3')

  test('maps merge, lists and scalars are replaced', () => {
    const over = 'exporters: {store: {headers: {b: "3", c: "4"}, tags: [z], shards: 4}}'
    expect(settingsOf('exporter', 'store', [base, over])).toMatchObject({
      endpoint: 's:1',
      headers: { a: '1', b: '3', c: '4' },
      tags: ['z'],
      shards: 4,
    })
  })

  test('a problem is told with the file that set the value', () => {
    const over = '# local\nexporters:\n  store:\n    shards: 0\n'
    expect(problemsOf([base, over])).toEqual(['b.yaml:4:13 exporters.store.shards: must be at least 1'])
  })

  test('a value that a later file replaces need not be right', () => {
    const first = withStore('endpoint: ${env:NOT_SET}\nshards: 0')
    expect(problemsOf([first, 'exporters: {store: {endpoint: "s:1", shards: 1}}'])).toEqual([])
  })

  const json = fc.letrec(tie => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.integer(),
      fc.boolean(),
      fc.array(fc.integer(), { maxLength: 3 }),
      tie('map'),
    ),
    map: fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('value')),
  })).map as fc.Arbitrary<Record<string, unknown>>
  const tree = (value: unknown) => readYaml('f', JSON.stringify(value)).tree!

  test('merging never loses a key, and the later file wins wherever both have no map', () => {
    fc.assert(
      fc.property(json, json, (first, second) => {
        const merged = toValue(merge(tree(first), tree(second)))
        expect(merged).toEqual(expectedMerge(first, second))
      }),
    )
  })

  test('of any number of files each is laid over all before it', () => {
    fc.assert(
      fc.property(fc.array(json, { minLength: 1, maxLength: 5 }), files => {
        expect(toValue(files.map(tree).reduce(merge))).toEqual(files.reduce(expectedMerge as typeof Object.assign))
      }),
    )
  })
})

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function expectedMerge(first: unknown, second: unknown): unknown {
  if (!isMap(first) || !isMap(second)) return second
  const keys = [...Object.keys(first), ...Object.keys(second)]
  return Object.fromEntries(
    keys.map(key => [
      key,
      key in first && key in second ? expectedMerge(first[key], second[key]) : key in second ? second[key] : first[key],
    ]),
  )
}

describe('places', () => {
  test('of what is aliased: where it is written', () => {
    const text = `common: &common
  endpoint: nowhere
exporters:
  store: *common
  store/2:
    <<: *common
    shards: 0
receivers: {push: }
service: {pipelines: {logs: {receivers: [push], exporters: [store, store/2]}}}
`
    expect(problemsOf(text)).toEqual([
      'a.yaml:1:1 common: unknown key; the sections are receivers, processors, exporters, connectors, extensions, service',
      'a.yaml:2:13 exporters.store.endpoint: not an address: write host:port, such as 127.0.0.1:4317',
      'a.yaml:2:13 exporters.store/2.endpoint: not an address: write host:port, such as 127.0.0.1:4317',
      'a.yaml:7:13 exporters.store/2.shards: must be at least 1',
    ])
  })

  test('of block lists, multi-line texts and lines that end in CRLF', () => {
    const text = withStore('endpoint: s:1\ntags:\n  - a\n  -   ""\npassword: |\n  one\n  two\nshards: x').replaceAll(
      '\n',
      '\r\n',
    )
    expect(problemsOf(text)).toEqual([
      'a.yaml:8:11 exporters.store.tags[1]: must not be empty',
      'a.yaml:12:13 exporters.store.shards: expected a number, got text',
    ])
  })

  test('of what is checked later are to be had from the config', () => {
    const { config } = load(withStore('endpoint: s:1\nheaders:\n  a: b'))
    const at = (...path: (string | number)[]) => config?.locate(path)
    expect(at('exporters', 'store', 'endpoint')).toBe('a.yaml:5:15')
    expect(at('exporters', 'store', 'headers')).toBe('a.yaml:6:5')
    expect(at('exporters', 'store', 'limit')).toBe('a.yaml:4:3')
    expect(at('service', 'pipelines', 'logs', 'receivers', 0)).toBe('a.yaml:2:42')
  })
})

describe('YAML', () => {
  test.each([
    ['a: 1\na: 2', 'a.yaml:2:1: Map keys must be unique'],
    ['a:\n\tb: 1', 'a.yaml:2:1: Tabs are not allowed as indentation'],
    ['a: "x', 'a.yaml:1:6: Missing closing "quote'],
    ['a: *x', 'a.yaml:1:4: no anchor &x stands above'],
    ['a: &x\n  b: *x', 'a.yaml:2:6: *x refers to what it is part of'],
    ['a: !secret x', 'a.yaml:1:4: Unresolved tag: !secret'],
    ['a: 1\n---\nb: 2', 'a.yaml:2:1: one YAML document only, and this is a second one'],
    ['? [a]\n: 1', 'a.yaml:1:3: a key has to be a plain word'],
    ['__proto__: {a: 1}', 'a.yaml:1:1: a key has to be a plain word'],
    ['a: {<<: 1}', 'a.yaml:1:5: << takes a map or a list of maps'],
  ])('%j is refused', (text, problem) => {
    expect(problemsOf(text)).toEqual([problem])
  })

  test('aliases that multiply are refused', () => {
    const tens = (name: string, of: string) => `${name}: &${name} [${Array(10).fill(of).join(', ')}]\n`
    const text =
      tens('a', '1') + tens('b', '*a') + tens('c', '*b') + tens('d', '*c') + tens('e', '*d') + tens('f', '*e')
    expect(problemsOf(text)).toEqual([expect.stringMatching(/: more than 100000 values, aliases counted in full$/)])
  })

  test('nesting and length have limits', () => {
    expect(problemsOf('['.repeat(20_000))[0]).toMatch(/nested too deeply$/)
    expect(problemsOf('{a: '.repeat(150) + '}'.repeat(150))).toEqual([
      expect.stringMatching(/nested more than 100 levels deep$/),
    ])
    expect(problemsOf(`# ${'x'.repeat(4 * 2 ** 20)}`)).toEqual(['a.yaml:1:1: longer than 4 MiB'])
  })

  test.each([
    ['100_000', 100_000],
    ['0644', 420],
    ['0o17', 15],
    ['0x1F', 31],
    ['-0b11', -3],
    ['+5', 5],
    ['1.5e3', 1500],
    ['.5', 0.5],
    ['.inf', Infinity],
    ['-.inf', -Infinity],
    ['12345678901234567890', '12345678901234567890'],
    ['yes', 'yes'],
    ['on', 'on'],
    ['True', true],
    ['~', null],
    ['2024-01-01', '2024-01-01'],
    ['1.2.3', '1.2.3'],
    ['1_', 1],
    ['!!str 12', '12'],
    ['"12"', '12'],
  ])('%s means what it means to the Collector', (text, value) => {
    expect(toValue(readYaml('f', `a: ${text}`).tree!)).toEqual({ a: value })
  })

  test('<< takes several maps: the first that has a key wins, and what stands beside it wins over all', () => {
    const text = 'a: &a {x: 1, y: 1, z: 1}\nb: &b {x: 2, w: 2}\nc: {y: 3, <<: [*b, *a]}'
    expect(toValue(readYaml('f', text).tree!)).toMatchObject({ c: { x: 2, y: 3, z: 1, w: 2 } })
  })
})

describe('keys without a value', () => {
  test('are empty sections where sections are expected, and else as if they were not there', () => {
    const text =
      'receivers: {push: {endpoint: , protocols: {grpc: }}}\nexporters: {store: {endpoint: "s:1", headers: , limit: , mode: , tags: }}\nservice: {extensions: , telemetry: {logs: }, pipelines: {logs: {receivers: [push], processors: , exporters: [store]}}}\nprocessors:'
    expect(settingsOf('receiver', 'push', text)).toEqual({
      endpoint: '127.0.0.1:4318',
      protocols: { grpc: { endpoint: '127.0.0.1:4317' } },
    })
    expect(settingsOf('exporter', 'store', text)).toMatchObject({
      headers: {},
      limit: 10_485_760,
      mode: 'normal',
      tags: [],
    })
  })
})
