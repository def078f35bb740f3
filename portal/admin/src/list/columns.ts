// Which columns a person sees.

import { useCallback, useMemo, useState } from 'react'
import { useMe } from '../login/me'
import type { Column } from './types'

/** What somebody changed from how the list comes: column → shown. */
export type Choice = Record<string, boolean>

type Some = Pick<Column<never>, 'key' | 'fixed' | 'pin' | 'off'>

export const canHide = (c: Some) => !c.fixed && !c.pin

export const isShown = (c: Some, choice: Choice) => !canHide(c) || (choice[c.key] ?? !c.off)

/** Keeps only what differs from how the list comes, so that a column that is new tomorrow shows as it is meant. */
export function choose(columns: readonly Some[], choice: Choice, key: string, shown: boolean): Choice {
  const out: Choice = {}
  for (const c of columns) {
    const now = c.key === key ? shown : isShown(c, choice)
    if (canHide(c) && now === Boolean(c.off)) out[c.key] = now
  }
  return out
}

function read(kept: string): Choice {
  try {
    const v: unknown = JSON.parse(localStorage.getItem(kept) ?? '{}')
    return typeof v === 'object' && v !== null ? v as Choice : {}
  } catch {
    return {}
  }
}

export function useColumns<T>(name: string | undefined, columns: readonly Column<T>[]) {
  const me = useMe().data
  const kept = `ccms.columns.${me?.staff.id ?? ''}.${name ?? ''}`
  const [state, setState] = useState(() => ({ kept, choice: read(kept) }))
  const choice = state.kept === kept ? state.choice : read(kept)
  const save = useCallback((next: Choice) => {
    setState({ kept, choice: next })
    try {
      if (Object.keys(next).length > 0) localStorage.setItem(kept, JSON.stringify(next))
      else localStorage.removeItem(kept)
    } catch { /* it lasts for this page then */ }
  }, [kept])
  const shown = useMemo(() => (name ? columns.filter((c) => isShown(c, choice)) : columns.filter((c) => !c.off)), [name, columns, choice])
  return { shown, choice, save }
}
