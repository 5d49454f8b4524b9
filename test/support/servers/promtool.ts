import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { type PrometheusVersion, prometheusProgram } from './prometheus.ts'

/**
 * The lines that `promtool check metrics` prints about an exposition page (text 0.0.4): empty when it finds nothing.
 * Those of the linter read `<metric> <advice>`; a page that does not parse gives one line with its error.
 */
export async function checkMetrics(page: string, bin: PrometheusVersion = 'debian'): Promise<string[]> {
  const { path, env } = await prometheusProgram('promtool', bin)
  const child = spawn(path, ['check', 'metrics'], { env, stdio: 'pipe' })
  child.stdin.on('error', () => {}) // it may stop reading at the first error
  child.stdin.end(page)
  const output = await Promise.all([text(child.stdout), text(child.stderr)])
  return output
    .join('')
    .split('\n')
    .filter(line => line !== '')
}
