// How often events may make a screen ask the server again: pure but for timers, so that
// it can be tested without a screen. Many screens share one login and one address, and
// the server counts the calls of both.

/** The first of many events waits so long for the others. */
export const gatherMs = 300
/** What is open on the screen in detail is asked for at most so often. */
export const openMs = 2_000
/** A list that shows everything asks for rows it has not seen at most so often. */
export const unseenMs = 5_000
/** One that shows a choice, to which most rows do not belong, asks less often. */
export const unseenChosenMs = 30_000

/** The home page asks for what it shows now at most so often, for its sums less often. */
export const homeMs = 10_000
export const homeSumsMs = 30_000
/** So long after the rows their sums are made. */
export const sumsAfterMs = 5_000

export type Later = (name: string, everyMs: number, what: () => void) => void

/** Many events ask for the same fetch: one is enough, and the next one waits its turn. */
export function paced(): Later {
  const waiting = new Set<string>()
  const last = new Map<string, number>()
  return (name, everyMs, what) => {
    if (waiting.has(name)) return
    waiting.add(name)
    const now = Date.now()
    for (const [other, at] of last) if (now - at > unseenChosenMs || at > now) last.delete(other)
    const due = (last.get(name) ?? -Infinity) + everyMs
    setTimeout(() => {
      waiting.delete(name)
      last.set(name, Date.now())
      what()
    }, Math.max(gatherMs, due - now))
  }
}

/** Which loaded lists a row that none of them has may belong to: first pages only. */
export function mayBegin(queryKey: readonly unknown[]): 'all' | 'chosen' | undefined {
  const state = queryKey.at(-1)
  if (typeof state !== 'object' || state === null || !('filters' in state)) return undefined
  if ('cursor' in state && state.cursor) return undefined
  return Object.keys(state.filters as object).length === 0 ? 'all' : 'chosen'
}
