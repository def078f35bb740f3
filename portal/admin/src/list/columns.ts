// Which columns a person sees.

import { useQuery, useQueryClient } from '@tanstack/react-query'
import { App } from 'antd'
import { useCallback, useMemo } from 'react'
import type { ListColumns, Page } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'
import { useProblemText } from '../parts/ProblemText'
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

const queryKey = ['desk', 'columns'] as const
const none: Choice = {}

export function useColumns<T>(name: string | undefined, columns: readonly Column<T>[]) {
  const client = useQueryClient()
  const { message } = App.useApp()
  const text = useProblemText()
  const all = useQuery({
    queryKey, staleTime: Infinity, enabled: name !== undefined,
    queryFn: ({ signal }) => take(api.GET('/api/v1/columns', { signal, params: { query: { limit: 100 } } })),
  })
  const choice = all.data?.items.find((x) => x.list === name)?.columns ?? none
  const save = useCallback((next: Choice) => {
    if (!name) return
    void client.cancelQueries({ queryKey }) // an older answer must not come over it
    client.setQueryData<Page<ListColumns>>(queryKey, (old) => ({
      total: 0, total_capped: false, ...old, items: [...(old?.items ?? []).filter((x) => x.list !== name), { list: name, columns: next }],
    }))
    take(api.PUT('/api/v1/columns', { body: { list: name, columns: next } }))
      .catch((e: unknown) => void message.error(text(e)))
      .finally(() => void client.invalidateQueries({ queryKey }))
  }, [client, message, name, text])
  const shown = useMemo(() => columns.filter((c) => isShown(c, choice)), [columns, choice])
  return { shown, choice, save }
}
