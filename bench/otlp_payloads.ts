// Export requests of the shape that SDKs send: resource, scopes, spans with ids, times, attributes of every kind, events, status.

const text = (value: string) => Buffer.from(value)

function varint(value: number): number[] {
  const bytes: number[] = []
  let rest = value
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128)
  return [...bytes, rest]
}
const field = (number: number, value: Uint8Array): Buffer =>
  Buffer.concat([Uint8Array.from([...varint((number << 3) | 2), ...varint(value.length)]), value])
const int = (number: number, value: number): Buffer => Buffer.from([...varint(number << 3), ...varint(value)])
const fixed64 = (number: number, value: bigint): Buffer => {
  const bytes = Buffer.alloc(9)
  bytes[0] = (number << 3) | 1
  bytes.writeBigUInt64LE(value, 1)
  return bytes
}
const keyValue = (key: string, value: string | number | boolean): Buffer =>
  Buffer.concat([field(1, text(key)), field(2, anyValue(value))])
const anyValue = (value: string | number | boolean): Buffer => {
  if (typeof value === 'string') return field(1, text(value))
  return typeof value === 'boolean' ? int(2, Number(value)) : int(3, value)
}

/** The same numbers on every run. */
function numbers(seed: number): (below: number) => number {
  let state = seed
  return below => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

const ids = (next: (below: number) => number, size: number) => Uint8Array.from({ length: size }, () => next(256))

/** About 485 bytes: ten attributes, a parent, a status. */
function fullSpan(next: (below: number) => number): Buffer {
  const start = 1_750_000_000_000_000_000n + BigInt(next(2 ** 31))
  const attributes = [
    keyValue('http.request.method', ['GET', 'POST'][next(2)]),
    keyValue('http.response.status_code', [200, 404, 503][next(3)]),
    keyValue('http.route', `/api/v1/items/{id}/parts/${next(20)}`),
    keyValue('url.path', `/api/v1/items/${next(1e6)}/parts/${next(20)}`),
    keyValue('server.address', 'shop.internal.example.com'),
    keyValue('server.port', 8443),
    keyValue('network.protocol.version', '1.1'),
    keyValue('user_agent.original', 'Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101'),
    keyValue('enduser.id', `user-${next(1e6)}`),
    keyValue('cache.hit', next(2) === 1),
  ]
  return Buffer.concat([
    field(1, ids(next, 16)),
    field(2, ids(next, 8)),
    field(4, ids(next, 8)),
    field(5, text('GET /api/v1/items/{id}')),
    int(6, 2),
    fixed64(7, start),
    fixed64(8, start + BigInt(next(1e9))),
    ...attributes.map(attribute => field(9, attribute)),
    field(15, Buffer.concat([field(2, text('ok')), int(3, 1)])),
  ])
}

/** About 155 bytes: three attributes. */
function smallSpan(next: (below: number) => number): Buffer {
  const start = 1_750_000_000_000_000_000n + BigInt(next(2 ** 31))
  return Buffer.concat([
    field(1, ids(next, 16)),
    field(2, ids(next, 8)),
    field(5, text('GET /items')),
    int(6, 2),
    fixed64(7, start),
    fixed64(8, start + BigInt(next(1e9))),
    ...[
      keyValue('http.route', '/items'),
      keyValue('http.status_code', 200),
      keyValue('peer', `10.0.0.${next(255)}`),
    ].map(attribute => field(9, attribute)),
  ])
}

export interface PayloadSet {
  readonly name: string
  readonly spans: number
  readonly requests: readonly Buffer[]
}

function requests(spans: number, make: (next: (below: number) => number) => Buffer, seed: number): Buffer[] {
  const next = numbers(seed)
  const resource = Buffer.concat(
    ['service.name', 'service.version', 'host.name'].map(key => field(1, keyValue(key, `value of ${key}`))),
  )
  return Array.from({ length: 16 }, () => {
    const scope = field(1, field(1, text('bench')))
    const items = Array.from({ length: spans }, () => field(2, make(next)))
    return field(1, Buffer.concat([field(1, resource), field(2, Buffer.concat([scope, ...items]))]))
  })
}

/** 512 spans of about 485 bytes, and 100 of about 155, sixteen different requests of each. */
export function payloadSets(): PayloadSet[] {
  return [
    { name: '512 × 485 B', spans: 512, requests: requests(512, fullSpan, 1) },
    { name: '100 × 155 B', spans: 100, requests: requests(100, smallSpan, 2) },
  ]
}
