import { expect, onTestFinished, test } from 'vitest'
import type { MetricType } from '../../src/prometheus/exposition.ts'
import { readPage } from '../../src/prometheus/read_page.ts'
import { counter, type Descriptor, gauge, untyped } from '../../src/telemetry/metrics/descriptor.ts'
import { startExporter } from '../support/prometheus_exporter.ts'
import { startNodeExporter } from '../support/servers/node_exporter.ts'
import { describeWith } from '../support/servers/requires.ts'

const MAKERS: Partial<Record<MetricType, (name: string, help: string) => Descriptor>> = {
  counter,
  gauge,
  unknown: untyped,
}

/** Leaves out families that have a label with an empty value: that is no label, and is not kept. */
function withoutEmptyLabels(page: string): string {
  return page
    .split(/^(?=# HELP )/m)
    .filter(family => !family.includes('=""'))
    .join('')
}

describeWith(['node_exporter'], 'a page of the real node_exporter', () => {
  test('read and shown again by a drop-in exporter is the same, byte by byte', async () => {
    const real = await startNodeExporter(['--web.disable-exporter-metrics'])
    onTestFinished(() => real.stop())
    const page = withoutEmptyLabels(await (await fetch(`${real.url}/metrics`)).text())
    const { families, samples } = readPage(Buffer.from(page), 'text')
    const one = await startExporter({ drop_in: true })
    onTestFinished(() => one.stop())
    const descriptors = new Map(
      [...families].map(([name, { type, help = '' }]) => {
        const make = MAKERS[type as MetricType]
        if (!make) throw new Error(`${name} is a ${type}`)
        return [name, make(name, help)] as const
      }),
    )
    const points = samples.map(({ name, labels, value }) => ({
      metric: descriptors.get(name) as Descriptor,
      labels,
      value,
    }))
    // In another order than they are to be shown in.
    one.push(...points.reverse())
    const shown = await one.scrape()
    expect(points.length).toBeGreaterThan(200)
    expect(shown.text.split('\n')).toEqual(page.split('\n'))
    expect(shown.contentType).toBe('text/plain; version=0.0.4; charset=utf-8; escaping=underscores')
  })
})
