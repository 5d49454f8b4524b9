import type { LazyRegex } from '../../src/config/lazy_regex.ts'
import type { FlagProblem } from './collector.ts'

/** Names whose verdict is kept; beyond it all are forgotten. */
const KEPT_NAMES = 4096

/** Which devices or mounts a collector leaves out, by an exclude or an include pattern of its flags; an empty one is none. */
export class NameFilter {
  readonly #exclude: LazyRegex | RegExp | undefined
  readonly #include: LazyRegex | undefined
  readonly #known = new Map<string, boolean>()

  /** `standard` is the default exclude pattern: it gives way to an include pattern, and is ours, so that RegExp may run it. */
  constructor(exclude: LazyRegex | undefined, include: LazyRegex | undefined, standard = '') {
    this.#include = given(include)
    if (exclude?.source !== standard) this.#exclude = given(exclude)
    else if (standard !== '' && !this.#include) this.#exclude = new RegExp(standard)
  }

  ignores(name: string): boolean {
    const known = this.#known.get(name)
    if (known !== undefined) return known
    if (this.#known.size >= KEPT_NAMES) this.#known.clear()
    const ignored = (this.#exclude?.test(name) ?? false) || !(this.#include?.test(name) ?? true)
    this.#known.set(name, ignored)
    return ignored
  }
}

/** What is wrong when both patterns of a pair are set, as node_exporter refuses it. */
export function bothSet(
  [excludeFlag, exclude]: readonly [string, LazyRegex | undefined],
  [includeFlag, include]: readonly [string, LazyRegex | undefined],
  standard = '',
): FlagProblem[] {
  if (!given(exclude) || exclude?.source === standard || !given(include)) return []
  return [{ flag: includeFlag, message: `${excludeFlag} and ${includeFlag} exclude each other: set one of them` }]
}

function given(pattern: LazyRegex | undefined): LazyRegex | undefined {
  return pattern && pattern.source !== '' ? pattern : undefined
}
