import { Ajv2020 } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import {
  bytes,
  duration,
  endpoint,
  regex,
  secret,
  stringMap,
  tlsClient,
  tlsServer,
  url,
} from '../../src/config/fields.ts'
import { fingerprint } from '../../src/config/fingerprint.ts'
import { inputSchema } from '../../src/config/input_schema.ts'
import { LazyRegex } from '../../src/config/lazy_regex.ts'
import { nearest } from '../../src/config/nearest.ts'
import { redact } from '../../src/config/redact.ts'
import { settingsOf } from '../../src/config/settings_table.ts'
import { formatBytes, formatDuration, parseBytes, parseDuration, parseEndpoint } from '../../src/config/units.ts'

const accepts = (schema: z.ZodType, value: unknown) =>
  new Ajv2020({ strict: false }).validate(inputSchema(schema), value)

describe('duration', () => {
  test.each([
    ['500ms', 500],
    ['15s', 15_000],
    ['1m30s', 90_000],
    ['1h', 3_600_000],
    ['1.5s', 1500],
    ['.5s', 500],
    ['1d', 86_400_000],
    ['100us', 0.1],
    ['250µs', 0.25],
    ['7ns', 0.000007],
    ['0', 0],
    [0, 0],
    ['0s', 0],
  ])('%s is %d ms', (text, ms) => {
    expect(duration().parse(text)).toBe(ms)
    expect(accepts(duration(), text)).toBe(true)
  })

  test.each(['', '15', '1 s', '-1s', 's', '1m30', '1x', '1s ', '1h-5m', 'Infinity'])('%j is refused', text => {
    expect(duration().safeParse(text).success).toBe(false)
    expect(accepts(duration(), text)).toBe(false)
  })

  test('is written as it is read', () => {
    fc.assert(
      fc.property(fc.nat(2 ** 31), ms => {
        expect(parseDuration(formatDuration(ms))).toBe(ms)
      }),
    )
    expect([90_000, 500, 1500, 3_600_000, 0].map(formatDuration)).toEqual(['1m30s', '500ms', '1.5s', '1h', '0s'])
  })
})

describe('bytes', () => {
  test.each([
    ['10MiB', 10_485_760],
    ['5MB', 5_000_000],
    ['1kB', 1000],
    ['1.5 KiB', 1536],
    ['2GiB', 2_147_483_648],
    ['512', 512],
    [512, 512],
    ['7B', 7],
  ])('%s is %d', (text, size) => {
    expect(bytes().parse(text)).toBe(size)
    expect(accepts(bytes(), text)).toBe(true)
  })

  test.each(['', '-1', '1XB', 'MiB', '1e3', '99999TiB'])('%j is refused', text => {
    expect(bytes().safeParse(text).success).toBe(false)
  })

  test('is written as it is read', () => {
    fc.assert(
      fc.property(fc.nat(2 ** 31), size => {
        expect(parseBytes(formatBytes(size))).toBe(size)
      }),
    )
    expect([10_485_760, 5_000_000, 1536].map(formatBytes)).toEqual(['10MiB', '5MB', '1536B'])
  })
})

describe('endpoint', () => {
  test.each([
    ['localhost:4317', 'localhost', 4317],
    ['0.0.0.0:0', '0.0.0.0', 0],
    [':4317', '', 4317],
    ['[::1]:65535', '::1', 65_535],
    ['a-b.example.com:443', 'a-b.example.com', 443],
  ])('%s is taken apart, and stays as it was written', (text, host, port) => {
    expect(parseEndpoint(text)).toEqual({ host, port })
    expect(endpoint().parse(text)).toBe(text)
  })

  test.each([
    'localhost',
    'localhost:',
    'localhost:65536',
    'http://a:1',
    '::1:1',
    'a b:1',
    'a:1/x',
    'u@a:1',
    '/run/x.sock',
  ])('%j is refused', text => {
    expect(endpoint().safeParse(text).success).toBe(false)
  })
})

test('a URL has a scheme and a host', () => {
  expect(['http://a', 'https://a:1/b?c', 'HTTP://a'].every(text => url().safeParse(text).success)).toBe(true)
  expect(['a:1', 'http://', 'http:///b', 'ftp://a', 'http://a:x'].some(text => url().safeParse(text).success)).toBe(
    false,
  )
})

