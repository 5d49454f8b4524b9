import type { ExporterDefinition } from '../src/component/define.ts'

import { debug } from './debug/exporter.ts'
import { file } from './file/exporter.ts'
import { nop } from './nop/exporter.ts'
import { otlpGrpc } from './otlp_grpc/exporter.ts'
import { otlpHttp } from './otlp_http/exporter.ts'
import { prometheus } from './prometheus/exporter.ts'

/** Every exporter: one line each. */
export const exporters: readonly ExporterDefinition[] = [debug, file, nop, otlpGrpc, otlpHttp, prometheus]
