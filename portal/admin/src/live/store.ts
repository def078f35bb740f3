// What the event stream does to the lists that are loaded: pure, so that it can be
// tested without a screen.

import type { Command, Session } from '@ccms/shared/api'
import { mergeItem, mergeList, type Versioned } from '@ccms/shared/merge'

/** A row that has left the list of running sessions stays in its place for a while. */
export type LiveRow = Session & { gone_at?: number }

export const keptForMs = 5 * 60_000

/**
 * The fresh answer, with the streamed values where they are newer, and with the rows
 * that ended since: each stays behind the row it stood behind, so that nothing moves
 * under the pointer of someone about to click.
 */
export function keepEnded(before: readonly LiveRow[], fresh: readonly Session[], now: number): LiveRow[] {
  const out: LiveRow[] = mergeList(before, fresh)
  const present = new Set(out.map((r) => r.id))
  before.forEach((row, i) => {
    if (present.has(row.id)) return
    const goneAt = row.gone_at ?? now
    if (now - goneAt >= keptForMs) return
    const neighbour = before.slice(0, i).findLast((r) => present.has(r.id))
    const at = neighbour ? out.findIndex((r) => r.id === neighbour.id) + 1 : 0
    out.splice(at, 0, { ...row, gone_at: goneAt })
    present.add(row.id)
  })
  return out
}

export const isEnded = (s: LiveRow) => s.gone_at !== undefined || s.ended_at !== undefined || ended.has(s.state)

const ended = new Set(['RELEASED', 'SETTLING', 'COMPLETED', 'FAILED_TO_START', 'REJECTED'])

/** Merges one row into a loaded page; tells whether the page knew it. */
export function intoPage<T extends Versioned, P extends { items: readonly T[] }>(page: P, item: T): { page: P; known: boolean } {
  const known = page.items.some((x) => x.id === item.id)
  const items = mergeItem(page.items, item)
  return { page: items === page.items ? page : { ...page, items }, known }
}

const rank = (c: Command) =>
  (c.state === 'queued' ? 0 : c.state === 'sent' ? 1 : 2) * 3 +
  (!c.effect ? 0 : c.effect.state === 'pending' ? 1 : 2)

/** Commands only go forward: an older answer that comes late changes nothing. */
export function laterCommand(a: Command | undefined, b: Command): Command {
  return a && rank(a) > rank(b) ? a : b
}

export const isAnswered = (c: Command) => c.state !== 'queued' && c.state !== 'sent'

/** Nothing more will come: refused, or accepted and its effect known. */
export function isSettled(c: Command): boolean {
  if (!isAnswered(c)) return false
  if (c.state !== 'accepted') return c.effect?.state !== 'pending'
  return c.effect !== undefined && (c.effect.state !== 'pending' || c.effect.late === true)
}
