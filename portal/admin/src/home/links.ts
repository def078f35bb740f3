// Where a number of the home page leads: the rows that it is made of.

import { type HomeState, writeHome } from './state'

const to = (path: string, s: URLSearchParams) => {
  const text = s.toString()
  return text ? `${path}?${text}` : path
}

const of = (q: Record<string, string | undefined>) => {
  const s = new URLSearchParams()
  for (const [k, v] of Object.entries(q)) if (v) s.set(k, v)
  return s
}

/** The sessions that ended in the period, with the filters of the page. */
export const ended = (s: HomeState) => to('/home/sessions', writeHome(s))

export type Side = 'charged' | 'refunded' | 'recharged' | 'reversed'

/** What was posted in the period: one side of one currency. */
export function postings(s: HomeState, side: Side, currency: string): string {
  const q = writeHome(s)
  if (side !== 'charged') q.set('side', side)
  q.set('currency', currency)
  return to('/home/postings', q)
}

export const running = (site?: string) => to('/live/charging', of({ site }))

export const points = (q: { site?: string; connector?: string; online?: 'true' | 'false' }) => to('/live/points', of(q))
