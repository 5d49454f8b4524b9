import { describe, expect, test } from 'vitest'
import { loadConfig } from '../../src/config/load.ts'
import { formatProblem } from '../../src/config/problems.ts'
import { load, problemsOf, samples, withStore } from './sample_components.ts'

/** A whole good config, one line a section, so that a row of the tables below replaces only what it is about. */
const good = {
  receivers: 'receivers: {push: , host: }',
  processors: 'processors: {batch: , tail: }',
  exporters: 'exporters: {store: {endpoint: "s:1"}, page: }',
  connectors: 'connectors: {forward: , count: , forward/2: }',
  extensions: 'extensions: {probe: }',
  service: 'service: {pipelines: {logs: {receivers: [push], exporters: [store]}}}',
}
type Section = keyof typeof good
const lines: Record<Section, number> = {
  receivers: 1,
  processors: 2,
  exporters: 3,
  connectors: 4,
  extensions: 5,
  service: 6,
}
const instead = (section: Section, text: string) => Object.values({ ...good, [section]: text }).join('\n')
const pipelines = (text: string) => instead('service', `service: {pipelines: {${text}}}`)

/** `a.yaml:LINE:COL rest` with the line of a section and the column of `at` in its text. */
const told = (section: Section, text: string, at: string, rest: string) =>
  `a.yaml:${lines[section]}:${text.indexOf(at) + 1} ${rest}`

test('the config that the tables change is a good one', () => {
  expect(problemsOf(Object.values(good).join('\n'))).toEqual([])
})

describe('settings of a component', () => {
  test.each([
    [
      'an unknown key',
      'endpont: s:1\nendpoint: s:1',
      '5:5 exporters.store.endpont: unknown key, did you mean "endpoint"?',
    ],
    [
      'an unknown key like no other',
      'endpoint: s:1\ncolour: red',
      '6:5 exporters.store.colour: unknown key; the keys here are endpoint, password, headers, limit, shards, mode, compress, tags, target, rules, anything',
    ],
    ['a missing key', 'shards: 2', '4:3 exporters.store.endpoint: missing: this key is required'],
    ['a required key without a value', 'endpoint:', '5:5 exporters.store.endpoint: missing: this key is required'],
    ['text for a number', 'endpoint: s:1\nshards: two', '6:13 exporters.store.shards: expected a number, got text'],
    ['a fraction', 'endpoint: s:1\nshards: 1.5', '6:13 exporters.store.shards: expected a whole number'],
    ['too small a number', 'endpoint: s:1\nshards: 0', '6:13 exporters.store.shards: must be at least 1'],
    ['too large a number', 'endpoint: s:1\nshards: 65', '6:13 exporters.store.shards: must be at most 64'],
    [
      'a number for text',
      'endpoint: s:1\npassword: 123',
      '6:15 exporters.store.password: expected text, got a number: put it in quotes',
    ],
    [
      'text for a flag',
      'endpoint: s:1\ncompress: yes',
      '6:15 exporters.store.compress: expected true or false, got text',
    ],
    [
      'a word that is not one of a few',
      'endpoint: s:1\nmode: detaild',
      '6:11 exporters.store.mode: expected one of normal, detailed, none, did you mean "detailed"?',
    ],
    [
      'a list for a section',
      'endpoint: s:1\nheaders: [a]',
      '6:5 exporters.store.headers: expected a section with keys, got a list',
    ],
    ['text for a list', 'endpoint: s:1\ntags: a', '6:11 exporters.store.tags: expected a list, got text'],
    ['an empty entry', 'endpoint: s:1\ntags: [a, ""]', '6:15 exporters.store.tags[1]: must not be empty'],
    [
      'none of two shapes',
      'endpoint: s:1\ntarget: 5',
      '6:13 exporters.store.target: expected text or a list, got a number: put it in quotes',
    ],
    [
      'a wrong entry in one of two shapes',
      'endpoint: s:1\ntarget: [a, 5]',
      '6:17 exporters.store.target[1]: expected text, got a number: put it in quotes',
    ],
    [
      'no address',
      'endpoint: somewhere',
      '5:15 exporters.store.endpoint: not an address: write host:port, such as 127.0.0.1:4317',
    ],
    [
      'an address with a scheme',
      'endpoint: http://s:1',
      '5:15 exporters.store.endpoint: expected host:port without a scheme, such as 127.0.0.1:4317',
    ],
    [
      'no size',
      'endpoint: s:1\nlimit: much',
      '6:12 exporters.store.limit: not a size: write a number of bytes, or one with a unit, such as 512KiB, 10MiB or 5MB',
    ],
    [
      "what the component's own check finds",
      'endpoint: s:1\nheaders: {Host: x}',
      '6:21 exporters.store.headers.Host: this one is set by the client',
    ],
  ])('%s is told with its place', (_, settings, problem) => {
    expect(problemsOf(withStore(settings))).toEqual([`a.yaml:${problem}`])
  })

  test('a duration without a unit is told with what one looks like', () => {
    const text = 'receivers: {push: , host: {interval: 15}}'
    expect(problemsOf(instead('receivers', text))).toEqual([
      told(
        'receivers',
        text,
        '15}',
        'receivers.host.interval: not a duration: write a number with its unit, such as 500ms, 15s, 1m30s or 1h',
      ),
    ])
  })

  test('settings that are no section are told', () => {
    const text = 'exporters: {store: {endpoint: "s:1"}, page: on}'
    expect(problemsOf(instead('exporters', text))).toEqual([
      told('exporters', text, 'on}', 'exporters.page: expected a section with keys, got text'),
    ])
  })

  test('no message repeats a value, which may be secret', () => {
    const { problems } = load(withStore('endpoint: hunter2\nlimit: hunter2\nmode: hunter2\nshards: hunter2'))
    expect(problems).toHaveLength(4)
    expect(JSON.stringify(problems)).not.toContain('hunter2')
  })
})

