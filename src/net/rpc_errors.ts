import { RefusedError, ThrottledError, UnauthenticatedError } from '../component/errors.ts'
import { DecompressError, TooLargeError } from './decompress.ts'
import { RPC, RpcError } from './rpc_status.ts'

/** What a request is answered with when a component, or the code that reads requests, throws; undefined for what nobody foresaw. */
export function asRpcError(error: unknown): RpcError | undefined {
  if (error instanceof RpcError) return error
  if (error instanceof UnauthenticatedError) return new RpcError(RPC.UNAUTHENTICATED, error.message, { cause: error })
  if (error instanceof RefusedError || error instanceof ThrottledError) {
    return new RpcError(RPC.UNAVAILABLE, error.message, { retryAfterMs: error.retryAfterMs, cause: error })
  }
  if (error instanceof TooLargeError) return new RpcError(RPC.RESOURCE_EXHAUSTED, error.message, { cause: error })
  if (error instanceof DecompressError) {
    return new RpcError(RPC.INVALID_ARGUMENT, `the body can't be decompressed: ${error.message}`, { cause: error })
  }
  return undefined
}
