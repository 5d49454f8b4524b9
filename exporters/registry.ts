import type { ExporterDefinition } from '../src/component/define.ts'

import { debug } from './debug/exporter.ts'
import { nop } from './nop/exporter.ts'
import { prometheus } from './prometheus/exporter.ts'

/** Every exporter: one line each. */
export const exporters: readonly ExporterDefinition[] = [debug, nop, prometheus]
