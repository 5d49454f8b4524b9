import { type DestinationStream, destination as openDestination, pino, stdSerializers } from 'pino'
import type { Clock } from '../component/clock.ts'
import type { Logger } from '../component/types.ts'
import type { TelemetryConfig } from '../config/model.ts'
import { consoleLine } from './console_line.ts'
import { RepeatLimit } from './repeat_limit.ts'

export type LogsConfig = TelemetryConfig['logs']

/** Names of fields that are never shown, wherever one level of nesting has them. */
const SECRETS = ['password', 'token', 'secret', 'api_key', 'authorization', 'Authorization', 'cookie', 'key_pem', 'dsn']
const REDACT = SECRETS.flatMap(name => [name, `*.${name}`])

export interface AgentLogger extends Logger {
  /** A logger whose lines carry these fields: `{ kind, component }` for a component's own. */
  child(fields: Readonly<Record<string, string | undefined>>): Logger
  /** Level and encoding from now on, for children too. */
  configure(config: LogsConfig): void
  /** Writes the summaries of repeated warnings that are still owed. Before the process ends. */
  close(): void
}

export interface LoggerOptions {
  clock: Clock
  /** Takes whole lines; standard error when absent. Synchronous, so that nothing is lost when the process ends. */
  destination?: { write(line: string): void }
}

/**
 * The agent's log: one line an entry, as JSON or for people. Of warnings and errors that repeat with the same text the
 * first is written at once and the others as one count a minute.
 */
export function createLogger(config: LogsConfig, { clock, destination }: LoggerOptions): AgentLogger {
  const sink = destination ?? openDestination({ fd: 2, sync: true })
  let encoding = config.encoding
  const stream: DestinationStream = {
    write: line => {
      sink.write(encoding === 'json' ? line : consoleLine(line))
    },
  }
  const root = pino(
    {
      level: config.level,
      base: null,
      timestamp: () => `,"time":"${new Date(clock.nowMs()).toISOString()}"`,
      formatters: { level: label => ({ level: label }) },
      serializers: { error: stdSerializers.errWithCause },
      redact: { paths: REDACT, censor: '[redacted]' },
    },
    stream,
  )
  const repeats = new RepeatLimit(clock)
  const logger = (fields: object): Logger => {
    // Not a pino child: those keep the level that their parent had when they were made.
    const write = (level: 'debug' | 'info' | 'warn' | 'error', message: string, more?: object) =>
      root[level]({ ...fields, ...more }, message)
    const always = (level: 'debug' | 'info') => (message: string, more?: object) => {
      if (root.isLevelEnabled(level)) write(level, message, more)
    }
    const limited = (level: 'warn' | 'error') => (message: string, more?: object) => {
      if (!root.isLevelEnabled(level)) return
      repeats.pass(JSON.stringify([level, fields, message]), count => {
        write(level, count === undefined ? message : `${message} (${count} more in the last minute)`, more)
      })
    }
    return {
      debug: always('debug'),
      info: always('info'),
      warn: limited('warn'),
      error: limited('error'),
    }
  }
  return {
    ...logger({}),
    child: logger,
    configure(next) {
      root.level = next.level
      encoding = next.encoding
    },
    close: () => repeats.close(),
  }
}
