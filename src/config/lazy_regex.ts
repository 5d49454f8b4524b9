import { RE2JS } from 're2js'

/** A regular expression of RE2's syntax (what Go and Prometheus take), compiled at its first use: linear time on any input. */
export class LazyRegex {
  readonly source: string
  #compiled: RE2JS | undefined

  constructor(source: string) {
    this.source = source
  }

  /** For groups and replacements. Throws RE2JSSyntaxException when `source` is not valid. */
  get re2(): RE2JS {
    this.#compiled ??= RE2JS.compile(this.source)
    return this.#compiled
  }

  /** Whether it matches anywhere in `text`. */
  test(text: string): boolean {
    return this.re2.test(text)
  }

  /** Whether it matches the whole of `text`, as Prometheus' relabelling asks. */
  matches(text: string): boolean {
    return this.re2.testExact(text)
  }

  toJSON(): string {
    return this.source
  }
}
