import protobuf from 'protobufjs'

/** google.rpc.Status and what it is made of, for protobufjs to decode what the agent answers. Fields as in google/rpc/*.proto. */
const { root } = protobuf.parse(`
  syntax = "proto3";
  message Any { string type_url = 1; bytes value = 2; }
  message Status { int32 code = 1; string message = 2; repeated Any details = 3; }
  message Duration { int64 seconds = 1; int32 nanos = 2; }
  message RetryInfo { Duration retry_delay = 1; }
`)

export interface DecodedStatus {
  code: number
  message: string
  retryDelayMs?: number
}

export function decodeStatus(bytes: Uint8Array): DecodedStatus {
  const decode = (type: string, from: Uint8Array) => {
    const found = root.lookupType(type)
    return found.toObject(found.decode(from), { longs: Number, bytes: Buffer })
  }
  const { code = 0, message = '', details = [] } = decode('Status', bytes)
  const [retry] = (details as { type_url: string; typeUrl: string; value: Uint8Array }[]).filter(
    ({ typeUrl }) => typeUrl === 'type.googleapis.com/google.rpc.RetryInfo',
  )
  if (!retry) return { code, message }
  const { seconds = 0, nanos = 0 } = decode('RetryInfo', retry.value).retryDelay ?? {}
  return { code, message, retryDelayMs: seconds * 1000 + nanos / 1e6 }
}