describe('sections and ids', () => {
  test.each<[string, Section, string, string, string]>([
    ['an unknown section', 'processors', 'procesors: {}', 'proc', 'procesors: unknown key, did you mean "processors"?'],
    [
      'an unknown type',
      'receivers',
      'receivers: {push: , hosst: }',
      'hosst',
      'receivers.hosst: unknown receiver "hosst", did you mean "host"?',
    ],
    [
      'a type of another kind',
      'receivers',
      'receivers: {push: , batch: }',
      'batch',
      'receivers.batch: "batch" is a processor, not a receiver',
    ],
    [
      'an id that is none',
      'receivers',
      'receivers: {push: , host/: }',
      'host/',
      'receivers.host/: not a component id: write type or type/name',
    ],
    [
      'a component twice, by its old name too',
      'receivers',
      'receivers: {push: , oldpush: }',
      'oldpush',
      'receivers.oldpush: the same receiver as "push"',
    ],
    [
      'a section that is none',
      'receivers',
      'receivers: [push]',
      'rec',
      'receivers: expected ids of receivers, each with its settings',
    ],
  ])('%s is told', (_, section, text, at, rest) => {
    expect(problemsOf(instead(section, text))).toContain(told(section, text, at, rest))
  })

  test('a connector with the id of an exporter is told', () => {
    const forward = { ...samples.exporter.get('store')!, type: 'forward' }
    const components = { ...samples, exporter: new Map([...samples.exporter, ['forward', forward]]) }
    const text = 'exporters: {store: {endpoint: "s:1"}, page: , forward: {endpoint: "s:1"}}'
    expect(problemsOf(instead('exporters', text), { components })).toEqual([
      'a.yaml:4:14 connectors.forward: there is exporter "forward" too: give one of them another name',
    ])
  })

  test('a config without service is told', () => {
    expect(problemsOf('receivers: {push: }')).toEqual([
      'a.yaml:1:1 service: missing: service.pipelines says which receivers feed which exporters',
    ])
  })

  test('a file without a mapping is told', () => {
    expect(problemsOf('- 1')).toEqual(['a.yaml:1:1: expected sections: receivers, exporters, service and so on'])
  })

  test('a file that is not there is told, and so is what others have', () => {
    const { problems } = loadConfig({
      files: ['gone.yaml', { name: 'a.yaml', text: 'a: [' }],
      components: samples,
      env: {},
      readFile: () => {
        throw Object.assign(new Error('ENOENT: gone.yaml'), { code: 'ENOENT' })
      },
    })
    expect(problems.map(formatProblem)).toEqual([
      "gone.yaml:1:1: can't read this file: no such file",
      'a.yaml:1:5: Flow sequence in block collection must be sufficiently indented and end with a ]',
    ])
  })
})

