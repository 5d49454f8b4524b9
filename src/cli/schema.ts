import { components } from '../components.ts'
import { configSchema } from '../config/schema.ts'
import { EXIT } from '../exit_codes.ts'
import type { Terminal } from './terminal.ts'

/** Prints the JSON Schema of config files. */
export function printSchema({ out }: Terminal): number {
  out(`${JSON.stringify(configSchema(components), null, 2)}\n`)
  return EXIT.ok
}
