import { status } from '@grpc/grpc-js'
import { describe, expect, test } from 'vitest'
import type { Admission } from '../../src/component/admission.ts'
import { PermanentError, RefusedError, UnauthenticatedError } from '../../src/component/errors.ts'
import { settle } from '../support/clock.ts'
import { grpcClient } from './grpc_world.ts'
import { framed, http2Client } from './raw_http2.ts'
import { METHODS, oneSpan, type ReceiverWorld, startOtlp } from './receiver_world.ts'
import { decodeStatus } from './rpc_status_oracle.ts'

async function answer(world: ReceiverWorld, message = oneSpan(), metadata: Record<string, string> = {}) {
  const started = await startOtlp({ ...world, http: null })
  const sent = await grpcClient(started.target).call(message, { path: METHODS.traces, metadata })
  const error = 'error' in sent ? sent.error : undefined
  const [details] = error?.metadata.get('grpc-status-details-bin') ?? []
  return { ...started, sent, error, details: details ? decodeStatus(Buffer.from(details)) : undefined }
}

const rejects = (error: Error) => ({ consume: () => Promise.reject(error) })

describe('OTLP/gRPC', () => {
  test('answers with an empty response once the pipeline took it', async () => {
    const { sent, taken } = await answer({})
    expect(sent).toMatchObject({ message: new Uint8Array(), status: { code: status.OK } })
    expect(taken.map(batch => [batch.signal, batch.itemCount])).toEqual([['traces', 1]])
    expect(taken[0].origin).toMatchObject({ receiver: 'otlp', peer: '127.0.0.1' })
  })

  test.each([
    ['no room downstream', rejects(new RefusedError('full', 'exporters.x', 2500)), 'UNAVAILABLE', 2500],
    ['anything unforeseen downstream', rejects(new Error('disk on fire')), 'UNAVAILABLE', 1000],
    ['data that downstream can never take', rejects(new PermanentError('never')), 'INTERNAL', undefined],
  ] as const)('%s is answered so that a client knows whether to try again', async (_, world, code, retryDelayMs) => {
    const { error, details } = await answer(world)
    expect([error?.code, details?.retryDelayMs]).toEqual([status[code], retryDelayMs])
  })

  test('bytes that are no OTLP are INVALID_ARGUMENT and counted', async () => {
    const { error, drops, taken } = await answer({}, new Uint8Array(Buffer.from('not protobuf at all')))
    expect([error?.code, drops.refusals, taken]).toEqual([status.INVALID_ARGUMENT, { 'traces/malformed': 1 }, []])
  })

  test('a message over the limit is RESOURCE_EXHAUSTED and counted', async () => {
    const { error, details, drops } = await answer({ grpc: { max_recv_msg_size_mib: 1 } }, new Uint8Array(2 ** 20 + 1))
    expect([error?.code, details]).toEqual([status.RESOURCE_EXHAUSTED, undefined])
    expect(drops.refusals).toEqual({ 'traces/too_large': 1 })
  })

  test('a signal that no pipeline takes is UNIMPLEMENTED and says so', async () => {
    const { error } = await answer({ signals: ['logs'] })
    expect(error).toMatchObject({ code: status.UNIMPLEMENTED, details: 'no pipeline takes traces from otlp' })
  })

  test('room is asked for by the length before a message, before any of it is read', async () => {
    const asked: number[] = []
    const admission: Admission = {
      reserve(sizeBytes) {
        asked.push(sizeBytes)
        return { refused: true, reason: 'no_room', heldBy: 'exporters.x.sending_queue', retryAfterMs: 1000 }
      },
    }
    const { ports, drops } = await startOtlp({ admission, http: null })
    const stream = http2Client(ports.grpc).open({ ':path': METHODS.traces })
    const response = new Promise(resolve => stream.once('response', resolve))
    stream.on('error', () => {}).write(framed(Buffer.alloc(50_000)).subarray(0, 5))
    expect(await response).toMatchObject({ 'grpc-status': '14' })
    expect([asked, drops.refusals]).toEqual([[50_000], { 'traces/no_room': 1 }])
  })

  test('a client that goes away half-sent is counted and its room given back', async () => {
    let open = 0
    const admission: Admission = {
      reserve() {
        open++
        return { refused: false, claim: () => 0, release: () => void open-- }
      },
    }
    const { ports, drops } = await startOtlp({ admission, http: null })
    const client = http2Client(ports.grpc)
    const stream = client.open({ ':path': METHODS.traces })
    stream.on('error', () => {}).write(framed(Buffer.alloc(50_000)).subarray(0, 5000))
    while (open === 0) await settle()
    client.session.destroy()
    while (open > 0) await settle()
    expect(drops.refusals).toEqual({ 'traces/cancelled': 1 })
  })

  test.each([
    [
      'at once',
      () => {
        throw new UnauthenticatedError('who are you?')
      },
    ],
    ['later', () => Promise.reject(new UnauthenticatedError('who are you?'))],
  ])('a sender who is found %s to be nobody is UNAUTHENTICATED and counted', async (_, authenticate) => {
    const extensions = { k: { serverAuth: { headers: [], authenticate } } }
    const { error, drops } = await answer({ grpc: { auth: { authenticator: 'k' } }, extensions })
    expect(error).toMatchObject({ code: status.UNAUTHENTICATED, details: 'who are you?' })
    expect(drops.refusals).toEqual({ 'traces/unauthenticated': 1 })
  })

  test('metadata that is asked for is kept with the data', async () => {
    const metadata = { 'x-tenant': 'shop', authorization: 'Bearer t' }
    const { taken } = await answer({ grpc: { include_metadata: true } }, oneSpan(), metadata)
    expect([...(taken[0].origin.metadata ?? [])]).toContainEqual(['x-tenant', ['shop']])
    expect(taken[0].origin.metadata?.has('authorization')).toBe(false)
  })

  test('what was released is UNAVAILABLE until somebody else serves there, so that clients come again', async () => {
    const { receiver, target } = await startOtlp({ http: null })
    const { call } = grpcClient(target)
    await call(oneSpan(), { path: METHODS.traces })
    await receiver.shutdown?.(AbortSignal.timeout(1000))
    expect(await call(oneSpan(), { path: METHODS.traces })).toMatchObject({ error: { code: status.UNAVAILABLE } })
  })
})
