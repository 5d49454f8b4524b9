/** A time zone's name now, `CEST`, and its distance east of UTC in seconds. */
export interface Zone {
  readonly name: string
  readonly offset: number
}

const DAY = 86_400
const HOUR = 3600
const NAME = '(?:[A-Za-z]{3,}|<[A-Za-z0-9+-]+>)'
const OFFSET = '[+-]?\\d{1,3}(?::\\d\\d){0,2}'
const RULE = '(?:M\\d+\\.\\d\\.\\d|J?\\d+)'
const TZ = new RegExp(
  `^(${NAME})(${OFFSET})(?:(${NAME})(${OFFSET})?(?:,(${RULE})(?:/(${OFFSET}))?,(${RULE})(?:/(${OFFSET}))?)?)?$`,
)

/**
 * The zone at a Unix time in seconds by a TZ string of POSIX, `CET-1CEST,M3.5.0,M10.5.0/3` (RFC 9636 §3.3.1, tzset(3)).
 * Undefined when it is none.
 */
export function zoneByRules(text: string, unixSeconds: number): Zone | undefined {
  const [, stdName, stdOffset, dstName, dstOffset, start, startTime, end, endTime] = TZ.exec(text) ?? []
  if (stdName === undefined) return undefined
  const std: Zone = { name: bare(stdName), offset: 0 - seconds(stdOffset) }
  if (dstName === undefined || start === undefined) return std
  const dst: Zone = {
    name: bare(dstName),
    offset: dstOffset === undefined ? std.offset + HOUR : 0 - seconds(dstOffset),
  }
  const year = new Date((unixSeconds + std.offset) * 1000).getUTCFullYear()
  const from = dayOf(start, year) * DAY + seconds(startTime ?? '2') - std.offset
  const to = dayOf(end, year) * DAY + seconds(endTime ?? '2') - dst.offset
  const inside = from < to ? unixSeconds >= from && unixSeconds < to : unixSeconds >= from || unixSeconds < to
  return inside ? dst : std
}

const bare = (name: string) => name.replace(/[<>]/g, '')

/** `-3:30` → -12600. */
function seconds(text: string): number {
  const [hours, minutes = 0, rest = 0] = text.replace(/^[+-]/, '').split(':').map(Number)
  return (text.startsWith('-') ? -1 : 1) * (hours * HOUR + minutes * 60 + rest)
}

/** Days since the Unix epoch of `M3.5.0` (fifth = last Sunday of March), `J60` (never counts 29 February) or `59` (does). */
function dayOf(rule: string, year: number): number {
  const firstDay = Date.UTC(year, 0, 1) / 1000 / DAY
  if (rule.startsWith('J')) {
    const day = Number(rule.slice(1))
    const leap = new Date(Date.UTC(year, 1, 29)).getUTCMonth() === 1
    return firstDay + day - 1 + (leap && day >= 60 ? 1 : 0)
  }
  if (!rule.startsWith('M')) return firstDay + Number(rule)
  const [month, week, weekday] = rule.slice(1).split('.').map(Number)
  const first = Date.UTC(year, month - 1, 1) / 1000 / DAY
  const days = new Date(Date.UTC(year, month, 0)).getUTCDate()
  const ahead = (weekday - new Date(first * DAY * 1000).getUTCDay() + 7) % 7
  let day = ahead + (week - 1) * 7
  while (day >= days) day -= 7
  return first + day
}
