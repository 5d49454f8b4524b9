/** A file of the kernel does not read as its manual page says; the message names the file and the field. */
export class ParseError extends Error {
  override name = 'ParseError'
  /** Path below the root: `stat`, `net/dev`. */
  readonly file: string
  readonly field: string

  constructor(file: string, field: string, got: string) {
    super(`${file}: ${field}: unexpected ${JSON.stringify(got.length > 60 ? `${got.slice(0, 60)}…` : got)}`)
    this.file = file
    this.field = field
  }
}