describe('pipelines', () => {
  test.each([
    ['none', '', 'pipelines', 'service.pipelines: missing: at least one pipeline is needed'],
    [
      'an unknown signal',
      'log: {receivers: [push], exporters: [store]}',
      'log',
      'service.pipelines.log: unknown signal "log", did you mean "logs"?',
    ],
    [
      'a signal that nobody has here',
      'profiles: {receivers: [push], exporters: [store]}',
      'profiles',
      'service.pipelines.profiles: unknown signal "profiles": a pipeline is of traces, metrics, logs',
    ],
    [
      'a slash without a name',
      'logs/: {receivers: [push], exporters: [store]}',
      'logs/',
      'service.pipelines.logs/: a name has to follow the "/"',
    ],
    [
      'no exporter',
      'logs: {receivers: [push]}',
      'logs',
      'service.pipelines.logs: a pipeline needs at least one of exporters, and this one has none',
    ],
    [
      'no receiver',
      'logs: {receivers: [], exporters: [store]}',
      'logs',
      'service.pipelines.logs: a pipeline needs at least one of receivers, and this one has none',
    ],
    [
      'an id that is not defined',
      'logs: {receivers: [pussh], exporters: [store]}',
      'pussh',
      'service.pipelines.logs.receivers[0]: no receiver or connector "pussh" is defined, did you mean "push"?',
    ],
    [
      'a name that is not defined',
      'logs: {receivers: [push], exporters: [store/two]}',
      'store/two',
      'service.pipelines.logs.exporters[0]: no exporter or connector "store/two" is defined',
    ],
    [
      'a component in the wrong list',
      'logs: {receivers: [push], exporters: [batch]}',
      'batch',
      'service.pipelines.logs.exporters[0]: "batch" is a processor, and here stands an exporter or a connector',
    ],
    [
      'a component twice',
      'logs: {receivers: [push], processors: [batch, batch], exporters: [store]}',
      'batch]',
      'service.pipelines.logs.processors[1]: "batch" stands here twice',
    ],
    [
      'an exporter that lacks the signal',
      'logs: {receivers: [push], exporters: [page]}',
      'page',
      'service.pipelines.logs.exporters[0]: the page exporter takes metrics, not logs',
    ],
    [
      'a receiver that lacks the signal',
      'logs: {receivers: [host], exporters: [store]}',
      'host',
      'service.pipelines.logs.receivers[0]: the host receiver gives metrics, not logs',
    ],
    [
      'a processor that lacks the signal',
      'logs: {receivers: [push], processors: [tail], exporters: [store]}',
      'tail',
      'service.pipelines.logs.processors[0]: the tail processor takes traces, not logs',
    ],
    [
      'a connector that lacks the signal',
      'metrics: {receivers: [host], exporters: [store, count]}, metrics/2: {receivers: [count], exporters: [store]}',
      'count]}, metrics/2',
      'service.pipelines.metrics.exporters[1]: the count connector takes traces and logs, not metrics',
    ],
    [
      'a connector that never makes the signal',
      'logs: {receivers: [push], exporters: [count]}, logs/2: {receivers: [count], exporters: [store]}',
      'count], exporters: [store]',
      'service.pipelines.logs/2.receivers[0]: the count connector gives metrics, not logs',
    ],
    [
      'a connector that is only an exporter',
      'logs: {receivers: [push], exporters: [forward]}',
      'forward',
      'service.pipelines.logs.exporters[0]: connector "forward" is only an exporter: it also has to be among the receivers of a pipeline',
    ],
    [
      'a connector that is only a receiver',
      'logs: {receivers: [forward], exporters: [store]}',
      'forward',
      'service.pipelines.logs.receivers[0]: connector "forward" is only a receiver: it also has to be among the exporters of a pipeline',
    ],
    [
      'a connector whose ends do not fit',
      'logs: {receivers: [push], exporters: [forward]}, traces: {receivers: [forward], exporters: [store]}',
      'forward]},',
      'service.pipelines.logs.exporters[0]: connector "forward" turns logs into logs, and no pipeline of these has it as a receiver',
    ],
    [
      'the other end of it',
      'logs: {receivers: [push], exporters: [forward]}, traces: {receivers: [forward], exporters: [store]}',
      'forward], exporters',
      'service.pipelines.traces.receivers[0]: connector "forward" makes no traces of the logs that it gets',
    ],
    [
      'a circle',
      'logs: {receivers: [push, forward/2], exporters: [forward]}, logs/2: {receivers: [forward], exporters: [forward/2]}',
      'logs',
      'service.pipelines.logs: data would go round in a circle: logs → (forward) → logs/2 → (forward/2) → logs',
    ],
    [
      'a circle of one',
      'logs: {receivers: [push, forward], exporters: [store, forward]}',
      'logs',
      'service.pipelines.logs: data would go round in a circle: logs → (forward) → logs',
    ],
  ])('%s is told', (_, text, at, rest) => {
    const service = `service: {pipelines: {${text}}}`
    expect(problemsOf(pipelines(text))).toContain(told('service', service, at, rest))
  })

  test('a connector between two circles of signals is no circle', () => {
    const text = 'traces: {receivers: [push], exporters: [count]}, metrics: {receivers: [count], exporters: [store]}'
    expect(problemsOf(pipelines(text))).toEqual([])
  })
})

