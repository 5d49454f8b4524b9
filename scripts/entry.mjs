#!/usr/bin/env node
// What a file imports statically before the cache is enabled is not cached: hence the import() below.
import module from 'node:module'

module.enableCompileCache()
const { main } = await import('./millrace-main.mjs')
// A process that a signal ends writes no cache, so it is written as soon as everything needed has been loaded.
await main(process.argv.slice(2), { onReady: () => module.flushCompileCache() })
