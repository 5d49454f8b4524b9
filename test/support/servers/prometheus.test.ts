import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type Prometheus, startPrometheus } from './prometheus.ts'
import { checkMetrics } from './promtool.ts'
import { describeWith } from './requires.ts'

const page = '# HELP water_total Water.\n# TYPE water_total counter\nwater_total{mill="upper"} 7\n'

describeWith(['prometheus'], 'a Prometheus started for a test', () => {
  const target = createServer((_request, response) => response.end(page))
  let prometheus: Prometheus

  beforeAll(async () => {
    await new Promise<void>(resolve => target.listen(0, '127.0.0.1', resolve))
    const { port } = target.address() as AddressInfo
    prometheus = await startPrometheus({ scrape: { mill: `127.0.0.1:${port}` } })
  })
  afterAll(async () => {
    await prometheus?.stop()
    target.close()
  })

  test('answers queries about what it scraped', async () => {
    const sample = await vi.waitFor(
      async () => {
        const [sample] = await prometheus.query('water_total')
        expect(sample).toBeDefined()
        return sample
      },
      { timeout: 15_000, interval: 200 },
    )
    expect(sample.metric).toMatchObject({ job: 'mill', mill: 'upper' })
    expect(sample.value[1]).toBe('7')
    expect((await prometheus.targets()).map(({ health }) => health)).toEqual(['up'])
  })

  test('says what is wrong with a query', async () => {
    await expect(prometheus.query('water_total{')).rejects.toThrow(/parse error/)
  })

  test('is gone after stop', async () => {
    const other = await startPrometheus()
    await other.stop()
    await expect(fetch(`${other.url}/-/ready`)).rejects.toThrow()
  })

  test('that refuses its configuration is reported with its own words', async () => {
    await expect(startPrometheus({ config: { no_such_key: 1 } })).rejects.toThrow(/no_such_key/)
  })
})

describeWith(['promtool'], 'promtool', () => {
  test('finds nothing wrong with a good page', async () => {
    expect(await checkMetrics(page)).toEqual([])
  })

  test('names the metric that has a fault', async () => {
    const [line] = await checkMetrics('# HELP drops Drops.\n# TYPE drops counter\ndrops 1\n')
    expect(line).toContain('drops counter metrics should have "_total" suffix')
  })

  test('refuses a page that does not parse', async () => {
    expect((await checkMetrics('water_total{ 7\n')).join()).toContain('error while linting')
  })
})
