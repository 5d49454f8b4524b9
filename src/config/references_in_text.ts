/** A reference to a value outside the file: `${env:NAME:-default}`, `${NAME}`, `${file:path}`. */
export interface Reference {
  /** As it stands in the file. */
  readonly source: string
  readonly scheme: 'env' | 'file'
  readonly name: string
  /** What follows `:-`; may hold references itself. */
  readonly otherwise?: string
}
/** `${…}` that is neither of the above. */
export interface BadReference {
  readonly source: string
  readonly scheme: undefined
}
export type TextPart = string | Reference | BadReference

/**
 * Takes `text` apart; `$$` is one `$`. With `onlySchemes`, for texts in which `$` has a meaning of its own, only
 * `${env:…}` and `${file:…}` are references and everything else, `$$` included, stays.
 */
export function splitText(text: string, onlySchemes: boolean): TextPart[] {
  const parts: TextPart[] = []
  let plain = ''
  let at = 0
  while (at < text.length) {
    const end = text.startsWith('${', at) ? closing(text, at) : -1
    const part = end < 0 ? undefined : reference(text.slice(at, end), onlySchemes)
    if (part) {
      if (plain !== '') parts.push(plain)
      plain = ''
      parts.push(part)
      at = end
    } else if (text.startsWith('$$', at)) {
      plain += onlySchemes ? '$$' : '$'
      at += 2
    } else {
      plain += text[at++]
    }
  }
  if (plain !== '' || parts.length === 0) parts.push(plain)
  return parts
}

/** Index after the `}` that closes the `${` at `from`, or -1. */
function closing(text: string, from: number): number {
  let depth = 0
  for (let at = from; at < text.length; at++) {
    if (text.startsWith('${', at)) depth++
    else if (text[at] === '}' && --depth === 0) return at + 1
  }
  return -1
}

function reference(source: string, onlySchemes: boolean): Reference | BadReference | undefined {
  const content = source.slice(2, -1)
  if (content.startsWith('file:') && content.length > 5) return { source, scheme: 'file', name: content.slice(5) }
  const [, scheme, name, otherwise] = /^(env:)?([A-Za-z_][A-Za-z0-9_]*)(?::-([\s\S]*))?$/.exec(content) ?? []
  if (name && (scheme || !onlySchemes)) return { source, scheme: 'env', name, otherwise }
  const meant = content.startsWith('env:') || content.startsWith('file:')
  return meant || !onlySchemes ? { source, scheme: undefined } : undefined
}
