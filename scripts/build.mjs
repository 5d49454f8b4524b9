// npm run build: sets up and writes dist/.
import { bundleOrExit } from './bundle.mjs'
import { setUp } from './setup.mjs'

setUp()
for (const { path, sizeBytes } of await bundleOrExit()) {
  process.stdout.write(`${(sizeBytes / 1024).toFixed(1).padStart(8)} kB  ${path}\n`)
}