describe('regex', () => {
  test('takes what RE2 takes, whole or in part', () => {
    const pattern = regex().parse('a+(?i)B')
    expect([pattern.test('xaab'), pattern.matches('xaab'), pattern.matches('aab')]).toEqual([true, false, true])
  })

  test.each(['(', '(?=x)', '\\1', '[z-a]'])('%s is refused when the config is checked', source => {
    expect(regex().safeParse(source).error?.issues[0].message).toMatch(/^not a regular expression that RE2 takes: /)
  })

  test('a default is not compiled before it is used', () => {
    expect(z.strictObject({ r: regex().default(new LazyRegex('(')) }).parse({}).r.source).toBe('(')
  })
})

describe('tls', () => {
  test.each<[string, object, string[]]>([
    ['a certificate without its key', { cert_file: 'c' }, ['a certificate needs its key: key_file or key_pem']],
    ['a key without its certificate', { key_pem: 'k' }, ['a key needs its certificate: cert_file or cert_pem']],
    ['the same thing twice', { ca_file: 'c', ca_pem: 'c' }, ['either ca_file or ca_pem, not both']],
  ])('%s is refused', (_, tls, messages) => {
    expect(
      tlsClient()
        .safeParse(tls)
        .error?.issues.map(({ message }) => message),
    ).toEqual(messages)
  })

  test('a listener needs a certificate, a client none', () => {
    expect(tlsServer().safeParse({}).success).toBe(false)
    expect(tlsClient().parse({ insecure: true, server_name_override: 'x' })).toMatchObject({
      insecure: true,
      min_version: '1.2',
    })
    expect(tlsServer().parse({ cert_file: 'c', key_file: 'k', client_ca_file: 'ca' })).toMatchObject({
      client_ca_file: 'ca',
    })
  })
})

describe('what is shown', () => {
  const schema = z.strictObject({
    interval: duration().default(90_000).describe('How often.'),
    limit: bytes().default(1024).describe('How much.'),
    name: regex().default(new LazyRegex('^a$')).describe('What.'),
    password: secret().optional().describe('Not this.'),
    tls: tlsClient().optional().describe('TLS.'),
    users: z.array(z.strictObject({ name: z.string(), token: secret() })).default([]),
    headers: z.record(z.string(), secret()).prefault({}).describe('Sent along.'),
    labels: stringMap().default({}),
  })

  test('JSON Schema has defaults as one writes them', () => {
    expect(inputSchema(schema).properties).toMatchObject({
      interval: { default: '1m30s', description: 'How often.' },
      limit: { default: '1KiB' },
      name: { default: '^a$' },
      password: { writeOnly: true },
    })
  })

  test('the table of settings has every key, also of sections and lists', () => {
    const rows = new Map(settingsOf(schema).map(({ key, ...rest }) => [key, rest]))
    expect(rows.get('interval')).toEqual({
      type: 'duration',
      default: '1m30s',
      required: false,
      description: 'How often.',
    })
    expect(rows.get('tls.min_version')?.type).toBe('`1.0`, `1.1`, `1.2`, `1.3`')
    expect(rows.get('users')?.type).toBe('list of section')
    expect(rows.get('users[].token')).toMatchObject({ type: 'text', required: true })
    expect(rows.get('labels')?.type).toBe('name: text')
  })

  test('secrets are not, wherever they stand', () => {
    const given = {
      interval: '1s',
      password: 'p',
      tls: { key_pem: 'k', cert_file: 'c' },
      users: [{ name: 'n', token: 't' }],
      headers: { a: 'h' },
    }
    expect(redact(schema, given)).toEqual({
      interval: '1s',
      password: '[redacted]',
      tls: { key_pem: '[redacted]', cert_file: 'c' },
      users: [{ name: 'n', token: '[redacted]' }],
      headers: { a: '[redacted]' },
    })
  })
})

test('a fingerprint changes with a value and not with the order of keys, and shows neither', () => {
  const one = fingerprint({ a: 1, b: { c: [1, 2], d: 'secret' } })
  expect(fingerprint({ b: { d: 'secret', c: [1, 2] }, a: 1 })).toBe(one)
  expect(fingerprint({ a: 1, b: { c: [2, 1], d: 'secret' } })).not.toBe(one)
  expect(fingerprint({ a: '1' })).not.toBe(fingerprint({ a: 1 }))
  expect(fingerprint({ a: Infinity })).not.toBe(fingerprint({ a: null }))
  expect(one).not.toContain('secret')
})

test('the nearest word is one that could have been meant', () => {
  const words = ['endpoint', 'timeout', 'tls', 'headers']
  expect(
    ['endpont', 'endpiont', 'time-out', 'TLS', 'tsl', 'header', 'colour', 'x'].map(word => nearest(word, words)),
  ).toEqual(['endpoint', 'endpoint', 'timeout', 'tls', 'tls', 'headers', undefined, undefined])
})
