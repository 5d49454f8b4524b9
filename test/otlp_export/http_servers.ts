import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request as plainRequest,
  type Server,
  type ServerResponse,
} from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import {
  type AddressInfo,
  connect,
  createServer as createTcpServer,
  type Socket,
  type Server as TcpServer,
} from 'node:net'
import { buffer } from 'node:stream/consumers'
import type { TlsOptions } from 'node:tls'

export interface Received {
  method: string
  path: string
  headers: IncomingHttpHeaders
  body: Buffer
  /** The client's port: which connection it came on. */
  from: number
}
export type Reply = (response: ServerResponse, received: Received) => void

const ends: (() => Promise<void>)[] = []

/** Ends every server of the test file; for afterEach. */
export async function endServers(): Promise<void> {
  await Promise.all(ends.splice(0).map(end => end()))
}

export function listening<S extends TcpServer>(server: S): Promise<{ server: S; port: number; end(): Promise<void> }> {
  const sockets = new Set<Socket>()
  server.on('connection', socket => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('close', () => sockets.delete(socket))
  })
  const end = () =>
    new Promise<void>(resolve => {
      server.close(() => resolve())
      for (const socket of sockets) socket.destroy()
    })
  ends.push(end)
  return new Promise(resolve => {
    server.listen(0, '127.0.0.1', () => resolve({ server, port: (server.address() as AddressInfo).port, end }))
  })
}

/** Answers each request as `reply` says and keeps what it got. */
export async function httpSink(reply: Reply = response => response.end(), tls?: TlsOptions) {
  const received: Received[] = []
  const handle = async (incoming: IncomingMessage, response: ServerResponse) => {
    const { method = '', url = '', headers, socket } = incoming
    const body = await buffer(incoming).catch(() => Buffer.alloc(0))
    const one = { method, path: url, headers, body, from: socket.remotePort ?? 0 }
    received.push(one)
    reply(response, one)
  }
  const server: Server = tls ? createTlsServer(tls, handle) : createServer(handle)
  const { port, end } = await listening(server)
  return { received, port, end, server, url: `${tls ? 'https' : 'http'}://127.0.0.1:${port}` }
}

/** Answers each connection with these bytes once something has come, and then does as `after` says. */
export async function rawSink(bytes: string | Buffer, after: (socket: Socket) => void = socket => socket.end()) {
  const server = createTcpServer(socket => {
    socket.once('data', () => socket.write(bytes, () => after(socket)))
  })
  const { port } = await listening(server)
  return { port, url: `http://127.0.0.1:${port}` }
}

/** Takes connections and never says anything. */
export async function silentSink() {
  const { port } = await listening(createTcpServer(() => {}))
  return { port, url: `http://127.0.0.1:${port}` }
}

/** A proxy: CONNECT, and requests with whole addresses. Every name is this machine to it. */
export async function proxyServer({
  authorization,
  connectStatus = 200,
}: {
  authorization?: string
  connectStatus?: number
} = {}) {
  const seen: string[] = []
  const allowed = ({ headers }: IncomingMessage) => !authorization || headers['proxy-authorization'] === authorization
  const server = createServer((incoming, response) => {
    seen.push(`${incoming.method} ${incoming.url}`)
    if (!allowed(incoming)) return response.writeHead(407).end()
    const { 'proxy-authorization': _, ...headers } = incoming.headers
    incoming.pipe(
      plainRequest(incoming.url ?? '', { method: incoming.method, headers, host: '127.0.0.1' }, answer => {
        response.writeHead(answer.statusCode ?? 500, answer.headers)
        answer.pipe(response)
      }),
    )
  })
  server.on('connect', (incoming: IncomingMessage, socket: Socket) => {
    seen.push(`CONNECT ${incoming.url}`)
    const status = allowed(incoming) ? connectStatus : 407
    if (status !== 200) return socket.end(`HTTP/1.1 ${status} No\r\nContent-Length: 0\r\n\r\n`)
    const [, port] = (incoming.url ?? '').split(':')
    const far = connect(Number(port), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
      far.pipe(socket).pipe(far)
    })
    far.on('error', () => socket.destroy())
    socket.on('close', () => far.destroy())
  })
  const { port } = await listening(server)
  return { seen, port, url: `http://127.0.0.1:${port}` }
}
