// The rows as cards, on a phone.

import { useTranslation } from 'react-i18next'
import { Choose, ChooseAll, Expander, type RowsProps } from './Rows'
import type { Card } from './types'

export function Cards<T extends { id: string }>({ card, ...p }: RowsProps<T> & { card: (row: T) => Card }) {
  const { t } = useTranslation()
  const { bulk, selection } = p
  if (p.pending) return <div className="cards">{['a', 'b', 'c'].map((k) => <div key={k} className="card"><div className="skeleton-bar" /><div className="skeleton-bar" /></div>)}</div>
  return (
    <>
      {bulk && <div className="cards-all"><ChooseAll rows={p.rows} bulk={bulk} selection={selection}>{t('list.choose_page')}</ChooseAll></div>}
      <ul className="cards" aria-label={p.label}>
        {p.rows.map((row) => {
          const c = card(row)
          return (
            <li key={row.id} className={['card', p.rowClass?.(row), bulk && selection.has(row.id) && 'row-chosen'].filter(Boolean).join(' ')} data-id={row.id}>
              <div className="card-head">
                {bulk && <Choose row={row} bulk={bulk} selection={selection} name={p.rowName(row)} />}
                <span className="card-title">{c.title}</span>
                {c.status}
                {p.expand && <Expander open={p.open.has(row.id)} name={p.rowName(row)} toggle={() => p.toggle(row.id)} />}
              </div>
              <dl className="card-facts">
                {c.facts.map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}
              </dl>
              {c.actions && <div className="card-actions">{c.actions}</div>}
              {p.expand && p.open.has(row.id) && <div className="card-inner">{p.expand(row)}</div>}
            </li>
          )
        })}
      </ul>
    </>
  )
}
