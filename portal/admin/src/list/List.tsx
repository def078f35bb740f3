// The one list of the portal: filters, order and page in the address, rows that
// keep their place, and cards on a phone.

import { DownOutlined, LeftOutlined, ReloadOutlined, RightOutlined, VerticalRightOutlined } from '@ant-design/icons'
import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query'
import { Button, Select } from 'antd'
import { Fragment, type ReactNode, useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Page } from '@ccms/shared/api'
import { clock, grouped, viewerZone } from '@ccms/shared/format'
import { Problem } from '@ccms/shared/problem'
import { Blank, Failed, NoPermission } from '../parts/PageStates'
import { RowsSkeleton } from '../parts/Skeletons'
import { usePhone } from '../parts/useWidth'
import { Filters } from './Filters'
import { defaultLimit, type Filter, type ListState, pageSizes, sortOf, withSort } from './state'
import { useListState } from './useListState'

export interface Column<T> {
  key: string
  title: string
  /** Beside the title, quiet: the unit or the zone. */
  note?: string | ((rows: readonly T[]) => string | undefined)
  cell: (row: T, rows: readonly T[]) => ReactNode
  /** Right-aligned, in figures of one width. */
  num?: boolean
  /** Name of the order in the API. */
  sort?: string
  /** Takes what is left and is cut with dots. */
  wide?: boolean
  /** Stays in view when the rows scroll sideways. */
  pin?: boolean
}

export interface Card {
  title: ReactNode
  status?: ReactNode
  /** The three facts that matter. */
  facts: [label: string, value: ReactNode][]
  actions?: ReactNode
}

interface Props<T extends { id: string }> {
  /** First part of the query key: the event stream finds the list by it. */
  queryKey: readonly string[]
  filters?: readonly Filter[]
  defaultSort?: string
  load: (state: ListState, signal: AbortSignal, before: readonly T[]) => Promise<Page<T>>
  columns: readonly Column<T>[]
  card: (row: T) => Card
  label: string
  rowName: (row: T) => string
  rowClass?: (row: T) => string | undefined
  empty: { title: string; next?: string; action?: ReactNode }
  /** Right in the bar: Add. */
  actions?: ReactNode
  expand?: (row: T) => ReactNode
  refetchMs?: number
  /** Above the rows: the state of the stream. */
  note?: ReactNode
}

const noFilters: readonly Filter[] = []
const emptyMs = 10_000

export function List<T extends { id: string }>(p: Props<T>) {
  const { t } = useTranslation()
  const phone = usePhone()
  const client = useQueryClient()
  const filters = p.filters ?? noFilters
  const sorts = useMemo(() => p.columns.flatMap((c) => (c.sort ? [c.sort] : [])), [p.columns])
  const { state, before, go } = useListState(filters, sorts)
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
  const rows = query.data?.items ?? []
  const filtered = Object.keys(state.filters).length > 0
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

  const nothing = query.isError && !query.data
    ? <Failed error={query.error} title={t('list.error')} retry={() => void query.refetch()} />
    : query.data && rows.length === 0
      ? filtered
        ? <Blank title={t('list.no_data')} next={`${t('list.no_match')} ${t('list.no_match_next')}`}
            action={<Button onClick={() => go({ ...state, filters: {}, cursor: undefined })}>{t('list.clear')}</Button>} />
        : <Blank title={t('list.no_data')} next={p.empty.next ? `${p.empty.title} ${p.empty.next}` : p.empty.title} action={p.empty.action} />
      : undefined

  const body = phone
    ? <Cards rows={rows} card={p.card} rowClass={p.rowClass} label={p.label} pending={query.isPending} expand={p.expand} open={open} toggle={toggle} rowName={p.rowName} />
    : (
      <table className={query.isPlaceholderData ? 'table table-old' : 'table'} aria-label={p.label} aria-busy={query.isPending}>
        <thead>
          <tr>
            {p.expand && <th className="cell-expand"><span className="visually-hidden">{t('points.details')}</span></th>}
            {p.columns.map((c) => <Head key={c.key} column={c} rows={rows} state={state} fallback={p.defaultSort} go={go} />)}
          </tr>
        </thead>
        <tbody>
          {query.isPending && <RowsSkeleton columns={p.columns.length + (p.expand ? 1 : 0)} />}
          {rows.map((row) => (
            <Fragment key={row.id}>
              <tr className={p.rowClass?.(row)} data-id={row.id}>
                {p.expand && <td className="cell-expand"><Expander open={open.has(row.id)} name={p.rowName(row)} toggle={() => toggle(row.id)} /></td>}
                {p.columns.map((c) => <td key={c.key} className={cellClass(c)}>{c.cell(row, rows)}</td>)}
              </tr>
              {p.expand && open.has(row.id) && (
                <tr className="row-inner"><td colSpan={p.columns.length + 1}>{p.expand(row)}</td></tr>
              )}
            </Fragment>
          ))}
        </tbody>
      </table>
    )

  return (
    <section className="list" aria-label={p.label}>
      <div className="list-bar">
        <Filters filters={filters} state={state} go={go} search={reload} phone={phone} />
        <div className="list-actions">
          {p.note}
          {query.dataUpdatedAt > 0 && !phone && (
            <span className="quiet small num" title={viewerZone()}>{t('list.as_of', { time: clock(new Date(query.dataUpdatedAt), viewerZone()) })}</span>
          )}
          <Button icon={<ReloadOutlined spin={query.isFetching && !query.isPending} aria-hidden />} aria-label={t('list.refresh')} title={t('list.refresh')} onClick={reload} />
          {p.actions}
        </div>
      </div>
      {query.isError && query.data && <Stale error={query.error} retry={() => void query.refetch()} />}
      {/* A region that scrolls must be reachable by keyboard. */}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <div className="list-rows" role="region" aria-label={p.label} tabIndex={0}>{nothing ?? body}</div>
      {query.data && (rows.length > 0 || state.cursor) && (
        <Pager page={query.data} state={state} before={before} go={go} />
      )}
    </section>
  )
}

