import { useCallback, useMemo } from 'react'
import { useLocation, useNavigate, useSearchParams } from 'react-router'
import { type Filter, type ListState, readState, writeState } from './state'

export function useListState(filters: readonly Filter[], sorts: readonly string[]) {
  const [search] = useSearchParams()
  const navigate = useNavigate()
  const location = useLocation()
  const state = useMemo(() => readState(search, filters, sorts), [search, filters, sorts])
  // The cursors of the pages before this one. An address that was shared has none.
  const before = useMemo(() => ((location.state as { before?: string[] } | null)?.before ?? []), [location.state])

  const go = useCallback((next: ListState, pages: string[] = [], replace = false) => {
    void navigate({ search: writeState(next, search, filters).toString() }, { replace, state: { before: pages } })
  }, [navigate, search, filters])

  return { state, before, go }
}
