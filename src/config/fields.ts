import { z } from 'zod'
import { errorMessage } from '../component/errors.ts'
import { LazyRegex } from './lazy_regex.ts'
import { bytesPattern, durationPattern, parseBytes, parseDuration, parseEndpoint } from './units.ts'

/*
 * What the settings of components are made of. Each maker returns a schema that takes `.default()`, `.optional()` and
 * `.describe()`. The default of a field whose output differs from its input is an output: `duration().default(15_000)`,
 * `bytes().default(10 * 2 ** 20)`, `regex().default(new LazyRegex('^lo$'))`; JSON Schema and README show it as one writes it.
 */

/** A length of time: `500ms`, `15s`, `1m30s`, `1h`, or 0. Output: milliseconds. */
export function duration() {
  return z
    .union([z.string(), z.number()], { error: NOT_A_DURATION })
    .transform((value, context) => {
      const ms = parseDuration(String(value))
      return ms ?? refuse(context, value, NOT_A_DURATION)
    })
    .meta({ unit: 'duration', pattern: durationPattern })
}
const NOT_A_DURATION = 'not a duration: write a number with its unit, such as 500ms, 15s, 1m30s or 1h'

/** An amount of data: `10MiB`, `5MB`, or a number of bytes. Output: bytes. */
export function bytes() {
  return z
    .union([z.string(), z.number()], { error: NOT_A_SIZE })
    .transform((value, context) => parseBytes(String(value)) ?? refuse(context, value, NOT_A_SIZE))
    .meta({ unit: 'bytes', pattern: bytesPattern })
}
const NOT_A_SIZE = 'not a size: write a number of bytes, or one with a unit, such as 512KiB, 10MiB or 5MB'

/** An address, `host:port`, as it was written; `parseEndpoint` takes it apart. `:port` means every address of the machine. */
export function endpoint() {
  return z
    .string()
    .superRefine((value, context) => {
      if (/^[a-z+]+:\/\//i.test(value))
        refuse(context, value, 'expected host:port without a scheme, such as 127.0.0.1:4317')
      else if (!parseEndpoint(value)) refuse(context, value, NOT_AN_ENDPOINT)
    })
    .meta({ unit: 'endpoint' })
}
const NOT_AN_ENDPOINT = 'not an address: write host:port, such as 127.0.0.1:4317'

/** An absolute http or https address, as it was written. */
export function url() {
  return z
    .string()
    .superRefine((value, context) => {
      if (!/^https?:\/\/[^/]/i.test(value) || !URL.canParse(value)) {
        refuse(context, value, 'not a URL: write it with its scheme, such as http://127.0.0.1:3100/path')
      }
    })
    .meta({ unit: 'url' })
}

/** A regular expression of RE2's syntax; what is wrong with it is said when the config is checked. */
export function regex() {
  return z
    .string()
    .transform((source, context) => {
      const pattern = new LazyRegex(source)
      try {
        pattern.re2
      } catch (error) {
        return refuse(context, source, `not a regular expression that RE2 takes: ${errorMessage(error)}`)
      }
      return pattern
    })
    .meta({ unit: 'regex' })
}

/** Names with texts: labels, headers. */
export function stringMap() {
  return z.record(z.string(), z.string())
}

/** A text that is never shown: `[redacted]` stands for it wherever the config is. */
export function secret() {
  return z.string().meta({ writeOnly: true })
}

const TLS_VERSIONS = ['1.0', '1.1', '1.2', '1.3'] as const

/** Keys of the Collector's configtls that both ends have. */
const tlsKeys = {
  ca_file: z.string().optional().describe('File with the certificates (PEM) that the other end may be signed by.'),
  ca_pem: z.string().optional().describe('The same as text.'),
  include_system_ca_certs_pool: z
    .boolean()
    .default(false)
    .describe("Trust the system's certificates too when ca_file or ca_pem is set."),
  cert_file: z.string().optional().describe('File with the certificate (PEM) to show.'),
  cert_pem: z.string().optional().describe('The same as text.'),
  key_file: z.string().optional().describe('File with the key (PEM) of the certificate.'),
  key_pem: secret().optional().describe('The same as text.'),
  min_version: z.enum(TLS_VERSIONS).default('1.2').describe('Oldest version of TLS to accept.'),
  max_version: z.enum(TLS_VERSIONS).optional().describe('Newest version of TLS to use.'),
  cipher_suites: z.array(z.string()).optional().describe("Cipher suites for TLS 1.2 and older, by Go's names."),
  curve_preferences: z.array(z.string()).optional().describe('Curves for the key exchange, in order of preference.'),
  reload_interval: duration().optional().describe('Read the files again after this time; without it, on reload.'),
}

/** TLS of a listener. Without `cert_file` or `cert_pem` it does not load. */
export function tlsServer() {
  return z
    .strictObject({
      ...tlsKeys,
      client_ca_file: z
        .string()
        .optional()
        .describe('File with the certificates (PEM) that clients must be signed by; demands one of them.'),
      client_ca_file_reload: z.boolean().default(false).describe('Read client_ca_file again when it changes.'),
    })
    .superRefine((tls, context) => {
      checkPair(tls, context)
      if (!tls.cert_file && !tls.cert_pem)
        refuse(context, tls, 'a listener needs a certificate: cert_file and key_file')
    })
}

/** TLS towards a server. */
export function tlsClient() {
  return z
    .strictObject({
      ...tlsKeys,
      insecure: z.boolean().default(false).describe('Do not use TLS at all.'),
      insecure_skip_verify: z.boolean().default(false).describe("Use TLS and do not check the server's certificate."),
      server_name_override: z
        .string()
        .optional()
        .describe('Name to ask for and to check the certificate against, in place of the host.'),
    })
    .superRefine(checkPair)
}

interface TlsPair {
  cert_file?: string
  cert_pem?: string
  key_file?: string
  key_pem?: string
}

function checkPair(tls: TlsPair, context: z.RefinementCtx): void {
  for (const name of ['cert', 'key', 'ca'] as const) {
    const given = tls as Record<string, unknown>
    if (given[`${name}_file`] && given[`${name}_pem`]) {
      refuse(context, tls, `either ${name}_file or ${name}_pem, not both`, `${name}_pem`)
    }
  }
  const certificate = tls.cert_file ?? tls.cert_pem
  const key = tls.key_file ?? tls.key_pem
  if (certificate && !key) refuse(context, tls, 'a certificate needs its key: key_file or key_pem')
  if (key && !certificate) refuse(context, tls, 'a key needs its certificate: cert_file or cert_pem')
}

function refuse(context: z.RefinementCtx, input: unknown, message: string, key?: string): never {
  context.addIssue({ code: 'custom', message, input, ...(key && { path: [key] }) })
  return z.NEVER
}
