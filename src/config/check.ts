import type { Components, Definition } from '../component/define.ts'
import { KINDS, type Kind } from '../component/types.ts'
import { ADMIN_PATHS, type Claim, checkAddresses, claims } from './addresses.ts'
import { checkConnections } from './connections.ts'
import { type ComponentId, Declarations, formatId, lookUp, parseId, SECTIONS, unknownType } from './declared.ts'
import { fingerprint } from './fingerprint.ts'
import type { Finding } from './issues.ts'
import type { AgentConfig, ComponentConfig, ConfigPath, PipelineConfig, ServiceConfig } from './model.ts'
import { hint } from './nearest.ts'
import { formatPlace } from './problems.ts'
import { checkExtensions, checkPipeline } from './references.ts'
import { ignoredTelemetry, pipelineSchema, type ServiceInput, serviceSchema, telemetryConfig } from './service.ts'
import { settle } from './settle.ts'
import { child, emptyMap, locate, type MapNode, type Tree, toValue } from './tree.ts'
import { checkUses } from './uses.ts'

export interface Checked {
  /** Undefined when there are findings. */
  readonly config?: AgentConfig
  readonly findings: Finding[]
  readonly warnings: Finding[]
}

/** Checks a config whose references are resolved, and finds everything that is wrong with it at once. */
export function checkConfig(root: MapNode, components: Components): Checked {
  return new Check(root, components).run()
}

class Check {
  readonly #root: MapNode
  readonly #components: Components
  readonly #findings: Finding[] = []
  readonly #warnings: Finding[] = []
  readonly #declarations: Declarations
  readonly #checked = new Map(KINDS.map(kind => [kind, new Map<string, ComponentConfig>()]))

  constructor(root: MapNode, components: Components) {
    this.#root = root
    this.#components = components
    this.#declarations = new Declarations(components)
  }

  run(): Checked {
    this.#checkRootKeys()
    for (const [section, kind] of Object.entries(SECTIONS)) this.#checkSection(section, kind)
    const service = this.#checkService()
    if (!service || this.#findings.length > 0) return { findings: this.#findings, warnings: this.#warnings }
    const config = {
      components: this.#byKind(),
      service,
      locate: (path: ConfigPath) => formatPlace(locate(this.#root, path)),
    }
    return { config, findings: [], warnings: this.#warnings }
  }

  #find(path: ConfigPath, message: string, atKey = false): void {
    this.#findings.push({ path, message, atKey })
  }

  #add(path: ConfigPath, findings: readonly Finding[]): void {
    for (const finding of findings) this.#findings.push({ ...finding, path: [...path, ...finding.path] })
  }

  #checkRootKeys(): void {
    const known = [...Object.keys(SECTIONS), 'service']
    for (const key of this.#root.entries.keys()) {
      if (known.includes(key)) continue
      this.#find([key], `unknown key${hint(key, known) || `; the sections are ${known.join(', ')}`}`, true)
    }
  }

  #checkSection(section: string, kind: Kind): void {
    const tree = child(this.#root, section)
    if (!tree || isEmpty(tree)) return
    if (tree.kind === 'map') for (const key of tree.entries.keys()) this.#checkComponent(kind, [section, key], key)
    else this.#find([section], `expected ids of ${section}, each with its settings`)
  }

  #checkComponent(kind: Kind, path: ConfigPath, key: string): void {
    const parsed = parseId(key)
    const before = this.#declarations.find([kind], key)
    if (!parsed) this.#find(path, 'not a component id: write type or type/name', true)
    else if (before) this.#find(path, `the same ${kind} as "${before.key}"`, true)
    else this.#declare(kind, path, key, parsed)
  }

  #declare(kind: Kind, path: ConfigPath, key: string, { type, name }: ComponentId): void {
    const twin = kind === 'connector' && this.#declarations.find(['receiver', 'exporter'], key)
    if (twin) this.#find(path, `there is ${twin.kind} "${twin.key}" too: give one of them another name`, true)
    const definition = lookUp(this.#components, kind, type)
    const id = formatId({ type: definition?.type ?? type, name })
    this.#declarations.add({ kind, id, key, path, definition })
    if (definition) this.#checkSettings(definition, id, path)
    else this.#find(path, unknownType(this.#components, kind, type), true)
  }

  #checkSettings(definition: Definition, id: string, path: ConfigPath): void {
    const section = child(this.#root, path[0]) as MapNode
    const entry = section.entries.get(String(path[1]))
    if (!entry || entry.value.broken) return
    if (isEmpty(entry.value)) entry.value = emptyMap(entry.keyPlace)
    const settled = settle(definition.config, entry.value)
    if (settled.findings) this.#add(path, settled.findings)
    else this.#keep(definition, id, path, settled.config, entry.value)
  }

