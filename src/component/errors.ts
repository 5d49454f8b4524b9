/** The data can never be accepted by this destination: it is lost with this reason, and never sent again. */
export class PermanentError extends Error {
  override name = 'PermanentError'
  /** lower_snake, of a small fixed set. */
  readonly reason: string
  constructor(message: string, { reason = 'rejected', ...options }: ErrorOptions & { reason?: string } = {}) {
    super(message, options)
    this.reason = reason
  }
}

/** The destination asks to be left alone for `retryAfterMs` milliseconds; the data is kept and sent again. */
export class ThrottledError extends Error {
  override name = 'ThrottledError'
  readonly retryAfterMs: number
  constructor(message: string, retryAfterMs: number, options?: ErrorOptions) {
    super(message, options)
    this.retryAfterMs = retryAfterMs
  }
}

/** The destination refuses because of a setting (401, 403, 404, TLS). Data is kept; health names `configKey`. */
export class MisconfiguredError extends Error {
  override name = 'MisconfiguredError'
  readonly configKey: string
  constructor(message: string, configKey: string, options?: ErrorOptions) {
    super(message, options)
    this.configKey = configKey
  }
}

/** Data was not taken because something downstream has no room; the caller still owns it and may offer it again. */
export class RefusedError extends Error {
  override name = 'RefusedError'
  readonly reason: string
  /** Id of the component that has no room, for health and for error messages. */
  readonly heldBy: string
  readonly retryAfterMs: number
  constructor(reason: string, heldBy: string, retryAfterMs = 1000) {
    super(`refused: ${reason} (${heldBy})`)
    this.reason = reason
    this.heldBy = heldBy
    this.retryAfterMs = retryAfterMs
  }
}

/** A request does not prove that its sender may send. The message is for the sender and never holds what was sent. */
export class UnauthenticatedError extends Error {
  override name = 'UnauthenticatedError'
  /** What a WWW-Authenticate header asks for. */
  readonly challenge?: string
  constructor(message: string, challenge?: string) {
    super(message)
    this.challenge = challenge
  }
}

/** A component could not start for a reason outside its config (port taken, permission): names the config key to change. */
export class StartError extends Error {
  override name = 'StartError'
  readonly configKey: string
  constructor(message: string, configKey: string, options?: ErrorOptions) {
    super(message, options)
    this.configKey = configKey
  }
}

export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
