import { describe, test } from 'vitest'
import { findProgram } from '../../../scripts/servers.ts'
import { locate } from '../../peers/build.mjs'
import { opentelemetryPython } from '../otlp/python.ts'

const isRoot = process.getuid?.() === 0

/** Requirement → why it is not met here, undefined where it is. */
const requirements = {
  prometheus: () => noProgram('prometheus'),
  promtool: () => noProgram('promtool'),
  'systemd-analyze': () => noProgram('systemd-analyze'),
  dockerd: () => (isRoot ? noProgram('dockerd') : 'dockerd must be started by root'),
  'prometheus 3.15': () => noPeer('prometheus'),
  telemetrygen: () => noPeer('telemetrygen'),
  'OpenTelemetry for Python': () => opentelemetryPython.obtain(),
  node_exporter: () => noPeer('node_exporter'),
  'OpenTelemetry Collector': () => noPeer('otelcol'),
}

export type Requirement = keyof typeof requirements

/** A `describe` whose tests need real servers: where one cannot be had, a single skipped test says which and why. */
export function describeWith(needs: Requirement[], name: string, body: () => void) {
  const reason = needs.map(need => requirements[need]()).find(reason => reason !== undefined)
  describe(name, reason === undefined ? body : () => test('has its servers', ({ skip }) => skip(reason)))
}

function noProgram(name: string): string | undefined {
  return findProgram(name) ? undefined : `no program ${name}`
}

function noPeer(name: string): string | undefined {
  return locate(name).built ? undefined : `peer ${name} is not built: node test/peers/build.mjs ${name}`
}
