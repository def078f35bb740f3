// The one list of the portal: filters, order and page in the address, columns as each
// person likes them, rows that can be chosen and keep their place, and cards on a
// phone. What a screen says about its list is in types.ts.

import { ReloadOutlined } from '@ant-design/icons'
import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query'
import { Button } from 'antd'
import { useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Page } from '@ccms/shared/api'
import { clock, zoneName } from '@ccms/shared/format'
import { Problem } from '@ccms/shared/problem'
import { useZone } from '../login/me'
import { Blank, Failed, NoPermission } from '../parts/PageStates'
import { usePhone } from '../parts/useWidth'
import { BulkBar } from './BulkBar'
import { Cards } from './Cards'
import { ColumnChooser } from './ColumnChooser'
import { useColumns } from './columns'
import { ExportMenu } from './ExportMenu'
import { Filters } from './Filters'
import { Pager } from './Pager'
import { Rows } from './Rows'
import type { Filter, ListState } from './state'
import type { ListProps } from './types'
import { useListState } from './useListState'
import { useSelection } from './useSelection'
import { ViewMenu } from './ViewMenu'

export type { Bulk, Card, Column } from './types'

const noFilters: readonly Filter[] = []
const emptyMs = 10_000

export function List<T extends { id: string }>(p: ListProps<T>) {
  const { t } = useTranslation()
  const phone = usePhone()
  const client = useQueryClient()
  const zone = useZone()
  const filters = p.filters ?? noFilters
  const sorts = useMemo(() => p.columns.flatMap((c) => (c.sort ? [c.sort] : [])), [p.columns])
  const { state, before, go } = useListState(filters, sorts)
  const { shown, choice, save } = useColumns(p.name, p.columns)
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set())

  // Asked for by hand: rows that were only kept in their place go.
  const anew = useRef(false)

  const key = [...p.queryKey, { ...state, sort: state.sort ?? p.defaultSort }]
  const query = useQuery({
    queryKey: key,
    queryFn: ({ signal }) => {
      const known = anew.current ? [] : client.getQueryData<Page<T>>(key)?.items ?? []
      anew.current = false
      return p.load({ ...state, sort: state.sort ?? p.defaultSort }, signal, known)
    },
    placeholderData: keepPreviousData,
    // An empty list waits for its first row; one with rows must not move by itself.
    refetchInterval: (q) => (q.state.data?.items.length === 0 ? Math.min(p.refetchMs ?? emptyMs, emptyMs) : p.refetchMs ?? false),
  })
  const rows = query.data?.items ?? (noRows as readonly T[])
  const selection = useSelection<T>(JSON.stringify(state.filters), rows, p.bulk?.limit)
  const reload = () => {
    anew.current = true
    void query.refetch()
  }
  const toggle = (id: string) => {
    const next = new Set(open)
    if (!next.delete(id)) next.add(id)
    setOpen(next)
  }

  if (query.error instanceof Problem && query.error.status === 403) return <NoPermission />

  const common = { rows, label: p.label, pending: query.isPending, rowName: p.rowName, rowClass: p.rowClass, expand: p.expand, open, toggle, bulk: p.bulk, selection }
  const body = query.isError && !query.data
    ? <Failed error={query.error} title={t('list.error')} retry={() => void query.refetch()} />
    : query.data && rows.length === 0
      ? <Nothing state={state} empty={p.empty} go={go} />
      : phone
        ? <Cards {...common} card={p.card} />
        : <Rows {...common} columns={shown} old={query.isPlaceholderData} state={state} fallback={p.defaultSort} go={go} />

  return (
    <section className="list">
      <div className="list-bar">
        <Filters filters={filters} columns={p.columns} state={state} fallback={p.defaultSort} go={go} search={reload} phone={phone} />
        <div className="list-actions">
          {p.note}
          {query.dataUpdatedAt > 0 && !phone && (
            <span className="quiet small num" title={zoneName(zone)}>{t('list.as_of', { time: clock(new Date(query.dataUpdatedAt), zone) })}</span>
          )}
          <Button icon={<ReloadOutlined spin={query.isFetching && !query.isPending} aria-hidden />} aria-label={t('list.refresh')} title={t('list.refresh')} onClick={reload} />
          {p.name && filters.length > 0 && <ViewMenu name={p.name} filters={filters} sorts={sorts} state={state} go={go} />}
          {p.exports && rows.length > 0 && <ExportMenu path={p.exports.path} query={p.exports.query({ ...state, sort: state.sort ?? p.defaultSort })} phone={phone} />}
          {p.name && !phone && <ColumnChooser columns={p.columns} choice={choice} save={save} />}
          {p.actions}
        </div>
      </div>
      {p.bulk && <BulkBar bulk={p.bulk} selection={selection} />}
      {query.isError && query.data && <Stale error={query.error} retry={() => void query.refetch()} />}
      {/* A region that scrolls must be reachable by keyboard. */}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <div className="list-rows" role="region" aria-label={p.label} tabIndex={0}>{body}</div>
      {query.data && (rows.length > 0 || state.cursor) && (
        <Pager page={query.data} state={state} before={before} go={go} />
      )}
    </section>
  )
}

const noRows: readonly never[] = []

/** Why there is nothing, and what to do: three different things. */
function Nothing({ state, empty, go }: { state: ListState; empty: ListProps<never>['empty']; go: (s: ListState) => void }) {
  const { t } = useTranslation()
  if (Object.keys(state.filters).length > 0) {
    return (
      <Blank title={t('list.no_data')} next={`${t('list.no_match')} ${t('list.no_match_next')}`}
        action={<Button onClick={() => go({ ...state, filters: {}, cursor: undefined })}>{t('list.clear')}</Button>} />
    )
  }
  if (state.cursor) { // the rows of this page are gone
    return (
      <Blank title={t('list.no_data')} next={t('list.no_more')}
        action={<Button onClick={() => go({ ...state, cursor: undefined })}>{t('list.first')}</Button>} />
    )
  }
  // Who may not take the next step is not told to.
  return <Blank title={t('list.no_data')} next={empty.next && empty.action !== false ? `${empty.title} ${empty.next}` : empty.title} action={empty.action} />
}

function Stale({ error, retry }: { error: unknown; retry: () => void }) {
  const { t } = useTranslation()
  return <div className="list-stale" role="alert">{t('list.error')} <Button size="small" onClick={retry}>{t('list.retry')}</Button><span hidden>{String(error)}</span></div>
}
