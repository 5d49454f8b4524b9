import type { Components } from '../component/define.ts'
import { defaultConfig } from '../config/default_config.ts'
import { type Loaded, loadConfig } from '../config/load.ts'
import type { Terminal } from './terminal.ts'

/** Loads what `--config` names, or the embedded default. */
export function loadConfigFiles(files: readonly string[], components: Components, terminal: Terminal): Loaded {
  const sources = files.length > 0 ? files : [{ name: 'default config', text: defaultConfig(terminal.env) }]
  return loadConfig({ files: sources, components, env: terminal.env, readFile: path => terminal.readFile(path) })
}
