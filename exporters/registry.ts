import type { ExporterDefinition } from '../src/component/define.ts'

import { debug } from './debug/exporter.ts'

/** Every exporter: one line each. */
export const exporters: readonly ExporterDefinition[] = [debug]
