import type { CollectorDefinition } from '../collector.ts'
import { cpu } from './cpu.ts'
import { diskstats } from './diskstats.ts'
import { filesystem } from './filesystem.ts'
import { loadavg } from './loadavg.ts'
import { meminfo } from './meminfo.ts'
import { netdev } from './netdev.ts'
import { stat } from './stat.ts'
import { time } from './time.ts'
import { uname } from './uname.ts'

/** Every collector: one line each. */
export const collectors: readonly CollectorDefinition[] = [
  cpu,
  diskstats,
  filesystem,
  loadavg,
  meminfo,
  netdev,
  stat,
  time,
  uname,
]
