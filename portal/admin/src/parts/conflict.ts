// Two people changed the same thing: what differs, and what comes of the choice.

export interface Difference {
  name: string
  mine: unknown
  theirs: unknown
  /** I changed it; else only the other did. */
  touched: boolean
}

export type Pick = 'mine' | 'theirs'

type Values = Record<string, unknown>

/** Nothing is nothing, however a form or the API writes it, and in whatever order. */
const plain = (v: unknown) => (v === undefined || v === null || v === '' ? '' : JSON.stringify(typeof v === 'string' ? v.trim() : v, sorted))

const sorted = (_: string, v: unknown): unknown => (v && typeof v === 'object' && !Array.isArray(v)
  ? Object.fromEntries(Object.entries(v).filter(([, x]) => x !== undefined && x !== '').sort(([a], [b]) => (a < b ? -1 : 1)))
  : v)

export const alike = (a: unknown, b: unknown) => plain(a) === plain(b)

/** The fields in which what I typed is not what is stored now. */
export function differences(before: Values, mine: Values, theirs: Values): Difference[] {
  return Object.keys(mine)
    .filter((name) => !alike(mine[name], theirs[name]))
    .map((name) => ({ name, mine: mine[name], theirs: theirs[name], touched: !alike(before[name], mine[name]) }))
}

/** What I did not touch stays as the other left it; of the rest mine is offered first. */
export const firstPicks = (ds: Difference[]): Record<string, Pick> => Object.fromEntries(ds.map((d) => [d.name, d.touched ? 'mine' : 'theirs']))

export function merged(mine: Values, ds: Difference[], picks: Record<string, Pick>): Values {
  const out = { ...mine }
  for (const d of ds) if (picks[d.name] === 'theirs') out[d.name] = d.theirs
  return out
}
