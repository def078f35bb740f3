// Times, ages and codes as the page says them.

import { locale, t, type Word, wordOf } from './words'
import type { Charge } from './api'

const steps: [Intl.RelativeTimeFormatUnit, number][] = [['day', 86_400], ['hour', 3600], ['minute', 60], ['second', 1]]

/** "3 minutes ago", by the server's clock. */
export function age(at: string, now: string | number): string {
  const seconds = Math.max(0, (new Date(now).getTime() - Date.parse(at)) / 1000)
  const [unit, size] = steps.find(([, n]) => seconds >= n) ?? ['second', 1]
  return new Intl.RelativeTimeFormat(locale(), { numeric: 'auto' }).format(-Math.floor(seconds / size), unit)
}

/** "1:02:07" */
export function lasted(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1000))
  const two = (n: number) => String(n).padStart(2, '0')
  return `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`
}

/** A time of the site's zone, which it names. */
export const when = (at: string, zone: string): string =>
  new Intl.DateTimeFormat(locale(), { dateStyle: 'medium', timeStyle: 'short', timeZone: zone }).format(new Date(at))

export const days = (names: string[]): string => {
  const name = new Intl.DateTimeFormat(locale(), { weekday: 'short', timeZone: 'UTC' })
  const order = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']
  return order.filter((d) => names.includes(d)).map((d) => name.format(new Date(Date.UTC(2024, 0, 1 + order.indexOf(d))))).join(', ')
}

/** Why something did not work, for a person. */
export const why = (code: string, other: Word = 'why.other'): string => wordOf('why', code, other)

const faultsOfStart = new Set(['start_failed', 'connector_busy', 'charge_point_offline', 'connector_reserved', 'connector_unusable', 'charge_point_invalid', 'no_price'])

export const whyOf = (c: Charge): string => (c.failure ? why(c.failure.code, faultsOfStart.has(c.failure.code) || c.state === 'ready' ? 'why.other' : 'why.payment') : '')

export const stateWord = (c: Charge): string => {
  if (c.state === 'starting' && c.plugged) return t('charge.starting.plugged')
  return wordOf('charge', c.state, 'pay.wait')
}
