// The rows as a table.

import { DownOutlined, RightOutlined } from '@ant-design/icons'
import { Checkbox } from 'antd'
import { Fragment, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { RowsSkeleton } from '../parts/Skeletons'
import { type ListState, sortOf, withSort } from './state'
import type { Bulk, Column } from './types'
import type { Selection } from './useSelection'

export interface Opened {
  /** Ids of the rows that show what is in them. */
  open: ReadonlySet<string>
  toggle: (id: string) => void
}

export interface RowsProps<T extends { id: string }> extends Opened {
  rows: readonly T[]
  label: string
  pending: boolean
  rowName: (row: T) => string
  rowClass?: (row: T) => string | undefined
  expand?: (row: T) => ReactNode
  bulk?: Bulk<T>
  selection: Selection<T>
}

export function Rows<T extends { id: string }>(p: RowsProps<T> & {
  columns: readonly Column<T>[]; old: boolean; state: ListState; fallback?: string; go: (s: ListState) => void
}) {
  const { t } = useTranslation()
  const { rows, columns, selection, bulk } = p
  const span = columns.length + (p.expand ? 1 : 0) + (bulk ? 1 : 0)
  return (
    <table className={p.old ? 'table table-old' : 'table'} aria-label={p.label} aria-busy={p.pending}>
      <thead>
        <tr>
          {bulk && <th className="cell-choose"><ChooseAll rows={rows} bulk={bulk} selection={selection} /></th>}
          {p.expand && <th className="cell-expand"><span className="visually-hidden">{t('points.details')}</span></th>}
          {columns.map((c) => <Head key={c.key} column={c} rows={rows} state={p.state} fallback={p.fallback} go={p.go} />)}
        </tr>
      </thead>
      <tbody>
        {p.pending && <RowsSkeleton columns={span} />}
        {rows.map((row) => {
          const chosen = bulk !== undefined && selection.has(row.id)
          return (
            <Fragment key={row.id}>
              <tr className={[p.rowClass?.(row), chosen && 'row-chosen'].filter(Boolean).join(' ') || undefined} data-id={row.id}>
                {bulk && <td className="cell-choose"><Choose row={row} bulk={bulk} selection={selection} name={p.rowName(row)} /></td>}
                {p.expand && <td className="cell-expand"><Expander open={p.open.has(row.id)} name={p.rowName(row)} toggle={() => p.toggle(row.id)} /></td>}
                {columns.map((c) => <td key={c.key} className={cellClass(c)}>{c.wide === 'most' ? <span className="two-lines">{c.cell(row, rows)}</span> : c.cell(row, rows)}</td>)}
              </tr>
              {p.expand && p.open.has(row.id) && (
                <tr className="row-inner"><td colSpan={span}>{p.expand(row)}</td></tr>
              )}
            </Fragment>
          )
        })}
      </tbody>
    </table>
  )
}

export function Choose<T extends { id: string }>({ row, bulk, selection, name }: { row: T; bulk: Bulk<T>; selection: Selection<T>; name: string }) {
  const { t } = useTranslation()
  const on = selection.has(row.id)
  return (
    <Checkbox checked={on} disabled={bulk.can?.(row) === false || (!on && selection.full)} aria-label={t('list.choose', { name })}
      onChange={(e) => selection.set([row], e.target.checked)} />
  )
}

export function ChooseAll<T extends { id: string }>({ rows, bulk, selection, children }: {
  rows: readonly T[]; bulk: Bulk<T>; selection: Selection<T>; children?: ReactNode
}) {
  const { t } = useTranslation()
  const can = rows.filter((r) => bulk.can?.(r) !== false)
  const on = can.filter((r) => selection.has(r.id)).length
  const all = can.length > 0 && on === can.length
  return (
    <Checkbox checked={all} indeterminate={on > 0 && !all} disabled={can.length === 0} aria-label={children ? undefined : t('list.choose_page')}
      onChange={() => selection.set(can, !all)}>{children}</Checkbox>
  )
}

const cellClass = <T,>(c: Column<T>) => [c.num && 'cell-num', c.wide && 'cell-wide', c.wide === 'most' && 'cell-most', c.pin && 'cell-pin'].filter(Boolean).join(' ') || undefined

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

export function Expander({ open, name, toggle }: { open: boolean; name: string; toggle: () => void }) {
  const { t } = useTranslation()
  return (
    <button type="button" className="expander" aria-expanded={open} onClick={toggle} aria-label={t(open ? 'list.collapse' : 'list.expand', { name })}>
      <RightOutlined aria-hidden />
    </button>
  )
}
