// How a value that arrives by the event stream and a list that arrives by a
// request become one: the newer one wins, and no row changes its place.

export interface Versioned { id: string; version?: number; sample_at?: string }

/**
 * Is b at least as new as a? A meter sample changes values without a new version,
 * so among equal versions the later sample wins.
 */
export function notOlder<T extends Versioned>(a: T, b: T): boolean {
  const va = a.version ?? 0
  const vb = b.version ?? 0
  if (va !== vb) return vb > va
  return (b.sample_at ?? '') >= (a.sample_at ?? '')
}

/** Puts item in the place of its older self. Unknown or older: the same list. */
export function mergeItem<T extends Versioned>(items: readonly T[], item: T): readonly T[] {
  const i = items.findIndex((x) => x.id === item.id)
  const old = items[i]
  if (!old || !notOlder(old, item)) return items
  const out = items.slice()
  out[i] = item
  return out
}

/** The fresh list in its own order, where a streamed row may be newer than its answer. */
export function mergeList<T extends Versioned>(streamed: readonly T[], fresh: readonly T[]): T[] {
  const newest = new Map(streamed.map((x) => [x.id, x]))
  return fresh.map((f) => {
    const s = newest.get(f.id)
    return s && !notOlder(s, f) ? s : f
  })
}
