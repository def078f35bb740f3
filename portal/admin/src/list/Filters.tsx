import { FilterOutlined, SearchOutlined } from '@ant-design/icons'
import { Button, Drawer, Input, Select } from 'antd'
import { type FormEvent, useEffect, useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { zoneName } from '@ccms/shared/format'
import { useZone } from '../login/me'
import { type Filter, type ListState, withFilter } from './state'
import type { Column } from './types'

interface Props {
  filters: readonly Filter[]
  /** A phone has no column heads to sort by: the orders are in the sheet. */
  columns: readonly Pick<Column<never>, 'title' | 'sort'>[]
  state: ListState
  fallback?: string
  go: (next: ListState, pages?: string[], replace?: boolean) => void
  search: () => void
  phone: boolean
}

/** Named filters stand in the open, the rest under More; on a phone all are a sheet. */
export function Filters({ filters, columns, state, fallback, go, search, phone }: Props) {
  const { t } = useTranslation()
  const own = useZone()
  const hidden = filters.filter((f) => f.more)
  const [more, setMore] = useState(() => hidden.some((f) => state.filters[f.key]))
  const [sheet, setSheet] = useState(false)
  const count = (list: readonly Filter[]) => list.filter((f) => state.filters[f.key]).length
  const orders = columns.filter((c) => c.sort)
  if (filters.length === 0 && !(phone && orders.length > 0)) return null
  const submit = (e: FormEvent) => {
    e.preventDefault()
    setSheet(false)
    search()
  }
  const fields = (list: readonly Filter[]) => list.map((f) => (
    <Field key={f.key} filter={f} value={state.filters[f.key] ?? ''} set={(v) => go(withFilter(state, f.key, v), [], true)} />
  ))
  const clear = count(filters) > 0 && (
    <Button type="link" onClick={() => go({ ...state, filters: {}, cursor: undefined })}>{t('list.clear')}</Button>
  )
  const day = filters.find((f) => f.kind === 'day')
  const zone = day && <span className="quiet small">{t('list.days_of', { zone: zoneName(day.zone ?? own) })}</span>

  if (phone) {
    const n = count(filters)
    return (
      <>
        <Button icon={<FilterOutlined aria-hidden />} onClick={() => setSheet(true)}>{n ? t('list.filters_active', { count: n }) : t('list.filters')}</Button>
        <Drawer open={sheet} onClose={() => setSheet(false)} placement="bottom" size="auto" title={t('list.filters')}>
          <form className="filters-sheet" onSubmit={submit}>
            {fields(filters)}
            {orders.length > 0 && (
              <Order orders={orders} value={state.sort ?? fallback ?? ''} set={(sort) => go({ ...state, sort: sort === fallback ? undefined : sort, cursor: undefined }, [], true)} />
            )}
            {zone}
            <Button type="primary" htmlType="submit" block>{t('list.apply')}</Button>
            {clear}
          </form>
        </Drawer>
      </>
    )
  }
  return (
    <form className="filters" role="search" onSubmit={submit}>
      {fields(filters.filter((f) => !f.more))}
      {more && fields(hidden)}
      {hidden.length > 0 && (
        <Button onClick={() => setMore(!more)} aria-expanded={more}>
          {!more && count(hidden) > 0 ? t('list.more_active', { count: count(hidden) }) : t('list.more')}
        </Button>
      )}
      <Button htmlType="submit" icon={<SearchOutlined aria-hidden />}>{t('list.search')}</Button>
      {clear}
      {more && zone}
    </form>
  )
}

function Field({ filter: f, value, set }: { filter: Filter; value: string; set: (v: string) => void }) {
  const { t } = useTranslation()
  const id = useId()
  return (
    <div className="filter">
      <label htmlFor={id}>{f.label}</label>
      {f.kind === 'select'
        ? <Select id={id} value={value} onChange={set} popupMatchSelectWidth={false} className="filter-select" aria-label={f.label}
            options={[{ value: '', label: f.any ?? t('list.any') }, ...(f.options ?? [])]} />
        : f.kind === 'day'
          ? <Input id={id} type="date" value={value} onChange={(e) => set(e.target.value)} className="filter-day" />
          : <Text id={id} value={value} set={set} />}
    </div>
  )
}

function Order({ orders, value, set }: { orders: Props['columns']; value: string; set: (v: string) => void }) {
  const { t } = useTranslation()
  const id = useId()
  return (
    <div className="filter">
      <label htmlFor={id}>{t('list.order')}</label>
      <Select id={id} value={value} onChange={set} aria-label={t('list.order')} options={orders.flatMap((c) => [
        { value: c.sort!, label: t('list.order_up', { column: c.title }) },
        { value: `-${c.sort!}`, label: t('list.order_down', { column: c.title }) },
      ])} />
    </div>
  )
}

const typingMs = 350

/** Searches when the typing pauses. */
function Text({ id, value, set }: { id: string; value: string; set: (v: string) => void }) {
  const [typed, setTyped] = useState(value)
  const [from, setFrom] = useState(value)
  if (from !== value) { // the address changed under it: Back, or "clear"
    setFrom(value)
    if (typed.trim() !== value) setTyped(value)
  }
  useEffect(() => {
    if (typed.trim() === value) return undefined
    const timer = setTimeout(() => set(typed), typingMs)
    return () => clearTimeout(timer)
    // eslint-disable-next-line react-hooks/exhaustive-deps -- set changes with each render; only typing starts the wait
  }, [typed, value])
  return (
    <Input id={id} value={typed} allowClear onChange={(e) => setTyped(e.target.value)} className="filter-text"
      onPressEnter={() => { if (typed.trim() !== value) set(typed) }} />
  )
}