describe('service', () => {
  const rest = 'pipelines: {logs: {receivers: [push], exporters: [store]}}'
  test.each([
    [
      'an extension that is not defined',
      'extensions: [prob]',
      'prob',
      'extensions[0]: no extension "prob" is defined, did you mean "probe"?',
    ],
    ['an extension twice', 'extensions: [probe, probe]', 'probe]', 'extensions[1]: "probe" stands here twice'],
    [
      'an exporter among the extensions',
      'extensions: [store]',
      'store',
      'extensions[0]: "store" is an exporter, and here stands an extension',
    ],
    ['more than one worker', 'workers: 2', '2', 'workers: more than one worker is not possible yet: leave it at 1'],
    ['no workers', 'workers: 0', '0', 'workers: must be at least 1'],
    ['an unknown key', 'pipeline: {}', 'pipeline', 'pipeline: unknown key, did you mean "pipelines"?'],
    ['an unknown key of telemetry', 'telemetry: {log: {}}', 'log', 'telemetry.log: unknown key, did you mean "logs"?'],
    [
      'an unknown log level',
      'telemetry: {logs: {level: inf}}',
      'inf}',
      'telemetry.logs.level: expected one of debug, info, warn, error, dpanic, panic, fatal, did you mean "info"?',
    ],
    [
      'an empty admin address',
      'admin: {endpoint: nowhere}',
      'nowhere',
      'admin.endpoint: not an address: write host:port, such as 127.0.0.1:4317',
    ],
  ])('%s is told', (_, text, at, message) => {
    const service = `service: {${text}, ${rest}}`
    expect(problemsOf(instead('service', service))).toEqual([told('service', service, at, `service.${message}`)])
  })
})

