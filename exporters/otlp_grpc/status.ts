import { MisconfiguredError, PermanentError, ThrottledError } from '../../src/component/errors.ts'
import { CallError, NotGrpcError, nameOfCode } from '../../src/net/grpc/client_error.ts'
import { RPC } from '../../src/net/rpc_status.ts'

/** Statuses after which OTLP/gRPC lets a client send again. opentelemetry.io/docs/specs/otlp, Failures (OTLP/gRPC). */
const RETRYABLE: ReadonlySet<number> = new Set([
  RPC.CANCELLED,
  RPC.DEADLINE_EXCEEDED,
  RPC.ABORTED,
  RPC.OUT_OF_RANGE,
  RPC.UNAVAILABLE,
  RPC.DATA_LOSS,
])
/** Nobody is left alone for longer, whatever it asks. */
const LONGEST_WAIT_MS = 3_600_000
const SHOWN_CHARACTERS = 500

export interface StatusKeys {
  /** Config paths to name when a setting is to blame. */
  readonly endpoint: string
  readonly login: string
  readonly compression: string
  readonly batchSize: string
}

/** What the chain is told of a call that failed. `from`: the server, for messages. */
export function asDeliveryError(error: unknown, from: string, keys: StatusKeys): unknown {
  if (error instanceof NotGrpcError) {
    return new MisconfiguredError(`${from} is no gRPC server: ${error.message}`, keys.endpoint, { cause: error })
  }
  if (!(error instanceof CallError)) return error
  const { code, retryAfterMs } = error
  const text = error.message.replaceAll(/\s+/g, ' ').trim().slice(0, SHOWN_CHARACTERS)
  const message = `${from} answered ${nameOfCode(code)}${text && `: ${text}`}`
  if (retryAfterMs !== undefined && (RETRYABLE.has(code) || code === RPC.RESOURCE_EXHAUSTED)) {
    return new ThrottledError(message, Math.min(retryAfterMs, LONGEST_WAIT_MS))
  }
  if (RETRYABLE.has(code)) return new Error(message)
  if (code === RPC.UNAUTHENTICATED || code === RPC.PERMISSION_DENIED) return new MisconfiguredError(message, keys.login)
  if (code === RPC.UNIMPLEMENTED) {
    // What a server says that does not know how the message is compressed.
    return new MisconfiguredError(message, /compress|encoding/i.test(text) ? keys.compression : keys.endpoint)
  }
  return new PermanentError(code === RPC.RESOURCE_EXHAUSTED ? `${message}: lower ${keys.batchSize}` : message)
}
