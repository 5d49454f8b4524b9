import { defineReceiver, type Listen, type Use } from '../../src/component/define.ts'
import type { Borrowed, Settings } from '../../src/component/types.ts'
import { endpoint } from '../../src/config/fields.ts'
import { listenWith } from '../../src/net/listen.ts'
import type { ServerTls } from '../../src/net/tls.ts'
import { ClientShares } from './client_shares.ts'
import { config, connectionOptions, type OtlpConfig } from './config.ts'
import { grpcMethods } from './grpc_protocol.ts'
import { httpRoutes } from './http_protocol.ts'
import type { OfferContext } from './offer.ts'
import { createRead } from './read.ts'

type Protocols = OtlpConfig['protocols']
type Protocol = keyof Protocols

/** Takes OTLP by gRPC and by HTTP, and answers a request only once every pipeline has taken it. */
export const otlp = defineReceiver({
  type: 'otlp',
  signals: ['traces', 'metrics', 'logs'],
  stability: 'beta',
  config,
  listens: ({ protocols }) => listens(protocols),
  uses: ({ protocols }) => uses(protocols),
  validate: ({ protocols }) => problems(protocols),
  create({ protocols }, next, settings) {
    const shares = new ClientShares(settings.clock)
    const { id: receiver, admission, drops, log } = settings
    const context: OfferContext = { receiver, admission, drops, shares, read: createRead(settings.series) }
    const opening: Promise<Borrowed>[] = []
    const { grpc, http } = protocols
    const auth = (id: string | undefined) => (id === undefined ? undefined : settings.extension(id).serverAuth)
    return {
      async start() {
        if (grpc) {
          const methods = grpcMethods({ config: grpc, next, context, auth: auth(grpc.auth?.authenticator) })
          const connections = connectionOptions(grpc)
          opening.push(
            listenWith(settings, where('grpc', grpc, settings), options =>
              settings.listeners.grpc(address(grpc), methods, { ...options, connections }),
            ),
          )
        }
        if (http) {
          const routes = httpRoutes({ config: http, next, context, log, auth: auth(http.auth?.authenticator) })
          opening.push(
            listenWith(settings, where('http', http, settings), options =>
              settings.listeners.http(address(http), routes, options),
            ),
          )
        }
        await Promise.all(opening)
      },
      async shutdown() {
        const opened = await Promise.allSettled(opening)
        await Promise.all(opened.map(result => (result.status === 'fulfilled' ? result.value.release() : undefined)))
      },
      describe: () =>
        entries(protocols)
          .map(([name, { endpoint }]) => `OTLP by ${SPOKEN[name]} at ${endpoint}`)
          .join(', '),
    }
  },
})

const SPOKEN: Record<Protocol, string> = { grpc: 'gRPC', http: 'HTTP' }

type Server = NonNullable<Protocols[Protocol]>

function entries({ grpc, http }: Protocols): [Protocol, Server][] {
  return [
    ...(grpc ? [['grpc', grpc] as [Protocol, Server]] : []),
    ...(http ? [['http', http] as [Protocol, Server]] : []),
  ]
}

const address = ({ transport, endpoint }: Server) => (transport === 'unix' ? `unix:${endpoint}` : endpoint)

function where(protocol: Protocol, server: Server & { tls?: ServerTls }, { id }: Settings) {
  return { configKey: `receivers.${id}.protocols.${protocol}`, endpoint: address(server), tls: server.tls }
}

function listens(protocols: Protocols): Listen[] {
  const { http } = protocols
  const paths = http && [http.traces_url_path, http.metrics_url_path, http.logs_url_path]
  return entries(protocols)
    .filter(([, { transport }]) => transport !== 'unix')
    .map(([name, { endpoint }]) => ({
      key: `protocols.${name}.endpoint`,
      endpoint,
      ...(name === 'http' && { paths }),
    }))
}

function uses(protocols: Protocols): Use[] {
  return entries(protocols).flatMap(([name, { auth }]) =>
    auth ? [{ path: ['protocols', name, 'auth', 'authenticator'], id: auth.authenticator, as: 'server_auth' }] : [],
  )
}

function problems(protocols: Protocols): { path: (string | number)[]; message: string }[] {
  const servers = entries(protocols)
  if (servers.length === 0) return [{ path: ['protocols'], message: 'at least one of grpc and http is needed' }]
  return servers.flatMap(([name, server]) => {
    const path = ['protocols', name, 'endpoint']
    if (server.transport === 'unix') {
      return server.endpoint.startsWith('/') ? [] : [{ path, message: 'the path of a unix socket begins with /' }]
    }
    const checked = endpoint().safeParse(server.endpoint)
    return checked.success ? [] : checked.error.issues.map(({ message }) => ({ path, message }))
  })
}