function Stale({ error, retry }: { error: unknown; retry: () => void }) {
  const { t } = useTranslation()
  return <div className="list-stale" role="alert">{t('list.error')} <Button size="small" onClick={retry}>{t('list.retry')}</Button><span hidden>{String(error)}</span></div>
}

const cellClass = <T,>(c: Column<T>) => [c.num && 'cell-num', c.wide && 'cell-wide', c.pin && 'cell-pin'].filter(Boolean).join(' ') || undefined

function Head<T>({ column: c, rows, state, fallback, go }: {
  column: Column<T>; rows: readonly T[]; state: ListState; fallback?: string; go: (s: ListState) => void
}) {
  const { t } = useTranslation()
  const order = c.sort ? sortOf(state, fallback, c.sort) : undefined
  const note = typeof c.note === 'function' ? c.note(rows) : c.note
  const title = <><Breakable text={c.title} />{note && <span className="th-note th-below">{note}</span>}</>
  return (
    <th scope="col" className={cellClass(c)} aria-sort={c.sort ? order ?? 'none' : undefined}>
      {c.sort
        ? (
          <button type="button" className="th-sort" title={t('list.sort_by', { column: c.title })} onClick={() => go(withSort(state, c.sort!, fallback))}>
            <span>{title}</span><DownOutlined aria-hidden className={`th-arrow th-${order ?? 'none'}`} />
          </button>
        )
        : title}
    </th>
  )
}

/** The guide writes "Current(A)": the line may break before the unit. */
function Breakable({ text }: { text: string }) {
  const at = text.indexOf('(')
  return at > 0 ? <>{text.slice(0, at)}<wbr />{text.slice(at)}</> : text
}

function Expander({ open, name, toggle }: { open: boolean; name: string; toggle: () => void }) {
  const { t } = useTranslation()
  return (
    <button type="button" className="expander" aria-expanded={open} onClick={toggle} aria-label={t(open ? 'list.collapse' : 'list.expand', { name })}>
      <RightOutlined aria-hidden />
    </button>
  )
}

function Cards<T extends { id: string }>({ rows, card, rowClass, label, pending, expand, open, toggle, rowName }: {
  rows: readonly T[]; card: (row: T) => Card; rowClass?: (row: T) => string | undefined; label: string; pending: boolean
  expand?: (row: T) => ReactNode; open: ReadonlySet<string>; toggle: (id: string) => void; rowName: (row: T) => string
}) {
  if (pending) return <div className="cards">{['a', 'b', 'c'].map((k) => <div key={k} className="card"><div className="skeleton-bar" /><div className="skeleton-bar" /></div>)}</div>
  return (
    <ul className="cards" aria-label={label}>
      {rows.map((row) => {
        const c = card(row)
        return (
          <li key={row.id} className={`card ${rowClass?.(row) ?? ''}`} data-id={row.id}>
            <div className="card-head">
              <span className="card-title">{c.title}</span>
              {c.status}
              {expand && <Expander open={open.has(row.id)} name={rowName(row)} toggle={() => toggle(row.id)} />}
            </div>
            <dl className="card-facts">
              {c.facts.map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}
            </dl>
            {c.actions && <div className="card-actions">{c.actions}</div>}
            {expand && open.has(row.id) && <div className="card-inner">{expand(row)}</div>}
          </li>
        )
      })}
    </ul>
  )
}

function Pager<T>({ page, state, before, go }: {
  page: Page<T>; state: ListState; before: string[]; go: (s: ListState, pages?: string[]) => void
}) {
  const { t } = useTranslation()
  const total = page.total_capped
    ? t('list.total_capped', { total: grouped(String(page.total)) })
    : t('list.total', { count: page.total })
  const next = () => go({ ...state, cursor: page.next_cursor }, [...before, state.cursor ?? ''])
  const previous = () => go({ ...state, cursor: before.at(-1) || undefined }, before.slice(0, -1))
  const first = () => go({ ...state, cursor: undefined })
  const many = page.next_cursor !== undefined || state.cursor !== undefined
  return (
    <nav className="pager" aria-label={t('list.paging')}>
      <span className="num">{total}</span>
      {(many || page.total > pageSizes[0]! || state.limit !== defaultLimit) && (
        <Select size="small" value={state.limit} aria-label={t('list.per_page')} options={pageSizes.map((n) => ({ value: n, label: n }))}
          onChange={(limit) => go({ ...state, limit, cursor: undefined })} />
      )}
      {many && (
        <span className="pager-buttons">
          <Button size="small" icon={<VerticalRightOutlined aria-hidden />} disabled={!state.cursor} onClick={first} aria-label={t('list.first')} title={t('list.first')} />
          <Button size="small" icon={<LeftOutlined aria-hidden />} disabled={before.length === 0} onClick={previous}>{t('list.previous')}</Button>
          <Button size="small" disabled={!page.next_cursor} onClick={next}>{t('list.next')} <RightOutlined aria-hidden /></Button>
        </span>
      )}
    </nav>
  )
}
