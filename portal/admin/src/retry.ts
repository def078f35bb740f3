// When a failed fetch is tried again by itself.

import { Problem } from '@ccms/shared/problem'

/** Asking again helps when the server was not reached or asked to wait, never when it said no. */
export function retries(count: number, e: unknown): boolean {
  return count < 2 && e instanceof Problem && (e.status === 0 || e.status === 429 || e.status >= 502)
}

/**
 * As long as the server says, and a little more at random: those who were refused
 * together must not come back together.
 */
export function retryAfterMs(count: number, e: unknown, random = Math.random): number {
  const own = Math.min(1000 * 2 ** count, 30_000)
  const asked = e instanceof Problem ? (e.retryAfterSeconds ?? 0) * 1000 : 0
  return asked > 0 ? Math.round(asked + random() * own) : own
}
