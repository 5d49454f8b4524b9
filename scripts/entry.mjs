#!/usr/bin/env node
// What a file imports statically before the cache is enabled is not cached: hence the import() below.
import module from 'node:module'

// Never in /tmp, where Node would put it: whoever can write the cache decides what runs.
const { NODE_COMPILE_CACHE, XDG_CACHE_HOME, HOME } = process.env
const caches = XDG_CACHE_HOME || (HOME && `${HOME}/.cache`)
if (NODE_COMPILE_CACHE || caches) module.enableCompileCache(NODE_COMPILE_CACHE || `${caches}/millrace`)

const { main } = await import('./millrace-main.mjs')
// A process that a signal ends writes no cache, so it is written as soon as everything needed has been loaded.
process.exitCode = await main(process.argv.slice(2), { onReady: () => module.flushCompileCache() })
