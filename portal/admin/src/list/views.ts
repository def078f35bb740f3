// Views: the filters and order of a list that an account keeps under a name.

import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef } from 'react'
import { useNavigate, useSearchParams } from 'react-router'
import type { View } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'
import { type Filter, type ListState, readState, writeState } from './state'

export const viewsKey = ['desk', 'views'] as const

/** The address of a state without what belongs to this moment: the page, and its size. */
export function viewQuery(state: ListState): string {
  const out = writeState({ filters: state.filters, sort: state.sort, limit: 50 })
  out.sort()
  return out.toString()
}

/** What a kept query says to the list as it is today: what it no longer knows is left out. */
export const viewState = (query: string, filters: readonly Filter[], sorts: readonly string[]): ListState =>
  ({ ...readState(new URLSearchParams(query), filters, sorts), cursor: undefined })

const none: View[] = []

/** The views of a list. One that is the default is taken when the list opens bare. */
export function useViews(name: string | undefined, filters: readonly Filter[], sorts: readonly string[]) {
  const client = useQueryClient()
  const navigate = useNavigate()
  const [search] = useSearchParams()
  const query = useQuery({
    queryKey: viewsKey, staleTime: Infinity, enabled: name !== undefined,
    queryFn: ({ signal }) => take(api.GET('/api/v1/views', { signal, params: { query: { limit: 100 } } })),
  })
  const views = query.data?.items.filter((v) => v.list === name) ?? none
  const first = views.find((v) => v.default)
  const bare = useRef<boolean>(undefined)
  bare.current ??= search.size === 0
  useEffect(() => {
    if (!query.data || !bare.current) return
    bare.current = false
    if (first) void navigate({ search: writeState(viewState(first.query, filters, sorts)).toString() }, { replace: true })
    // eslint-disable-next-line react-hooks/exhaustive-deps -- once, when the views are there; filters change their identity with the language
  }, [query.data])
  return { views, reload: () => client.invalidateQueries({ queryKey: viewsKey }) }
}
