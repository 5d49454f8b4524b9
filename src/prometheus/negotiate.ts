import type { ExpositionFormat, Negotiated } from './exposition.ts'
import { ESCAPINGS, type Escaping } from './names.ts'

interface AcceptRange {
  readonly type: string
  readonly parameters: ReadonlyMap<string, string>
  readonly q: number
}

/** Ranges of an Accept or Accept-Encoding header by falling q, equal ones as they stand; q=0 is left out. RFC 9110 §12.5. */
export function parseAccept(header: string): AcceptRange[] {
  return header
    .split(',')
    .map(parseRange)
    .filter(range => range.type !== '' && range.q > 0)
    .sort((a, b) => b.q - a.q)
}

function parseRange(text: string): AcceptRange {
  const [type, ...rest] = text.split(';').map(part => part.trim())
  const parameters = new Map<string, string>()
  for (const part of rest) {
    const equals = part.indexOf('=')
    if (equals < 0) continue
    const value = part.slice(equals + 1).trim()
    parameters.set(part.slice(0, equals).trim().toLowerCase(), value.replace(/^"(.*)"$/, '$1'))
  }
  const q = Number(parameters.get('q') ?? 1)
  return { type: type.toLowerCase(), parameters, q: Number.isNaN(q) ? 0 : q }
}

interface Offer {
  readonly format: ExpositionFormat
  readonly type: string
  readonly version?: string
  /** Parameters that the range must have just so. */
  readonly demands?: Readonly<Record<string, string>>
  /** What a range without a version means. */
  readonly isDefaultVersion?: boolean
  readonly contentType: string
}

const PROTOBUF_TYPE = 'application/vnd.google.protobuf'
const MESSAGE = 'io.prometheus.client.MetricFamily'
const OPENMETRICS_TYPE = 'application/openmetrics-text'

const offerText = (version: string, isDefaultVersion: boolean): Offer => ({
  format: 'text',
  type: 'text/plain',
  version,
  isDefaultVersion,
  contentType: `text/plain; version=${version}; charset=utf-8`,
})
const offerOpenMetrics = (version: string, isDefaultVersion: boolean): Offer => ({
  format: 'openmetrics',
  type: OPENMETRICS_TYPE,
  version,
  isDefaultVersion,
  contentType: `${OPENMETRICS_TYPE}; version=${version}; charset=utf-8`,
})
const TEXT = offerText('0.0.4', true)
const TEXT_1 = offerText('1.0.0', false)
const PROTOBUF: Offer = {
  format: 'protobuf',
  type: PROTOBUF_TYPE,
  demands: { proto: MESSAGE, encoding: 'delimited' },
  contentType: `${PROTOBUF_TYPE}; proto=${MESSAGE}; encoding=delimited`,
}

/** Sets of formats that a page may be served in. */
export const OFFERS = {
  /** What node_exporter and its kind serve. */
  dropIn: [PROTOBUF, TEXT],
  plain: [PROTOBUF, TEXT, TEXT_1],
  openMetrics: [offerOpenMetrics('1.0.0', false), offerOpenMetrics('0.0.1', true), PROTOBUF, TEXT, TEXT_1],
} as const satisfies Record<string, readonly Offer[]>

const isEscaping = (text: string | undefined): text is Escaping => ESCAPINGS.includes(text as Escaping)

/**
 * The format that suits an Accept header best, the text format 0.0.4 if none does. As in client_golang the last `escaping`
 * said before the range that matches holds, whichever range said it; without one names are escaped with underscores.
 */
export function negotiate(accept: string | undefined, offers: readonly Offer[]): Negotiated {
  let escaping: Escaping = 'underscores'
  for (const range of parseAccept(accept ?? '')) {
    const asked = range.parameters.get('escaping')
    if (isEscaping(asked)) escaping = asked
    const offer = offers.find(one => matches(range, one))
    if (offer) return negotiated(offer, escaping)
  }
  return negotiated(TEXT, escaping)
}

function negotiated({ format, contentType }: Offer, escaping: Escaping): Negotiated {
  return { format, escaping, contentType: `${contentType}; escaping=${escaping}` }
}

function matches({ type, parameters }: AcceptRange, offer: Offer): boolean {
  if (type === '*/*' || type === `${offer.type.split('/')[0]}/*`) return offer === TEXT
  if (type !== offer.type) return false
  const version = parameters.get('version')
  if (offer.version && !(version === undefined ? offer.isDefaultVersion : version === offer.version)) return false
  return Object.entries(offer.demands ?? {}).every(([name, value]) => parameters.get(name) === value)
}

/** Whether an Accept-Encoding header takes gzip. */
export function acceptsGzip(header: string | undefined): boolean {
  return parseAccept(header ?? '').some(({ type }) => type === 'gzip')
}
