import { Client, credentials, Metadata, type ServiceError, type StatusObject } from '@grpc/grpc-js'
import { onTestFinished } from 'vitest'
import { type Clock, systemClock } from '../../src/component/clock.ts'
import type { GrpcConnectionOptions, GrpcMethod, ListenOptions } from '../../src/component/types.ts'
import { createListeners, type ListenersOptions } from '../../src/net/listeners.ts'
import { RecordedLog } from '../support/settings.ts'

export const PATH = '/test.Echo/Call'

export const CONNECTIONS: GrpcConnectionOptions = {
  maxConcurrentStreams: 200,
  pingAfterMs: 7_200_000,
  pingTimeoutMs: 20_000,
}

/** A method that answers with what it gets; what it is told is kept. */
export function echo(over: Partial<GrpcMethod> & { handle?(message: Uint8Array): Promise<Uint8Array> } = {}) {
  const seen = { opened: 0, reserved: [] as number[], closed: 0, messages: [] as Uint8Array[] }
  const method: GrpcMethod = {
    maxMessageBytes: 4 * 2 ** 20,
    open() {
      seen.opened++
      return {
        reserve: sizeBytes => void seen.reserved.push(sizeBytes),
        handle: message => {
          seen.messages.push(message)
          return over.handle?.(message) ?? Promise.resolve(message)
        },
        close: () => void seen.closed++,
      }
    },
    ...over,
  }
  return { method, seen }
}

export interface World {
  connections?: Partial<GrpcConnectionOptions>
  options?: Partial<ListenOptions>
  endpoint?: string
  clock?: Clock
  listeners?: Partial<ListenersOptions>
}

/** Listeners with one gRPC method at a free port, closed when the test ends. */
export async function serveGrpc(method: GrpcMethod, { connections, options, endpoint, clock, listeners }: World = {}) {
  const log = new RecordedLog()
  const own = createListeners({ log, clock: clock ?? systemClock, ...listeners })
  onTestFinished(() => own.close(AbortSignal.abort()))
  const borrowed = await own.grpc(
    endpoint ?? '127.0.0.1:0',
    { [PATH]: method },
    { configKey: 'receivers.test.endpoint', ...options, connections: { ...CONNECTIONS, ...connections } },
  )
  return { listeners: own, borrowed, log, port: borrowed.address.port, target: `127.0.0.1:${borrowed.address.port}` }
}

export type Sent = { message: Uint8Array; status: StatusObject } | { error: ServiceError }

/** A client of grpc-js that sends bytes as they are. */
export function grpcClient(target: string, channel: object = {}, security = credentials.createInsecure()) {
  const client = new Client(target, security, channel)
  onTestFinished(() => client.close())
  const as = (bytes: Buffer) => bytes
  return {
    client,
    call: (message: Uint8Array, { path = PATH, metadata = {}, deadlineMs = 10_000 } = {}) =>
      new Promise<Sent>(resolve => {
        const headers = new Metadata()
        for (const [key, value] of Object.entries(metadata)) headers.set(key, String(value))
        let answer: Buffer | undefined
        const options = { deadline: Date.now() + deadlineMs }
        const call = client.makeUnaryRequest(path, as, as, Buffer.from(message), headers, options, (error, value) => {
          if (error) resolve({ error })
          answer = value
        })
        call.on('status', status => answer && resolve({ message: new Uint8Array(answer), status }))
      }),
  }
}
