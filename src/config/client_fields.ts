import { validateHeaderName, validateHeaderValue } from 'node:http'
import { z } from 'zod'
import type { Use } from '../component/define.ts'
import { secret } from './fields.ts'

/*
 * Settings of whoever sends requests to a server, by the Collector's names.
 */

/** Names and values in lists, as they are sent. */
export type HeaderList = readonly (readonly [name: string, value: string])[]

/** Headers to send: names with values, or a list of `{name, value}`. Output: pairs. */
export function headers() {
  return z
    .union([z.record(z.string(), secret()), z.array(z.strictObject({ name: z.string(), value: secret().default('') }))])
    .transform((given, context): HeaderList => {
      const list = Array.isArray(given) ? given.map(({ name, value }) => [name, value] as const) : Object.entries(given)
      const seen = new Set<string>()
      for (const [name, value] of list) {
        const message = wrongHeader(name, value) ?? (seen.has(name.toLowerCase()) ? 'stands here twice' : undefined)
        if (message) context.addIssue({ code: 'custom', message: `header "${name}" ${message}`, input: given })
        seen.add(name.toLowerCase())
      }
      return list
    })
}

/** Headers that say how a request is sent: no setting can know them better. */
const OWN = ['content-length', 'transfer-encoding', 'connection', 'content-type', 'content-encoding', 'te']

function wrongHeader(name: string, value: string): string | undefined {
  if (OWN.includes(name.toLowerCase())) return "is the exporter's own"
  try {
    validateHeaderName(name)
    validateHeaderValue(name, value)
    return undefined
  } catch {
    return 'has a name or a value that can not be sent'
  }
}

/** How to log in: the extension that knows the password or the token. */
export function clientAuth() {
  return z.strictObject({
    authenticator: z.string().min(1).describe('Id of an extension that adds who we are, such as basic_auth/backend.'),
  })
}

/** What `uses` of a definition answers for `auth`. */
export function authUses({ auth }: { auth?: { authenticator: string } }): Use[] {
  return auth ? [{ path: ['auth', 'authenticator'], id: auth.authenticator, as: 'client_auth' }] : []
}
