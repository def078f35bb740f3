// What the home page shows stands in the address: pure, so that it can be tested
// without a screen.

export type Period = 'day' | 'month' | 'year'

export interface HomeState {
  period: Period
  /** 2026-11-30, 2026-11 or 2026; none: the one that is now. */
  date?: string
  site?: string
  sub?: string
  current?: 'AC' | 'DC'
}

const shapes: Record<Period, RegExp> = {
  day: /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/,
  month: /^\d{4}-(0[1-9]|1[0-2])$/,
  year: /^\d{4}$/,
}

const periods = ['day', 'month', 'year'] as const

export function readHome(search: URLSearchParams): HomeState {
  const period = periods.find((p) => p === search.get('period')) ?? 'day'
  const date = search.get('date') ?? undefined
  const current = search.get('current')
  return {
    period,
    date: date && shapes[period].test(date) && isDay(date) ? date : undefined,
    site: id(search.get('site'), 'site_'),
    sub: id(search.get('sub'), 'sub_'),
    current: current === 'AC' || current === 'DC' ? current : undefined,
  }
}

const id = (v: string | null, prefix: string) => (v && v.startsWith(prefix) && /^[a-z]+_[0-9a-z]{20,40}$/.test(v) ? v : undefined)

/** The address of a state; what is as by default stays out of it. */
export function writeHome(s: HomeState): URLSearchParams {
  const out = new URLSearchParams()
  if (s.period !== 'day') out.set('period', s.period)
  for (const key of ['date', 'site', 'sub', 'current'] as const) {
    const v = s[key]
    if (v) out.set(key, v)
  }
  return out
}

const firstOf = (date: string) => `${date}-01-01`.slice(0, 10)

function isDay(date: string): boolean {
  const d = new Date(`${firstOf(date)}T00:00:00Z`)
  return !Number.isNaN(d.getTime()) && d.toISOString().slice(0, date.length) === date
}

/** The day, month or year so many steps on: days of the calendar, of no clock. */
export function step(period: Period, date: string, by: number): string {
  const d = new Date(`${firstOf(date)}T00:00:00Z`)
  if (period === 'day') d.setUTCDate(d.getUTCDate() + by)
  else if (period === 'month') d.setUTCMonth(d.getUTCMonth() + by)
  else d.setUTCFullYear(d.getUTCFullYear() + by)
  return d.toISOString().slice(0, period === 'day' ? 10 : period === 'month' ? 7 : 4)
}

/** The same place in another period: the month of a day, the first day of a month. */
export const inPeriod = (period: Period, date: string): string =>
  firstOf(date).slice(0, period === 'day' ? 10 : period === 'month' ? 7 : 4)

/** How much more than before, in tenths of a percent; undefined where nothing compares. */
export function delta(now: number, before: number): number | undefined {
  if (before === 0 || !Number.isFinite(now) || !Number.isFinite(before)) return undefined
  return Math.round(((now - before) * 1000) / Math.abs(before))
}

/** "1234.56" → 1234.56, to draw or compare with: never shown and never summed. */
export const about = (decimal: string) => Number(decimal)

export const blocks = ['network', 'connectors', 'power', 'analytics', 'finance'] as const
export type Block = (typeof blocks)[number]

/** Moves a block up or down by one. */
export function moved<T>(list: readonly T[], at: number, by: -1 | 1): T[] {
  const out = [...list]
  const to = at + by
  if (at < 0 || at >= out.length || to < 0 || to >= out.length) return out
  ;[out[at], out[to]] = [out[to]!, out[at]!]
  return out
}
