import { describe, expect, test } from 'vitest'
import { loadComponents } from '../../src/components.ts'
import { loadConfig } from '../../src/config/load.ts'
import { formatProblem } from '../../src/config/problems.ts'

const components = await loadComponents()

const config = (authenticator: string, extensions: string, running = '') => `
receivers:
  otlp:
    protocols:
      http:
        auth:
          authenticator: ${authenticator}
exporters: { debug: {} }
extensions: { ${extensions} }
service:
  extensions: [${running}]
  pipelines:
    traces: { receivers: [otlp], exporters: [debug] }
`
const load = (text: string) =>
  loadConfig({ files: [{ name: 'c.yaml', text }], components, env: {}, readFile: () => '' })
const problems = (text: string) => load(text).problems.map(problem => formatProblem(problem))

const BASIC = 'basicauth/in: { htpasswd: { inline: "a:b" } }'

describe('an extension that a component names', () => {
  test('is found in every spelling of its type', () => {
    const loaded = load(config('basicauth/in', BASIC, 'basic_auth/in'))
    expect(loaded.problems).toEqual([])
    expect([...(loaded.config?.components.receiver.get('otlp')?.uses ?? [])]).toEqual([
      ['basicauth/in', 'basic_auth/in'],
    ])
  })

  test('has to be defined', () => {
    expect(problems(config('basic_auth/im', BASIC, 'basicauth/in'))).toEqual([
      'c.yaml:7:26 receivers.otlp.protocols.http.auth.authenticator: no extension "basic_auth/im" is defined, did you mean "basicauth/in"?',
    ])
  })

  test('has to be run', () => {
    expect(problems(config('basicauth/in', BASIC))).toEqual([
      'c.yaml:7:26 receivers.otlp.protocols.http.auth.authenticator: "basicauth/in" is not run: service.extensions has to name it',
    ])
  })

  test('has to be able to do what is asked of it', () => {
    expect(problems(config('health_check', 'health_check: { endpoint: "127.0.0.1:1" }', 'health_check'))).toEqual([
      `c.yaml:7:26 receivers.otlp.protocols.http.auth.authenticator: "health_check", as it is set up, can't check who sends requests`,
    ])
    const client = 'basic_auth: { client_auth: { username: a, password: b } }'
    expect(problems(config('basic_auth', client, 'basic_auth'))).toEqual([
      `c.yaml:7:26 receivers.otlp.protocols.http.auth.authenticator: "basic_auth", as it is set up, can't check who sends requests`,
    ])
  })
})
