import type { Components } from '../component/define.ts'
import { KINDS, type Kind } from '../component/types.ts'
import { loadComponents } from '../components.ts'
import type { AgentConfig, PipelineConfig } from '../config/model.ts'
import { formatProblem } from '../config/problems.ts'
import { EXIT } from '../exit_codes.ts'
import { loadConfigFiles } from './config_files.ts'
import type { Terminal } from './terminal.ts'

/** Checks a config and shows its pipelines, or everything that is wrong with it. Opens nothing. */
export async function validate(files: readonly string[], terminal: Terminal, known?: Components): Promise<number> {
  const components = known ?? (await loadComponents())
  const { config, problems, warnings } = loadConfigFiles(files, components, terminal)
  for (const warning of warnings) terminal.err(`warning: ${warning}\n`)
  for (const problem of problems) terminal.err(`${formatProblem(problem)}\n`)
  if (!config) {
    terminal.err(`config refused: ${count(problems.length, 'problem')}\n`)
    return EXIT.refused
  }
  terminal.out(`config ok: ${summary(config)}\n`)
  for (const pipeline of config.service.pipelines) terminal.out(`\n${picture(pipeline, config)}`)
  return EXIT.ok
}

function summary({ components, service }: AgentConfig): string {
  const counted = KINDS.map((kind): [number, Kind] => [components[kind].size, kind]).filter(([size]) => size > 0)
  return [...counted.map(([size, kind]) => count(size, kind)), count(service.pipelines.length, 'pipeline')].join(', ')
}

const count = (size: number, noun: string) => `${size} ${noun}${size === 1 ? '' : 's'}`

/** A pipeline as lines: what feeds it, the processors that follow one another, and everything that gets its data. */
function picture({ id, receivers, processors, exporters }: PipelineConfig, config: AgentConfig): string {
  const { connector } = config.components
  const mark = (component: string) => (connector.has(component) ? `${component} (connector)` : component)
  const chain = processors.length > 0 ? [`    → ${processors.join(' → ')}`] : []
  const indent = processors.length > 0 ? '      ' : '    '
  const ends = exporters.map(exporter => `${indent}→ ${mark(exporter)}`)
  return `${[id, `  ${receivers.map(mark).join(', ')}`, ...chain, ...ends].join('\n')}\n`
}
