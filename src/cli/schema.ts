import { loadComponents } from '../components.ts'
import { configSchema } from '../config/schema.ts'
import { EXIT } from '../exit_codes.ts'
import type { Terminal } from './terminal.ts'

/** Prints the JSON Schema of config files. */
export async function printSchema({ out }: Terminal): Promise<number> {
  out(`${JSON.stringify(configSchema(await loadComponents()), null, 2)}\n`)
  return EXIT.ok
}