  #keep(definition: Definition, id: string, path: ConfigPath, config: unknown, tree: Tree): void {
    this.#add(path, definition.validate?.(config) ?? [])
    const component = { id, definition, config, fingerprint: fingerprint(toValue(tree)), path }
    this.#checked.get(definition.kind)?.set(id, component)
  }

  #checkService(): ServiceConfig | undefined {
    const entry = this.#root.entries.get('service')
    if (!entry || isEmpty(entry.value)) {
      const pipelines = 'missing: service.pipelines says which receivers feed which exporters'
      this.#find(['service'], pipelines)
      return undefined
    }
    const settled = settle(serviceSchema, entry.value)
    if (settled.findings) this.#add(['service'], settled.findings)
    const pipelines = this.#checkPipelines(entry.value)
    const extensions = this.#checkExtensionIds(entry.value)
    if (settled.findings) return undefined
    const { telemetry, admin, shutdown_timeout, workers } = settled.config
    for (const { path, message } of ignoredTelemetry(telemetry)) {
      this.#warnings.push({ path: ['service', 'telemetry', ...path], message })
    }
    if (this.#findings.length === 0) this.#warnUnused(pipelines, extensions)
    this.#checkClaims(pipelines, extensions, admin)
    this.#checkUses(pipelines, extensions)
    return {
      extensions,
      pipelines,
      shutdownTimeoutMs: shutdown_timeout,
      workers,
      admin,
      telemetry: telemetryConfig(telemetry),
    }
  }

  /** Each pipeline by itself, so that a mistake in one hides nothing in the others. */
  #checkPipelines(service: Tree): PipelineConfig[] {
    const tree = child(service, 'pipelines')
    if (tree && !isEmpty(tree) && tree.kind !== 'map') return []
    const entries = tree?.kind === 'map' ? [...tree.entries] : []
    if (entries.length === 0 && !tree?.broken)
      this.#find(['service', 'pipelines'], 'missing: at least one pipeline is needed')
    const pipelines = entries.flatMap(([id, { value }]) => {
      const settled = settle(pipelineSchema, value)
      if (settled.findings) return []
      const { pipeline, problems } = checkPipeline(id, settled.config, this.#declarations)
      this.#add([], problems)
      return pipeline ? [pipeline] : []
    })
    this.#add([], checkConnections(pipelines, this.#declarations))
    return pipelines
  }

  #checkExtensionIds(service: Tree): string[] {
    const tree = child(service, 'extensions')
    const settled = tree && settle(serviceSchema.shape.extensions, tree)
    if (!settled || settled.findings) return []
    const { ids, problems } = checkExtensions(settled.config, this.#declarations)
    this.#add([], problems)
    return ids
  }

  #warnUnused(pipelines: readonly PipelineConfig[], extensions: readonly string[]): void {
    for (const { definition, id, path } of this.#checkedComponents()) {
      if (isUsed(definition.kind, id, pipelines, extensions)) continue
      const where = definition.kind === 'extension' ? 'service.extensions does not name it' : 'no pipeline names it'
      this.#warnings.push({ path, message: `is not run: ${where}`, atKey: true })
    }
  }

  /** Addresses of what runs; the admin server's count too. */
  #checkClaims(
    pipelines: readonly PipelineConfig[],
    extensions: readonly string[],
    admin: ServiceInput['admin'],
  ): void {
    const all: Claim[] = [{ path: ['service', 'admin', 'endpoint'], endpoint: admin.endpoint, paths: ADMIN_PATHS }]
    for (const { definition, id, path, config } of this.#checkedComponents()) {
      if (!isUsed(definition.kind, id, pipelines, extensions)) continue
      all.push(...claims(path, definition.listens?.(config) ?? []))
    }
    this.#add([], checkAddresses(all))
  }

  #checkUses(pipelines: readonly PipelineConfig[], extensions: readonly string[]): void {
    const declared = this.#checked.get('extension') as Map<string, ComponentConfig>
    for (const component of [...this.#checkedComponents()]) {
      const { definition, id } = component
      if (!isUsed(definition.kind, id, pipelines, extensions)) continue
      const { uses, problems } = checkUses(component, this.#declarations, declared, extensions)
      this.#add([], problems)
      if (uses.size > 0) this.#checked.get(definition.kind)?.set(id, { ...component, uses })
    }
  }

  /** A definition came out of the map of its kind, which the type of a Map can't say. */
  #byKind(): AgentConfig['components'] {
    return Object.fromEntries(this.#checked) as unknown as AgentConfig['components']
  }

  *#checkedComponents(): Iterable<ComponentConfig> {
    for (const byId of this.#checked.values()) yield* byId.values()
  }
}

function isUsed(kind: Kind, id: string, pipelines: readonly PipelineConfig[], extensions: readonly string[]): boolean {
  if (kind === 'extension') return extensions.includes(id)
  if (kind === 'processor') return pipelines.some(({ processors }) => processors.includes(id))
  return pipelines.some(({ receivers, exporters }) => (kind === 'receiver' ? receivers : exporters).includes(id))
}

const isEmpty = (tree: Tree) => tree.kind === 'scalar' && tree.value === null && !tree.broken
