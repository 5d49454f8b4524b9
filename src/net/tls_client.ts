import { readFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import { type ConnectionOptions, createSecureContext, getCACertificates, type SecureContext } from 'node:tls'
import type { z } from 'zod'
import type { Clock } from '../component/clock.ts'
import { errorMessage, StartError } from '../component/errors.ts'
import type { Logger } from '../component/types.ts'
import type { tlsClient } from '../config/fields.ts'
import { CURVES, cipherList } from './tls.ts'

export type ClientTlsConfig = z.output<ReturnType<typeof tlsClient>>

/** Where systems keep the certificates that they trust; the first that is there counts. SSL_CERT_FILE goes before them. */
const SYSTEM_CA_FILES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/etc/ssl/cert.pem',
]

/** TLS towards servers, as an exporter's `tls` says. Its files are read by `load`, and again when `reload_interval` has passed. */
export class ClientTls {
  readonly #config: ClientTlsConfig
  readonly #configKey: string
  readonly #clock: Clock
  readonly #log: Logger
  #loading?: Promise<SecureContext>
  #loadedAtMs = 0

  /** `configKey`: of the `tls` section, for messages. */
  constructor(config: ClientTlsConfig, configKey: string, clock: Clock, log: Logger) {
    this.#config = config
    this.#configKey = configKey
    this.#clock = clock
    this.#log = log
  }

  /** Rejects with StartError, which names the key, when a file can't be read or holds something else. */
  async load(): Promise<void> {
    await this.#context()
  }

  /** What a connection to `host` is opened with. */
  async optionsFor(host: string, protocols: string[] = []): Promise<ConnectionOptions> {
    const { insecure_skip_verify, server_name_override } = this.#config
    const name = server_name_override ?? host
    return {
      secureContext: await this.#context(),
      host: name,
      ...(isIP(name) === 0 && { servername: name }),
      ...(protocols.length > 0 && { ALPNProtocols: protocols }),
      rejectUnauthorized: !insecure_skip_verify,
    }
  }

  #context(): Promise<SecureContext> {
    const { reload_interval: intervalMs } = this.#config
    const nowMs = this.#clock.monotonicMs()
    if (this.#loading && (!intervalMs || nowMs - this.#loadedAtMs < intervalMs)) return this.#loading
    this.#loadedAtMs = nowMs
    const before = this.#loading
    const loading = this.#read().catch(error => {
      if (!before) {
        this.#loading = undefined
        throw error
      }
      this.#log.warn(`keeps the TLS files read before: ${errorMessage(error)}`)
      return before
    })
    this.#loading = loading
    return loading
  }

  async #read(): Promise<SecureContext> {
    const tls = this.#config
    const [ca, cert, key] = await Promise.all([this.#trusted(), this.#file('cert'), this.#file('key')])
    const options = {
      ...(ca && { ca }),
      cert,
      key,
      minVersion: `TLSv${tls.min_version}` as ConnectionOptions['minVersion'],
      ...(tls.max_version && { maxVersion: `TLSv${tls.max_version}` as ConnectionOptions['maxVersion'] }),
      ...(tls.cipher_suites && { ciphers: cipherList(tls.cipher_suites, this.#configKey) }),
      ...(tls.curve_preferences && { ecdhCurve: tls.curve_preferences.map(name => CURVES[name] ?? name).join(':') }),
    }
    try {
      return createSecureContext(options)
    } catch (error) {
      const message = `${this.#configKey}: not usable for TLS: ${errorMessage(error)}`
      throw new StartError(message, this.#configKey, { cause: error })
    }
  }

  /** Undefined: those that Node brings. */
  async #trusted(): Promise<string[] | undefined> {
    const own = await this.#file('ca')
    // OpenSSL passes over what is no certificate, and then trusts nobody.
    if (own !== undefined && !/-----BEGIN (TRUSTED )?CERTIFICATE-----/.test(own)) {
      const configKey = `${this.#configKey}.${this.#config.ca_file ? 'ca_file' : 'ca_pem'}`
      throw new StartError(`${configKey}: holds no certificate in PEM`, configKey)
    }
    if (own !== undefined && !this.#config.include_system_ca_certs_pool) return [own]
    const system = await systemCertificates()
    if (own === undefined) return system
    return [own, ...(system ?? getCACertificates('default'))]
  }

  async #file(name: 'ca' | 'cert' | 'key'): Promise<string | undefined> {
    const path = this.#config[`${name}_file`]
    if (path === undefined) return this.#config[`${name}_pem`]
    return readFile(path, 'utf8').catch(error => {
      const configKey = `${this.#configKey}.${name}_file`
      throw new StartError(`${configKey}: can't read ${path} (${error.code ?? errorMessage(error)})`, configKey, {
        cause: error,
      })
    })
  }
}

/** As Go does, and so what the Collector trusts; 10 ms, where tls.getCACertificates('system') takes 200. */
async function systemCertificates(): Promise<string[] | undefined> {
  const { SSL_CERT_FILE } = process.env
  for (const path of SSL_CERT_FILE ? [SSL_CERT_FILE] : SYSTEM_CA_FILES) {
    const pem = await readFile(path, 'utf8').catch(() => undefined)
    if (pem !== undefined) return [pem, ...getCACertificates('extra')]
  }
  return undefined
}

/** True for what OpenSSL and the check of certificates say, of this end or of the other one. */
export function isTlsError(error: unknown): boolean {
  const { code = '', message = '' } = (error ?? {}) as NodeJS.ErrnoException
  return (
    /^ERR_(SSL|TLS|OSSL)|CERT|SELF_SIGNED|UNABLE_TO_|^EPROTO$/.test(code) ||
    /^SSL routines|:SSL routines:/.test(message)
  )
}

/** What went wrong, without OpenSSL's place in its source. */
export function tlsReason(error: unknown): string {
  const { reason, message } = error as Error & { reason?: string }
  return reason ?? message
}
