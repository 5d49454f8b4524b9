import type { Definition, DefinitionOf } from '../../src/component/define.ts'
import type { Kind, Signal } from '../../src/component/types.ts'
import type { AgentConfig, ComponentConfig, PipelineConfig } from '../../src/config/model.ts'

/** A component of a checked config, without a file behind it. */
export interface Given {
  id: string
  definition: Definition
  config?: unknown
  /** Ids of the extensions that the config names. */
  uses?: readonly string[]
}

/** A checked config made by hand: components, and pipelines as `'metrics: r1 r2 -> p1 -> e1 e2'`. */
export function agentConfig(components: Given[], pipelines: string[], extensions: string[] = []): AgentConfig {
  const of = <K extends Kind>(kind: K) => {
    const own = components.filter(({ definition }) => definition.kind === kind)
    const checked = own.map(({ id, definition, config = {}, uses }) => {
      const component: ComponentConfig = {
        id,
        definition,
        config,
        fingerprint: JSON.stringify(config),
        path: [`${kind}s`, id],
        ...(uses && { uses: new Map(uses.map(used => [used, used])) }),
      }
      return [id, component as ComponentConfig<DefinitionOf<K>>] as const
    })
    return new Map(checked)
  }
  return {
    components: {
      receiver: of('receiver'),
      processor: of('processor'),
      exporter: of('exporter'),
      connector: of('connector'),
      extension: of('extension'),
    },
    service: {
      extensions,
      pipelines: pipelines.map(pipeline),
      shutdownTimeoutMs: 4000,
      workers: 1,
      admin: { endpoint: '127.0.0.1:0' },
      telemetry: { logs: { level: 'info', encoding: 'console' }, metrics: { level: 'normal' }, resource: {} },
    },
    locate: path => path.join('.'),
  }
}

function pipeline(text: string): PipelineConfig {
  const [id, chain] = text.split(': ')
  const stages = chain.split('->').map(stage => stage.trim().split(' ').filter(Boolean))
  const [receivers, exporters] = [stages[0], stages[stages.length - 1]]
  return { id, signal: id.split('/')[0] as Signal, receivers, processors: stages.slice(1, -1).flat(), exporters }
}
