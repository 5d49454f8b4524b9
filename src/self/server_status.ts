import type { ServerResponse } from 'node:http'
import type { HealthSource } from '../component/types.ts'
import { json } from '../net/answers.ts'

/** 200 while the agent is ready and not unhealthy, as the Collector's `health_check` extension. */
export function isAvailable(health: HealthSource): boolean {
  return health.ready() && health.status() !== 'unhealthy'
}

/**
 * The body that the Collector's `health_check` extension answers with: `upSince` RFC 3339, `uptime` as Go writes a
 * duration, both at their zero values while it is not available.
 */
export function answerServerStatus(response: ServerResponse, health: HealthSource, nowMs: number): void {
  if (isAvailable(health)) {
    // The wall clock may have been set back meanwhile.
    const upSince = new Date(health.upSinceMs).toISOString()
    json(response, 200, {
      status: 'Server available',
      upSince,
      uptime: goDuration(Math.max(0, nowMs - health.upSinceMs)),
    })
  } else {
    json(response, 503, { status: 'Server not available', upSince: '0001-01-01T00:00:00Z', uptime: '' })
  }
}

/** 4225250 → `1h10m25.25s`, as Go's time.Duration prints it. */
export function goDuration(ms: number): string {
  if (ms < 1000) return ms === 0 ? '0s' : `${ms}ms`
  const seconds = `${Number(((ms % 60_000) / 1000).toFixed(3))}s`
  const minutes = Math.floor(ms / 60_000)
  if (minutes === 0) return seconds
  return minutes < 60 ? `${minutes}m${seconds}` : `${Math.floor(minutes / 60)}h${minutes % 60}m${seconds}`
}
