import { describe, expect, test } from 'vitest'
import { acceptsGzip, negotiate, OFFERS } from './negotiate.ts'

const PROTOBUF = 'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited'
/** Accept headers as these versions send them. */
const PROMETHEUS_2_42 =
  'application/openmetrics-text;version=1.0.0;q=0.8,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1'
const PROMETHEUS_2_42_NATIVE = `${PROTOBUF},${PROMETHEUS_2_42}`
const PROMETHEUS_3 =
  'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2'
const PROMETHEUS_3_NATIVE = `${PROTOBUF};q=0.7,${PROMETHEUS_3}`
const PROMETHEUS_3_LEGACY_NAMES = PROMETHEUS_3.replaceAll('allow-utf-8', 'underscores')

const OPENMETRICS = 'application/openmetrics-text; version=1.0.0; charset=utf-8; escaping='
const TEXT = 'text/plain; version=0.0.4; charset=utf-8; escaping='
const TEXT_1 = 'text/plain; version=1.0.0; charset=utf-8; escaping='
const PROTO = 'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited; escaping='

describe('the format of a page', () => {
  const cases: [string, keyof typeof OFFERS, string | undefined, string][] = [
    ['nobody asks', 'openMetrics', undefined, `${TEXT}underscores`],
    ['a browser asks', 'openMetrics', 'text/html,application/xhtml+xml,*/*;q=0.8', `${TEXT}underscores`],
    ['Prometheus 2.42', 'openMetrics', PROMETHEUS_2_42, `${OPENMETRICS}underscores`],
    ['Prometheus 2.42 with native histograms', 'openMetrics', PROMETHEUS_2_42_NATIVE, `${PROTO}underscores`],
    ['Prometheus 2.42', 'plain', PROMETHEUS_2_42, `${TEXT}underscores`],
    ['Prometheus 3', 'openMetrics', PROMETHEUS_3, `${OPENMETRICS}allow-utf-8`],
    ['Prometheus 3 with legacy names', 'openMetrics', PROMETHEUS_3_LEGACY_NAMES, `${OPENMETRICS}underscores`],
    ['Prometheus 3 with native histograms', 'openMetrics', PROMETHEUS_3_NATIVE, `${PROTO}underscores`],
    ['Prometheus 3', 'plain', PROMETHEUS_3, `${TEXT_1}allow-utf-8`],
    // What client_golang answers: an escaping that was said before holds for a later range.
    ['Prometheus 3', 'dropIn', PROMETHEUS_3, `${TEXT}allow-utf-8`],
    ['Prometheus 3 with native histograms', 'dropIn', PROMETHEUS_3_NATIVE, `${PROTO}underscores`],
    ['protobuf as text', 'openMetrics', PROTOBUF.replace('delimited', 'text'), `${TEXT}underscores`],
    ['another version of text', 'plain', 'text/plain;version=9;escaping=dots', `${TEXT}dots`],
    ['an escaping that nobody knows', 'plain', 'text/plain;escaping=x', `${TEXT}underscores`],
    ['a range with q=0', 'openMetrics', 'application/openmetrics-text;version=1.0.0;q=0', `${TEXT}underscores`],
    [
      'OpenMetrics without version',
      'openMetrics',
      'application/openmetrics-text',
      `${OPENMETRICS.replace('1.0.0', '0.0.1')}underscores`,
    ],
  ]
  test.each(cases)('%s, offered %s', (_, offers, accept, contentType) => {
    expect(negotiate(accept, OFFERS[offers]).contentType).toBe(contentType)
  })
})

test.each([
  [undefined, false],
  ['gzip', true],
  ['zstd,gzip', true],
  ['gzip;q=0', false],
  ['identity', false],
  ['deflate, GZIP;q=0.5', true],
])('Accept-Encoding %j takes gzip: %j', (header, takes) => {
  expect(acceptsGzip(header)).toBe(takes)
})
