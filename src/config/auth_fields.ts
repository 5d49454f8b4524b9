import { z } from 'zod'

/** Who checks requests that come in: `auth` of a server. */
export function authServer() {
  return z.strictObject({
    authenticator: z.string().describe('Extension that finds out whether a request may be taken.'),
    request_params: z
      .array(z.string())
      .default([])
      .describe('Parameters of the URL that an authenticator may look at, as if they were headers.'),
  })
}

/** Who proves to a server who we are: `auth` of a client. */
export function authClient() {
  return z.strictObject({
    authenticator: z.string().describe('Extension that adds the credentials to each request.'),
  })
}
