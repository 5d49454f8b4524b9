import { isDeepStrictEqual } from 'node:util'
import type { Clock } from '../component/clock.ts'
import type { Borrowed, Listeners, ListenOptions, Logger, Routes } from '../component/types.ts'
import { type ServerTls, serverTls } from './tls.ts'

export interface ListenSettings {
  listeners: Listeners
  clock: Clock
  log: Logger
}

export interface Where {
  /** Path of the settings that hold `endpoint` and `tls`: `exporters.prometheus`, `receivers.otlp.protocols.http`. */
  configKey: string
  endpoint: string
  tls?: ServerTls
}

/** How often `client_ca_file_reload` looks when `reload_interval` is not set. */
const CLIENT_CA_INTERVAL_MS = 10_000

/**
 * Serves `routes` at a component's `endpoint`, with its `tls` settings if it has them; certificates are read again as those
 * say, and connections that are open go on. Rejects with StartError.
 */
export function listen(settings: ListenSettings, where: Where, routes: Routes): Promise<Borrowed> {
  return listenWith(settings, where, options => settings.listeners.http(where.endpoint, routes, options))
}

/** The same for whatever `borrow` borrows. */
export async function listenWith(
  settings: ListenSettings,
  { configKey, endpoint, tls }: Where,
  borrowWith: (options: ListenOptions) => Promise<Borrowed>,
): Promise<Borrowed> {
  const borrow = (options = {}) => borrowWith({ configKey: `${configKey}.endpoint`, ...options })
  if (!tls) return borrow()
  const load = () => serverTls(tls, `${configKey}.tls`)
  let options = await load()
  let current = await borrow({ tls: options })
  const renew = async () => {
    const next = await load()
    if (isDeepStrictEqual(next, options)) return
    const old = current
    current = await borrow({ tls: next })
    options = next
    await old.release()
    settings.log.info('certificates were read again', { endpoint })
  }
  const stop = every(settings, tls.reload_interval ?? (tls.client_ca_file_reload ? CLIENT_CA_INTERVAL_MS : 0), renew)
  return {
    address: current.address,
    async release() {
      await stop()
      await current.release()
    },
  }
}

/** Runs `work` every `intervalMs`, never two at a time; 0 is never. The returned function ends it and waits for a running one. */
function every({ clock, log }: ListenSettings, intervalMs: number, work: () => Promise<void>): () => Promise<void> {
  let running = Promise.resolve()
  let cancel = () => {}
  let stopped = false
  const arm = () => {
    if (!stopped && intervalMs > 0) cancel = clock.after(intervalMs, run)
  }
  const run = () => {
    running = work()
      .catch(error => log.warn('certificates could not be renewed; the old ones stay', { error }))
      .then(arm)
  }
  arm()
  return () => {
    stopped = true
    cancel()
    return running
  }
}
