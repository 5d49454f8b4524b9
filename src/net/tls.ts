import { readFile } from 'node:fs/promises'
import { createSecureContext, getCiphers, type TlsOptions } from 'node:tls'
import type { z } from 'zod'
import { errorMessage, StartError } from '../component/errors.ts'
import type { tlsServer } from '../config/fields.ts'

export type ServerTls = z.output<ReturnType<typeof tlsServer>>

/** Curves by Go's names, as the Collector spells them. */
export const CURVES: Record<string, string> = { P256: 'prime256v1', P384: 'secp384r1', P521: 'secp521r1' }

/**
 * Reads what a listener's TLS settings name. Rejects with StartError, which names the key below `configKey`, when a file
 * can't be read or holds something else. `ca_file` says whom a server trusts as a client would, and is not needed here.
 */
export async function serverTls(tls: ServerTls, configKey: string): Promise<TlsOptions> {
  const file = async (name: 'cert_file' | 'key_file' | 'client_ca_file') => {
    const path = tls[name]
    if (path === undefined) return undefined
    return readFile(path, 'utf8').catch(error => {
      const message = `${configKey}.${name}: can't read ${path} (${error.code ?? errorMessage(error)})`
      throw new StartError(message, `${configKey}.${name}`, { cause: error })
    })
  }
  const clientCa = await file('client_ca_file')
  const options: TlsOptions = {
    cert: tls.cert_pem ?? (await file('cert_file')),
    key: tls.key_pem ?? (await file('key_file')),
    minVersion: `TLSv${tls.min_version}` as TlsOptions['minVersion'],
    ...(tls.max_version && { maxVersion: `TLSv${tls.max_version}` as TlsOptions['maxVersion'] }),
    ...(tls.cipher_suites && { ciphers: cipherList(tls.cipher_suites, configKey) }),
    ...(tls.curve_preferences && { ecdhCurve: tls.curve_preferences.map(name => CURVES[name] ?? name).join(':') }),
    ...(clientCa !== undefined && { ca: clientCa, requestCert: true, rejectUnauthorized: true }),
  }
  check(options, configKey)
  return options
}

/** Suites of TLS 1.3 are always offered: they are not for the config to choose, as in Go. */
export function cipherList(suites: readonly string[], configKey: string): string {
  const always = ['TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256', 'TLS_AES_128_GCM_SHA256']
  const chosen = suites.map(suite => {
    const name = opensslCipher(suite)
    // OpenSSL itself passes over names that it does not know.
    if (getCiphers().includes(name.toLowerCase())) return name
    throw new StartError(`${configKey}.cipher_suites: unknown cipher suite ${suite}`, `${configKey}.cipher_suites`)
  })
  return [...new Set([...always, ...chosen])].join(':')
}

/** `TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256` → `ECDHE-RSA-AES128-GCM-SHA256`; names of TLS 1.3 are the same in both. */
function opensslCipher(suite: string): string {
  const [exchange, cipher] = suite.replace(/^TLS_(RSA_(?=WITH))?/, '').split(/_?WITH_/)
  if (cipher === undefined) return suite
  const name = cipher
    .replace(/AES_(\d+)_(CBC_)?/, 'AES$1-')
    .replace('3DES_EDE_CBC', 'DES-CBC3')
    .replace(/(POLY1305)_SHA256/, '$1')
  return [exchange, name].filter(Boolean).join('_').replaceAll('_', '-')
}

function check(options: TlsOptions, configKey: string): void {
  try {
    createSecureContext(options)
  } catch (error) {
    throw new StartError(`${configKey}: not usable for TLS: ${errorMessage(error)}`, configKey, { cause: error })
  }
}
