// The rows that are chosen, across pages; another filter forgets them, because what
// cannot be seen must not be acted on.

import { useCallback, useMemo, useState } from 'react'

export const bulkLimit = 500

export interface Selection<T> {
  rows: T[]
  has: (id: string) => boolean
  full: boolean
  set: (rows: readonly T[], on: boolean) => void
  clear: () => void
}

/** `of` names the filter the rows were found with. */
export function useSelection<T extends { id: string }>(of: string, page: readonly T[], limit = bulkLimit): Selection<T> {
  const [state, setState] = useState<{ of: string; chosen: ReadonlyMap<string, T> }>({ of, chosen: new Map() })
  const chosen = useMemo(() => (state.of === of ? state.chosen : new Map<string, T>()), [state, of])
  const set = useCallback((rows: readonly T[], on: boolean) => setState((s) => {
    const next = new Map(s.of === of ? s.chosen : [])
    for (const r of rows) {
      if (!on) next.delete(r.id)
      else if (next.has(r.id) || next.size < limit) next.set(r.id, r)
    }
    return { of, chosen: next }
  }), [of, limit])
  const clear = useCallback(() => setState({ of, chosen: new Map() }), [of])
  // What the page shows now is newer than what was chosen.
  const rows = useMemo(() => {
    const now = new Map(page.map((r) => [r.id, r]))
    return [...chosen.values()].map((r) => now.get(r.id) ?? r)
  }, [chosen, page])
  return { rows, has: useCallback((id) => chosen.has(id), [chosen]), full: chosen.size >= limit, set, clear }
}
