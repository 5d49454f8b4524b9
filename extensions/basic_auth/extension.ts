import { z } from 'zod'
import { defineExtension } from '../../src/component/define.ts'
import { errorMessage, StartError } from '../../src/component/errors.ts'
import type { ClientAuth, Settings } from '../../src/component/types.ts'
import { secret } from '../../src/config/fields.ts'
import { FileText } from '../../src/config/file_text.ts'
import { Bcrypt } from './bcrypt.ts'
import { type Kept, parseHtpasswd } from './htpasswd.ts'
import { createLogins } from './logins.ts'

const config = z.strictObject({
  htpasswd: z
    .strictObject({
      file: z
        .string()
        .optional()
        .describe('File of users and their passwords, as htpasswd writes it; read at the start.'),
      inline: secret().optional().describe('The same as text; counts before the file.'),
    })
    .optional()
    .describe('For receivers: who may send.'),
  client_auth: z
    .strictObject({
      username: z.string().optional().describe('User to log in as.'),
      username_file: z.string().optional().describe('File that holds it; read again when it changes.'),
      password: secret().optional().describe('Password to log in with.'),
      password_file: z.string().optional().describe('File that holds it; read again when it changes.'),
    })
    .optional()
    .describe('For exporters: who to log in as.'),
})
type Config = z.output<typeof config>
type Problem = { path: string[]; message: string }

/** How old the content of a file may be when a request is sent. */
const MAX_AGE_MS = 5000

/** User and password (RFC 7617): checks those of requests that come in, or adds them to requests that go out. */
export const basicAuth = defineExtension({
  type: 'basic_auth',
  aliases: ['basicauth'],
  stability: 'beta',
  config,
  provides: ({ htpasswd }) => [htpasswd ? 'server_auth' : 'client_auth'],
  validate: problems,
  create({ htpasswd, client_auth: client }, settings) {
    if (client) return createClient(client, settings)
    const { id, clock, log } = settings
    const bcrypt = new Bcrypt(id)
    let users: ReadonlyMap<string, Kept> = new Map()
    return {
      serverAuth: createLogins(() => users, bcrypt),
      async start() {
        const configKey = `extensions.${id}.htpasswd.file`
        const file = htpasswd?.file && new FileText({ path: htpasswd.file, configKey, clock, log })
        if (file) await file.start()
        users = parseUsers(file ? file.text : '', htpasswd?.inline ?? '', configKey)
      },
      shutdown: () => bcrypt.stop(),
    }
  },
})

function parseUsers(file: string, inline: string, configKey: string): Map<string, Kept> {
  try {
    return new Map([...parseHtpasswd(file), ...parseHtpasswd(inline)])
  } catch (error) {
    throw new StartError(`${configKey}: ${errorMessage(error)}`, configKey, { cause: error })
  }
}

function createClient(client: NonNullable<Config['client_auth']>, { id, clock, log }: Settings) {
  const file = (key: 'username_file' | 'password_file') => {
    const path = client[key]
    return path === undefined
      ? undefined
      : new FileText({ path, configKey: `extensions.${id}.client_auth.${key}`, clock, log })
  }
  const [userFile, passwordFile] = [file('username_file'), file('password_file')]
  const clientAuth: ClientAuth = {
    async headers() {
      await Promise.all([userFile?.refresh(MAX_AGE_MS), passwordFile?.refresh(MAX_AGE_MS)])
      const user = userFile ? userFile.text.trim() : (client.username ?? '')
      const password = passwordFile ? passwordFile.text.trim() : (client.password ?? '')
      return { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` }
    },
  }
  return {
    clientAuth,
    async start() {
      await Promise.all([userFile?.start(), passwordFile?.start()])
    },
  }
}

function problems({ htpasswd, client_auth: client }: Config): Problem[] {
  if (htpasswd && client) return [{ path: ['client_auth'], message: 'either htpasswd or client_auth, not both' }]
  if (client) return clientProblems(client)
  if (!htpasswd?.file && !htpasswd?.inline) {
    return [{ path: [], message: 'one of htpasswd (file or inline) and client_auth is needed' }]
  }
  try {
    parseHtpasswd(htpasswd.inline ?? '')
    return []
  } catch (error) {
    return [{ path: ['htpasswd', 'inline'], message: errorMessage(error) }]
  }
}

function clientProblems(client: NonNullable<Config['client_auth']>): Problem[] {
  const found: Problem[] = []
  if (!client.username && !client.username_file) found.push({ path: ['client_auth'], message: 'a username is needed' })
  for (const name of ['username', 'password'] as const) {
    if (client[name] === undefined || client[`${name}_file`] === undefined) continue
    found.push({ path: ['client_auth', name], message: `either ${name} or ${name}_file, not both` })
  }
  return found
}
