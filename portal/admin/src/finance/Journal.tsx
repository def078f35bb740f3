// Postings by the day that they are booked for: the journal, or the statement of one
// account with what it began and ended with. Each leads to its entry.

import { LeftOutlined } from '@ant-design/icons'
import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useSearchParams } from 'react-router'
import type { LedgerLine } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'
import { amount, isZero, money, none } from '@ccms/shared/format'
import en from '@ccms/shared/i18n/en.json'
import { type Column, List } from '../list/List'
import { type Filter, type ListState, readState } from '../list/state'
import { operatorOf, useSignedIn } from '../login/me'
import { oneCurrency } from '../parts/common'
import { Facts } from '../parts/Facts'
import { Mono } from '../parts/Mono'
import { word } from '../parts/words'
import { useAccountName } from './Postings'

const kinds = ['recharge', 'capture', 'adjust', 'reversal'] as const
const of = ({ filters: f }: Pick<ListState, 'filters'>) => ({ account: f.account, charging_account: f.charging_account, currency: f.currency, from: f.from, to: f.to })
const query = (st: ListState) => ({ ...of(st), kind: st.filters.kind as (typeof kinds)[number] | undefined, sort: st.sort, limit: st.limit, cursor: st.cursor })

export default function Journal() {
  const { t } = useTranslation()
  const name = useAccountName()
  const zone = operatorOf(useSignedIn())?.time_zone // booking dates are the operator's days
  const [search] = useSearchParams()
  const asked = search.get('account') ?? ''
  const filters = useMemo<Filter[]>(() => [
    { key: 'account', kind: 'select', label: t('ledger.account'), options: [...new Set([...Object.keys(en.book).map((b) => b.replace('revenue_', 'revenue:')), ...(asked ? [asked] : [])])]
      .map((b) => ({ value: b, label: name(b) })) },
    { key: 'charging_account', kind: 'text', label: t('col.charging_account') },
    { key: 'from', kind: 'day', label: t('records.from'), zone },
    { key: 'to', kind: 'day', label: t('records.to'), zone },
    { key: 'kind', kind: 'select', label: t('home.kind'), more: true, options: kinds.map((k) => ({ value: k, label: word(t, 'entry_kind', k) })) },
    { key: 'currency', kind: 'text', label: t('ledger.currency'), more: true },
  ], [t, name, asked, zone])
  const columns = useMemo<Column<LedgerLine>[]>(() => {
    const note = (all: readonly LedgerLine[]) => { const c = oneCurrency(all.map((l) => l.debit)); return c && `(${c})` }
    const side = (m: LedgerLine['debit'], all: readonly LedgerLine[]) => (isZero(m) ? '' : oneCurrency(all.map((l) => l.debit)) ? amount(m) : money(m))
    return [
      { key: 'booked', title: t('ledger.booked'), sort: 'booked', fixed: true, cell: (l) => <span className="num">{l.booked_on}</span> },
      { key: 'event', title: t('ledger.event'), cell: (l) => <span className={l.event_on === l.booked_on ? 'num quiet' : 'num'}>{l.event_on}</span> },
      { key: 'account', title: t('ledger.account'), wide: true, cell: (l) => name(l.account) },
      { key: 'number', title: t('col.charging_account'), cell: (l) => (l.charging_account ? <Mono value={l.charging_account} /> : none) },
      { key: 'debit', title: t('ledger.debit'), num: true, note, cell: (l, all) => side(l.debit, all) },
      { key: 'credit', title: t('ledger.credit'), num: true, note, cell: (l, all) => side(l.credit, all) },
      { key: 'text', title: t('ledger.text'), cell: (l) => word(t, 'entry_kind', l.kind) },
      { key: 'reference', title: t('col.transaction'), cell: (l) => <Source line={l} /> },
      { key: 'operation', title: t('list.operation'), pin: true, cell: (l) => <Link to={`/finance/ledger/entries/${l.entry_id}`} className="icon-link" aria-label={t('ledger.entry_of', { id: l.entry_id })}>{t('ledger.entry')}</Link> },
    ]
  }, [t, name])
  return (
    <List<LedgerLine>
      queryKey={['journal']} label={t('ledger.journal')} filters={filters} columns={columns} defaultSort="-booked"
      load={(st, signal) => take(api.GET('/api/v1/postings', { signal, params: { query: query(st) } }))}
      exports={{ path: '/api/v1/postings', query }}
      note={<Head filters={filters} />}
      rowName={(l) => l.entry_id}
      card={(l) => ({
        title: <Link to={`/finance/ledger/entries/${l.entry_id}`}>{name(l.account)}</Link>,
        status: <b className="num">{isZero(l.debit) ? `${t('ledger.credit')} ${money(l.credit)}` : `${t('ledger.debit')} ${money(l.debit)}`}</b>,
        facts: [[t('ledger.booked'), l.booked_on], [t('ledger.text'), word(t, 'entry_kind', l.kind)], [t('col.transaction'), <Source key="s" line={l} />]],
      })}
      empty={{ title: t('ledger.empty') }}
    />
  )
}

/** What it is of: the session, or the recharge. */
export function Source({ line: l }: { line: LedgerLine }) {
  const to = l.session_id ? `/finance/records/${l.session_id}` : l.recharge_id ? `/finance/recharges/${l.recharge_id}` : undefined
  if (!to) return none
  return <Link to={to} className="num">{l.reference ?? l.text}</Link>
}

/** What the account began and ended with, where the list is a statement. */
function Head({ filters }: { filters: readonly Filter[] }) {
  const { t } = useTranslation()
  const [search] = useSearchParams()
  const f = of(readState(search, filters, []))
  const one = Boolean(f.account ?? f.charging_account)
  const q = useQuery({
    queryKey: ['trial-balance', f],
    enabled: one,
    queryFn: ({ signal }) => take(api.GET('/api/v1/trial-balance', { signal, params: { query: f } })),
  })
  const back = <Link className="back" to={`/finance/ledger${f.from || f.to ? `?${new URLSearchParams(Object.entries({ from: f.from ?? '', to: f.to ?? '' }).filter(([, v]) => v))}` : ''}`}><LeftOutlined aria-hidden /> {t('ledger.title')}</Link>
  return (
    <div className="ledger-head">
      {back}
      {one && q.data?.totals.map((l) => (
        <Facts key={l.currency} items={[
          [t('ledger.opening'), <span key="o" className="num">{money(l.opening)}</span>],
          [t('ledger.debit'), <span key="d" className="num">{money(l.debit)}</span>],
          [t('ledger.credit'), <span key="c" className="num">{money(l.credit)}</span>],
          [t('ledger.closing'), <b key="e" className="num">{money(l.closing)}</b>],
        ]} />
      ))}
    </div>
  )
}
