import { createHash, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import { defineExtension } from '../../src/component/define.ts'
import { UnauthenticatedError } from '../../src/component/errors.ts'
import type { ClientAuth, ServerAuth } from '../../src/component/types.ts'
import { secret } from '../../src/config/fields.ts'
import { FileText } from '../../src/config/file_text.ts'

const config = z
  .strictObject({
    header: z.string().min(1).default('Authorization').describe('Header that holds the token.'),
    scheme: z.string().default('Bearer').describe('Word before the token; empty for none.'),
    token: secret().optional().describe('The token.'),
    tokens: z.array(secret()).default([]).describe('Several tokens: each lets requests in, the first one is sent.'),
    filename: z
      .string()
      .optional()
      .describe(
        'File that holds the tokens, one a line, in place of `token` and `tokens`; read again when it changes.',
      ),
  })
  .refine(({ token, tokens, filename }) => token || tokens.length > 0 || filename, {
    message: 'one of token, tokens and filename is needed',
  })

/** How old a file's content may be when a token is sent, and before a token that it does not hold is refused. */
const MAX_AGE_MS = 5000
const MAX_AGE_BEFORE_REFUSAL_MS = 500

/** Bearer tokens (RFC 6750): checks those of requests that come in, and adds one to requests that go out. */
export const bearerTokenAuth = defineExtension({
  type: 'bearer_token_auth',
  aliases: ['bearertokenauth'],
  stability: 'beta',
  config,
  provides: () => ['server_auth', 'client_auth'],
  create({ header, scheme, token, tokens, filename }, { id, clock, log }) {
    const configKey = `extensions.${id}.filename`
    const file = filename === undefined ? undefined : new FileText({ path: filename, configKey, clock, log })
    const current = () => (file ? linesOf(file.text) : [...(token ? [token] : []), ...tokens])
    const prefix = scheme === '' ? '' : `${scheme} `
    const name = header.toLowerCase()

    const serverAuth: ServerAuth = {
      headers: [name],
      authenticate(values) {
        const sent = values(name)
        if (sent.length === 0) throw new UnauthenticatedError(`no ${header} header`, scheme || undefined)
        const accepted = () => sent.some(value => isOneOf(value, prefix, current()))
        if (accepted()) return
        const refusal = new UnauthenticatedError('the token is not known', scheme || undefined)
        if (!file) throw refusal
        return file.refresh(MAX_AGE_BEFORE_REFUSAL_MS).then(() => {
          if (!accepted()) throw refusal
        })
      },
    }
    const clientAuth: ClientAuth = {
      async headers() {
        await file?.refresh(MAX_AGE_MS)
        return { [name]: `${prefix}${current()[0] ?? ''}` }
      },
    }
    return { serverAuth, clientAuth, start: () => file?.start() }
  },
})

const linesOf = (text: string): string[] =>
  text
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== '')

/** Takes the same time whichever token it is, and whatever they have in common. The scheme may be in any case. */
function isOneOf(value: string, prefix: string, tokens: readonly string[]): boolean {
  if (value.slice(0, prefix.length).toLowerCase() !== prefix.toLowerCase()) return false
  const sent = digest(value.slice(prefix.length))
  let found = false
  for (const token of tokens) found = timingSafeEqual(sent, digest(token)) || found
  return found
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
