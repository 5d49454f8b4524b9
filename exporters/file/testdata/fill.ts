// Writes batches to a file until one fails, then says how many were delivered and why it ended.
import { failure, sender, traces } from '../../../test/otlp_export/sending.ts'
import { file } from '../exporter.ts'

process.on('SIGXFSZ', () => {})
const { send } = await sender(file, { path: process.argv[2] })
let delivered = 0
for (; ; delivered++) {
  const outcome = send(traces(50))
  const failed = await outcome.then(
    () => undefined,
    () => failure(outcome),
  )
  if (!failed) continue
  const { configKey: _, ...shown } = failed
  console.log(JSON.stringify({ delivered, failed: shown }))
  break
}
process.exit()
