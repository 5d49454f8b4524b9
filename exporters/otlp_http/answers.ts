import { MisconfiguredError, PermanentError, ThrottledError } from '../../src/component/errors.ts'
import type { HttpAnswer } from '../../src/net/http_client.ts'
import { readStatus, readStatusJson } from '../../src/net/rpc_status_reader.ts'
import { type PartialSuccess, readPartialSuccess, readPartialSuccessJson } from '../../src/otlp/partial_success.ts'

/** Statuses after which OTLP/HTTP lets a client send again. opentelemetry.io/docs/specs/otlp, Retryable Response Codes. */
const RETRYABLE = new Set([429, 502, 503, 504])
/** Nobody is left alone for longer, whatever it asks. */
const LONGEST_WAIT_MS = 3_600_000
const SHOWN_CHARACTERS = 500

export interface AnswerKeys {
  /** Config paths to name when a setting is to blame. */
  readonly endpoint: string
  readonly login: string
  readonly proxy: string
  readonly batchSize: string
}

/** What is said when the answer could not be read as what it claims to be. */
export type Unreadable = (message: string) => void

/** Throws the error that fits an answer which is no success; else what it says beside. `nowMs`: wall time. */
export function judge(
  answer: HttpAnswer,
  from: string,
  keys: AnswerKeys,
  nowMs: number,
  unreadable: Unreadable,
): PartialSuccess | undefined {
  const { status } = answer
  if (status >= 200 && status < 300) return partialSuccess(answer, from, unreadable)
  const message = `${from} answered ${status}${describe(answer)}`
  if (RETRYABLE.has(status)) {
    const retryAfterMs = retryAfter(answer.headers['retry-after'], nowMs)
    throw retryAfterMs === undefined ? new Error(message) : new ThrottledError(message, retryAfterMs)
  }
  if (status === 401 || status === 403) throw new MisconfiguredError(message, keys.login)
  if (status === 404) throw new MisconfiguredError(message, keys.endpoint)
  if (status === 407) throw new MisconfiguredError(message, keys.proxy)
  if (status < 400) throw new MisconfiguredError(`${message}${redirection(answer)}`, keys.endpoint)
  throw new PermanentError(status === 413 ? `${message}: lower ${keys.batchSize}` : message)
}

function redirection({ headers: { location } }: HttpAnswer): string {
  return location ? ` (to ${location}); redirects are not followed` : ''
}

/** Milliseconds of a Retry-After: seconds or an HTTP date (RFC 9110 §10.2.3). */
export function retryAfter(value: string | undefined, nowMs: number): number | undefined {
  if (value === undefined) return undefined
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - nowMs
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(0, ms), LONGEST_WAIT_MS)
}

/** Success is success, even where what is said about it can't be read: sent again it would be there twice. */
function partialSuccess(answer: HttpAnswer, from: string, unreadable: Unreadable): PartialSuccess | undefined {
  const { body, truncated } = answer
  if (body.length === 0) return undefined
  const type = mediaType(answer)
  const read = { 'application/x-protobuf': readPartialSuccess, 'application/json': readPartialSuccessJson }[type]
  if (truncated) unreadable(`the answer of ${from} is too long to be read`)
  else if (!read) unreadable(`${from} answered with ${type || 'no content type'}, which no OTLP server does`)
  else {
    try {
      return read(body)
    } catch (error) {
      unreadable(`the answer of ${from} can't be read: ${(error as Error).message}`)
    }
  }
  return undefined
}

const mediaType = ({ headers }: HttpAnswer): string =>
  (headers['content-type'] ?? '').split(';')[0].trim().toLowerCase()

/** `: what the server says`, from google.rpc.Status or plain text. */
function describe(answer: HttpAnswer): string {
  const text = messageOf(answer).replaceAll(/\s+/g, ' ').trim()
  return text && `: ${text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text}`
}

function messageOf(answer: HttpAnswer): string {
  const { body } = answer
  switch (mediaType(answer)) {
    case 'application/x-protobuf':
      try {
        return readStatus(body).message
      } catch {
        return ''
      }
    case 'application/json':
      return readStatusJson(body)?.message ?? ''
    case 'text/plain':
      return Buffer.from(body.buffer, body.byteOffset, body.length).toString()
    default:
      return ''
  }
}
