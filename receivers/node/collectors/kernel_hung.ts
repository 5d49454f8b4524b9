import { counter } from '../../../src/telemetry/metrics/descriptor.ts'
import { family } from '../../../src/telemetry/metrics/emitter.ts'
import { defineCollector, NoData } from '../collector.ts'

const tasks = family(
  counter(
    'node_kernel_hung_tasks_total',
    'Total number of tasks that have been detected as hung since the system booted.',
  ),
)
const FILE = 'sys/kernel/hung_task_detect_count'

/** Tasks that hung. Source: the kernel's sysctl/kernel.rst, hung_task_detect_count (Linux 6.13). */
export const kernelHung = defineCollector({
  name: 'kernel_hung',
  defaultEnabled: true,
  flags: {},
  families: [tasks],
  create: (_flags, { proc }) => ({
    collect(samples) {
      if (!proc.exists(FILE)) throw new NoData('the kernel does not count hung tasks')
      samples.emit(tasks, proc.number(FILE))
    },
  }),
})