describe('addresses', () => {
  const wired = (receivers: string, exporters: string, service = '') =>
    [
      `receivers: {${receivers}}`,
      `exporters: {${exporters}}`,
      'extensions: {probe: {endpoint: "127.0.0.1:13133", path: /metrics}}',
      `service: {${service} pipelines: {metrics: {receivers: [push], exporters: [page, page/2]}}}`,
    ].join('\n')

  test('the same address and path twice are told at the later one', () => {
    expect(problemsOf(wired('push: ', 'page: , page/2: '))).toEqual([
      'a.yaml:2:21 exporters.page/2.endpoint: 127.0.0.1:9464 with path /metrics is already taken by exporters.page.endpoint',
    ])
  })

  test('two components may share an address when their paths differ', () => {
    expect(problemsOf(wired('push: ', 'page: , page/2: {path: /more}'))).toEqual([])
  })

  test('an address that covers another one counts as the same', () => {
    const exporters = 'page: {endpoint: "0.0.0.0:9464"}, page/2: {endpoint: "localhost:9464"}'
    expect(problemsOf(wired('push: ', exporters))).toEqual([
      'a.yaml:2:66 exporters.page/2.endpoint: localhost:9464 (within 0.0.0.0:9464 or around it) with path /metrics is already taken by exporters.page.endpoint',
    ])
  })

  test('other hosts with the same port do not', () => {
    const exporters = 'page: {endpoint: "10.0.0.1:9464"}, page/2: {endpoint: "localhost:9464"}'
    expect(problemsOf(wired('push: ', exporters))).toEqual([])
  })

  test('a component that needs the whole address shares it with nobody', () => {
    expect(problemsOf(wired('push: {endpoint: ":9464"}', 'page: , page/2: {path: /b}'))).toEqual([
      'a.yaml:2:13 exporters.page.endpoint: 127.0.0.1:9464 (within :9464 or around it) is already taken by receivers.push.endpoint',
      'a.yaml:2:21 exporters.page/2.endpoint: 127.0.0.1:9464 (within :9464 or around it) is already taken by receivers.push.endpoint',
    ])
  })

  test('the admin endpoint counts', () => {
    expect(problemsOf(wired('push: ', 'page: {endpoint: "127.0.0.1:13133"}, page/2: '))).toEqual([
      'a.yaml:2:30 exporters.page.endpoint: 127.0.0.1:13133 with path /metrics is already taken by service.admin.endpoint',
    ])
    expect(problemsOf(wired('push: ', 'page: {path: /p, endpoint: "127.0.0.1:13133"}, page/2: '))).toEqual([])
  })

  test('only what runs is asked for its addresses', () => {
    expect(problemsOf(wired('push: ', 'page: , page/2: {path: /b}', ''))).toEqual([])
    expect(problemsOf(wired('push: ', 'page: , page/2: {path: /b}', 'extensions: [probe],'))).toEqual([
      'a.yaml:3:32 extensions.probe.endpoint: 127.0.0.1:13133 with path /metrics is already taken by service.admin.endpoint',
    ])
  })

  test('port 0 is never taken', () => {
    expect(problemsOf(wired('push: ', 'page: {endpoint: "127.0.0.1:0"}, page/2: {endpoint: "127.0.0.1:0"}'))).toEqual(
      [],
    )
  })
})

test('everything that is wrong is told at once, from top to bottom and file by file', () => {
  const first =
    'exporters: {store: {endpoint: nowhere}}\nservice: {pipelines: {logs: {receivers: [push], exporters: [stor]}}}'
  const second = 'receivers: {push: {endpont: "x:1"}}\nprocessors: {batch: {size: "${env:SIZE}"}}'
  expect(problemsOf([first, second])).toEqual([
    'a.yaml:1:31 exporters.store.endpoint: not an address: write host:port, such as 127.0.0.1:4317',
    'a.yaml:2:61 service.pipelines.logs.exporters[0]: no exporter or connector "stor" is defined, did you mean "store"?',
    'b.yaml:1:20 receivers.push.endpont: unknown key, did you mean "endpoint"?',
    'b.yaml:2:28 processors.batch.size: environment variable SIZE is not set; ${env:SIZE:-…} gives it a default',
  ])
})
