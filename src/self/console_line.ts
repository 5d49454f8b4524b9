import { inspect } from 'node:util'

interface Entry {
  time: string
  level: string
  msg: string
  kind?: string
  component?: string
  pipeline?: string
  error?: { type?: string; message?: string; stack?: string }
}

/** Errors that only a fault in the program makes: their place in it is worth the lines. */
const FAULTS = new Set(['TypeError', 'ReferenceError', 'RangeError', 'SyntaxError', 'AssertionError'])

/** One JSON line of the log → `2026-01-31T09:30:00.000Z WARN  exporter loki: message key=value`, with its line end. */
export function consoleLine(json: string): string {
  const { time, level, msg, kind, component, pipeline, error, ...fields } = JSON.parse(json) as Entry
  const who = [kind, component, pipeline && `in ${pipeline}`].filter(Boolean).join(' ')
  const shown = error?.message === undefined ? fields : { ...fields, error: error.message }
  const pairs = Object.entries(shown).map(([name, value]) => ` ${name}=${fieldText(value)}`)
  const stack = FAULTS.has(error?.type ?? '') ? `${error?.stack}\n` : ''
  return `${time} ${level.toUpperCase().padEnd(5)} ${who && `${who}: `}${oneLine(msg)}${pairs.join('')}\n${stack}`
}

function fieldText(value: unknown): string {
  if (typeof value !== 'string') return inspect(value, { breakLength: Number.POSITIVE_INFINITY })
  return /^[^\s"=\p{Cc}]+$/u.test(value) ? value : JSON.stringify(value)
}

/** Text from outside must not look like entries of its own, nor drive the terminal. */
function oneLine(message: string): string {
  return message.replace(/\p{Cc}/gu, char => JSON.stringify(char).slice(1, -1))
}
