import { LazyRegex } from '../../src/config/lazy_regex.ts'

/** Names that a list of patterns takes: `*` and `?` as in file names, `/…/` is a regular expression of the whole name. */
export class NameFilter {
  readonly #include: readonly LazyRegex[]
  readonly #exclude: readonly LazyRegex[]

  constructor(include: readonly string[], exclude: readonly string[]) {
    this.#include = include.map(pattern => new LazyRegex(patternSource(pattern)))
    this.#exclude = exclude.map(pattern => new LazyRegex(patternSource(pattern)))
  }

  /** No `include` takes everything; `exclude` beats it. */
  takes(name: string): boolean {
    if (this.#include.length > 0 && !this.#include.some(pattern => pattern.matches(name))) return false
    return !this.#exclude.some(pattern => pattern.matches(name))
  }
}

function patternSource(pattern: string): string {
  if (pattern.length > 1 && pattern.startsWith('/') && pattern.endsWith('/')) return pattern.slice(1, -1)
  return pattern.replace(/[.*+?^${}()|[\]\\]/g, char => (char === '*' ? '.*' : char === '?' ? '.' : `\\${char}`))
}

/** What is wrong with a pattern, or undefined. */
export function patternError(pattern: string): string | undefined {
  try {
    new LazyRegex(patternSource(pattern)).matches('')
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
