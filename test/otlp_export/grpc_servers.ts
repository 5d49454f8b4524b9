import {
  createSecureServer,
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2'
import type { AddressInfo } from 'node:net'
import {
  Metadata,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServiceError,
  type sendUnaryData,
} from '@grpc/grpc-js'

export interface Call {
  path: string
  metadata: Record<string, unknown>
  message: Buffer
  peer: string
  deadlineMs: number | undefined
}
type Handler = (call: Call) => Buffer | Promise<Buffer>

const SERVICES = ['trace.v1.TraceService', 'metrics.v1.MetricsService', 'logs.v1.LogsService']
const ends: (() => Promise<void> | void)[] = []

/** Ends every server of the test file; for afterEach. */
export async function endGrpcServers(): Promise<void> {
  await Promise.all(ends.splice(0).map(end => end()))
}

/** What a handler throws to answer with a status. */
export const status = (
  code: number,
  details: string,
  metadata: Record<string, string | Buffer> = {},
): Partial<ServiceError> => {
  const trailers = new Metadata()
  for (const [name, value] of Object.entries(metadata)) trailers.set(name, value)
  return { code, details, metadata: trailers }
}

/** A server of @grpc/grpc-js that takes the three services, with raw messages. */
export async function grpcServer(
  handler: Handler = () => Buffer.alloc(0),
  { credentials = ServerCredentials.createInsecure(), options = {}, address = '127.0.0.1:0' } = {},
) {
  const calls: Call[] = []
  const server = new Server(options)
  for (const name of SERVICES) {
    const path = `/opentelemetry.proto.collector.${name}/Export`
    const raw = {
      path,
      requestStream: false,
      responseStream: false,
      requestSerialize: same,
      requestDeserialize: same,
      responseSerialize: same,
      responseDeserialize: same,
    }
    const Export = async (given: ServerUnaryCall<Buffer, Buffer>, answer: sendUnaryData<Buffer>) => {
      const deadline = given.getDeadline()
      const call = {
        path,
        metadata: given.metadata.getMap(),
        message: given.request,
        peer: given.getPeer(),
        deadlineMs: typeof deadline === 'number' && Number.isFinite(deadline) ? deadline - Date.now() : undefined,
      }
      calls.push(call)
      try {
        answer(null, await handler(call))
      } catch (error) {
        answer(error as ServiceError)
      }
    }
    server.addService({ Export: raw }, { Export })
  }
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync(address, credentials, (error, bound) => (error ? reject(error) : resolve(bound))),
  )
  const end = () => server.forceShutdown()
  ends.push(end)
  return { calls, port, end, server, endpoint: `127.0.0.1:${port}` }
}

const same = (bytes: Buffer): Buffer => bytes

/** A bare HTTP/2 server: each stream is the test's. */
export async function http2Server(
  serve: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, session: ServerHttp2Session) => void,
  tls?: { cert: string; key: string; ALPNProtocols?: string[] },
) {
  const server: Http2Server = tls
    ? (createSecureServer({ ...tls, allowHTTP1: true }) as unknown as Http2Server)
    : createServer()
  const sessions: ServerHttp2Session[] = []
  server.on('session', (session: ServerHttp2Session) => {
    sessions.push(session)
    session.on('error', () => {})
  })
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {})
    serve(stream, headers, stream.session as ServerHttp2Session)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const end = () =>
    new Promise<void>(resolve => {
      server.close(() => resolve())
      for (const session of sessions) session.destroy()
    })
  ends.push(end)
  const { port } = server.address() as AddressInfo
  return { server, sessions, port, end, endpoint: `127.0.0.1:${port}` }
}

/** Answers with OK and an empty message, once all has come. */
export function answerOk(stream: ServerHttp2Stream): void {
  stream.resume()
  stream.once('end', () => {
    if (stream.destroyed) return
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
    stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
    stream.end(Buffer.alloc(5))
  })
}
