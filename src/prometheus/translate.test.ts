import { describe, expect, test } from 'vitest'
import { type TranslationStrategy, translateLabel, translateName, translateUnit } from './translate.ts'

type Kind = 'counter' | 'gauge' | 'histogram'
const metric = (name: string, unit: string, kind: Kind) => ({
  name,
  unit,
  kind: kind === 'counter' ? ('sum' as const) : kind,
  monotonic: kind === 'counter',
})

// The expected names are what Prometheus' own translator (github.com/prometheus/otlptranslator 1.0) makes of these.
describe('UnderscoreEscapingWithSuffixes', () => {
  const names: [string, string, Kind, string][] = [
    ['http.server.duration', 's', 'histogram', 'http_server_duration_seconds'],
    ['http.server.requests', '{request}', 'counter', 'http_server_requests_total'],
    ['http.server.requests', '1', 'counter', 'http_server_requests_total'],
    ['system.cpu.utilization', '1', 'gauge', 'system_cpu_utilization_ratio'],
    ['system.memory.usage', 'By', 'gauge', 'system_memory_usage_bytes'],
    ['memory_usage_bytes', 'By', 'gauge', 'memory_usage_bytes'],
    ['total_time_total', 's', 'counter', 'time_seconds_total'],
    ['disk.io', 'By/s', 'gauge', 'disk_io_bytes_per_second'],
    ['disk.io', '{op}/s', 'gauge', 'disk_io_per_second'],
    ['disk.io', 'By/{op}', 'gauge', 'disk_io_bytes'],
    ['speed', 'm/s', 'gauge', 'speed_meters_per_second'],
    ['odd', 'foo__bar/', 'gauge', 'odd_foo_bar'],
    ['a..b__c', '', 'gauge', 'a_b_c'],
    ['9lives', '', 'gauge', '_9lives'],
    ['temperature.°', 'Cel', 'gauge', 'temperature_celsius'],
    ['job:rate5m', '', 'gauge', 'job:rate5m'],
  ]
  test.each(names)('%s in %j, a %3$s, is %s', (name, unit, kind, expected) => {
    expect(translateName(metric(name, unit, kind), '', 'UnderscoreEscapingWithSuffixes')).toBe(expected)
  })

  test('a namespace stands before all of it', () => {
    expect(translateName(metric('9a', 's', 'gauge'), 'shop', 'UnderscoreEscapingWithSuffixes')).toBe('shop_9a_seconds')
  })

  test('a name of which nothing is left is none', () => {
    expect(translateName(metric('°', '', 'gauge'), '', 'UnderscoreEscapingWithSuffixes')).toBeUndefined()
    expect(translateName(metric('__x', '', 'gauge'), '', 'UnderscoreEscapingWithoutSuffixes')).toBe('__x')
    expect(translateName(metric('°__', '', 'gauge'), '', 'UnderscoreEscapingWithoutSuffixes')).toBeUndefined()
  })
})

describe('the other strategies', () => {
  const names: [TranslationStrategy, string][] = [
    ['UnderscoreEscapingWithoutSuffixes', 'http_server__errors'],
    ['NoUTF8EscapingWithSuffixes', 'http.server__errors_bytes_per_second_total'],
    ['NoTranslation', 'http.server__errors'],
  ]
  test.each(names)('%s makes %s', (strategy, expected) => {
    expect(translateName(metric('http.server__errors', 'By/s', 'counter'), '', strategy)).toBe(expected)
  })

  test('suffixes are not added twice', () => {
    const strategy = 'NoUTF8EscapingWithSuffixes'
    expect(translateName(metric('a.seconds.total', 's', 'counter'), '', strategy)).toBe('a.seconds_total')
    expect(translateName(metric('used.ratio', '1', 'gauge'), '', strategy)).toBe('used_ratio')
  })
})

describe('labels and units', () => {
  test.each([
    ['http.method', 'http_method'],
    ['a..b', 'a_b'],
    ['1st', 'key_1st'],
    ['__name.x__', '__name_x__'],
    ['_private', '_private'],
    ['...', undefined],
    ['', undefined],
  ])('the attribute %j has the label %j', (attribute, label) => {
    expect(translateLabel(attribute, 'UnderscoreEscapingWithSuffixes')).toBe(label)
  })

  test('NoTranslation keeps attributes as they are', () => {
    expect(translateLabel('http.méthod', 'NoTranslation')).toBe('http.méthod')
  })

  test.each([
    ['By/s', 'bytes_per_second'],
    ['{request}', ''],
    ['1', ''],
    ['°x_', 'x'],
  ])('UNIT says of %j: %j', (unit, text) => {
    expect(translateUnit(unit, 'UnderscoreEscapingWithSuffixes')).toBe(text)
  })
})
