import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Pair {
  certFile: string
  keyFile: string
  cert: string
  key: string
}

/** An authority of its own, and certificates that it signs; made by OpenSSL. */
export class Authority {
  readonly folder = mkdtempSync(join(tmpdir(), 'millrace-ca-'))
  readonly caFile = join(this.folder, 'ca.pem')
  readonly #keyFile = join(this.folder, 'ca.key')

  constructor() {
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', this.#keyFile]
    openssl('req', '-x509', ...key, '-out', this.caFile, '-days', '2', '-subj', '/CN=Test Authority')
  }

  get ca(): string {
    return readFileSync(this.caFile, 'utf8')
  }

  /** `names` as OpenSSL writes subjectAltName: `DNS:a.example,IP:127.0.0.1`. */
  issue(name: string, names: string): Pair {
    const [keyFile, request, certFile, extensions] = ['key', 'csr', 'pem', 'ext'].map(end =>
      join(this.folder, `${name}.${end}`),
    )
    writeFileSync(extensions, `subjectAltName=${names}\n`)
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', keyFile]
    openssl('req', '-new', ...key, '-out', request, '-subj', `/CN=${name}`)
    const ca = ['-CA', this.caFile, '-CAkey', this.#keyFile, '-CAcreateserial']
    openssl('x509', '-req', '-in', request, ...ca, '-days', '2', '-out', certFile, '-extfile', extensions)
    return { certFile, keyFile, cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8') }
  }
}

function openssl(...args: string[]): void {
  execFileSync('openssl', args, { stdio: 'ignore' })
}
