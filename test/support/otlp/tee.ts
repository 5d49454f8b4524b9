import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, connect, createServer } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { gunzipSync, inflateSync, zstdDecompressSync } from 'node:zlib'

const PREFACE_BYTES = 24
const FRAME = { DATA: 0, PADDED: 8 } as const

/** An export request as it came over the wire, decompressed. */
export interface Recorded {
  body: Buffer
  /** Of HTTP/1.1; gRPC has protobuf only. */
  contentType: string
  encoding: string
}

/** Stands between a client and `targetPort`, passes bytes on as they are and keeps what the client sent. */
export async function startTee(targetPort: number) {
  const connections: Buffer[][] = []
  const server = createServer(client => {
    const sent: Buffer[] = []
    connections.push(sent)
    const target = connect(targetPort, '127.0.0.1')
    client.on('data', chunk => sent.push(chunk))
    client.pipe(target).pipe(client)
    for (const [one, other] of [
      [client, target],
      [target, client],
    ])
      one.on('error', () => other.destroy()).on('close', () => other.destroy())
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    async requests(): Promise<Recorded[]> {
      const all = await Promise.all(connections.map(chunks => requestsIn(Buffer.concat(chunks))))
      return all.flat()
    },
    close: () => new Promise(resolve => server.close(resolve)),
  }
}

async function requestsIn(sent: Buffer): Promise<Recorded[]> {
  return sent.subarray(0, 3).toString() === 'PRI' ? messagesOf(sent) : replayHttp1(sent)
}

/** Unary messages of an HTTP/2 connection: the DATA frames of each stream. RFC 9113 §4.1, §6.1; gRPC over HTTP2. */
function messagesOf(sent: Buffer): Recorded[] {
  const streams = new Map<number, Buffer[]>()
  for (let at = PREFACE_BYTES; at + 9 <= sent.length; ) {
    const length = sent.readUIntBE(at, 3)
    const [type, flags] = [sent[at + 3], sent[at + 4]]
    const stream = sent.readUInt32BE(at + 5) & 0x7fffffff
    let payload = sent.subarray(at + 9, at + 9 + length)
    if (type === FRAME.DATA) {
      if (flags & FRAME.PADDED) payload = payload.subarray(1, payload.length - payload[0])
      streams.set(stream, [...(streams.get(stream) ?? []), payload])
    }
    at += 9 + length
  }
  return [...streams.values()].map(chunks => {
    const message = Buffer.concat(chunks)
    const body = message.subarray(5, 5 + message.readUInt32BE(1))
    const compressed = message[0] === 1
    return { body: compressed ? gunzipSync(body) : body, contentType: 'grpc', encoding: compressed ? 'gzip' : '' }
  })
}

/** Lets Node's own server read what the client sent. */
async function replayHttp1(sent: Buffer): Promise<Recorded[]> {
  const found: Recorded[] = []
  const server = createHttpServer(async (request, response) => {
    const body = await buffer(request)
    const encoding = String(request.headers['content-encoding'] ?? '')
    found.push({ body: decompressed(body, encoding), contentType: String(request.headers['content-type']), encoding })
    response.end()
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  await new Promise<void>(resolve => {
    socket.resume().on('close', () => resolve())
    socket.end(sent)
  })
  await new Promise(resolve => server.close(resolve))
  return found
}

function decompressed(body: Buffer, encoding: string): Buffer {
  if (encoding === 'gzip') return gunzipSync(body)
  if (encoding === 'deflate') return inflateSync(body)
  return encoding === 'zstd' ? zstdDecompressSync(body) : body
}
