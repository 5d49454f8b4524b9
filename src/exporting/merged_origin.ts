import type { Reservable, Ticket } from '../component/admission.ts'
import type { Origin } from '../telemetry/origin.ts'

/** What is said of a batch made of several: of each field that on which all agree. Room reserved for any is room for all. */
export function mergedOrigin(origins: readonly Origin[]): Origin {
  const [first, ...others] = origins
  if (others.every(origin => origin === first)) return first
  const agreed = <K extends keyof Origin>(key: K): Origin[K] | undefined =>
    others.every(origin => origin[key] === first[key]) ? first[key] : undefined
  const metadata = others.every(origin => metadataKey(origin) === metadataKey(first)) ? first.metadata : undefined
  const tickets = [...new Set(origins.flatMap(origin => origin.ticket ?? []))]
  return {
    receiver: first.receiver,
    ...defined({ peer: agreed('peer'), collection: agreed('collection'), metadata }),
    ...(tickets.length > 0 && { ticket: tickets.length === 1 ? tickets[0] : jointTicket(tickets) }),
  }
}

/** Equal for origins whose metadata agree: in `keys`, or in all of it. */
export function metadataKey({ metadata }: Origin, keys?: readonly string[]): string {
  if (!metadata || metadata.size === 0 || keys?.length === 0) return ''
  const names = keys ?? [...metadata.keys()].sort()
  return JSON.stringify(names.map(name => [name, metadata.get(name) ?? []]))
}

/** Only what these keys name. */
export function withMetadata(origin: Origin, keys: readonly string[]): Origin {
  if (!origin.metadata) return origin
  const kept = new Map([...origin.metadata].filter(([name]) => keys.includes(name)))
  return { ...origin, metadata: kept }
}

/** Whoever owns the tickets releases them. */
function jointTicket(tickets: readonly Ticket[]): Ticket {
  return {
    refused: false,
    claim: (reservable: Reservable) => tickets.reduce((sum, ticket) => sum + ticket.claim(reservable), 0),
    release() {},
  }
}

function defined<T extends object>(fields: T): Partial<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<T>
}
