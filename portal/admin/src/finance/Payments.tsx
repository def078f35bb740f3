// Payments by providers: what was asked for, what came of it, what went back.

import { FileSearchOutlined } from '@ant-design/icons'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import type { Payment } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'
import { amount, dayStart, money, none } from '@ccms/shared/format'
import en from '@ccms/shared/i18n/en.json'
import { type Column, List } from '../list/List'
import type { Filter, ListState } from '../list/state'
import { useZone } from '../login/me'
import { oneCurrency } from '../parts/common'
import { PaymentTag } from '../parts/Status'
import { When } from '../parts/Times'
import { word } from '../parts/words'

const queryIn = (zone: string) => ({ filters: f, sort, limit, cursor }: ListState) => ({
  state: f.state, type: f.type as Payment['type'] | undefined, provider: f.provider as Payment['provider'] | undefined,
  driver_id: f.driver, from: f.from && dayStart(f.from, zone), to: f.to && dayStart(f.to, zone, 1), sort, limit, cursor,
})

export default function Payments() {
  const { t } = useTranslation()
  const zone = useZone()
  const query = queryIn(zone)
  const filters = useMemo<Filter[]>(() => {
    const options = (group: 'payment_state' | 'payment_type' | 'payment_provider') => Object.keys(en[group]).map((value) => ({ value, label: word(t, group, value) }))
    return [
      { key: 'state', kind: 'select', label: t('col.state'), options: options('payment_state') },
      { key: 'type', kind: 'select', label: t('col.type'), options: options('payment_type') },
      { key: 'provider', kind: 'select', label: t('payments.provider'), options: options('payment_provider'), more: true },
      { key: 'from', kind: 'day', label: t('records.from'), zone, more: true },
      { key: 'to', kind: 'day', label: t('records.to'), zone, more: true },
    ]
  }, [t, zone])
  const columns = useMemo<Column<Payment>[]>(() => {
    const note = (all: readonly Payment[]) => { const c = oneCurrency(all.map((p) => p.amount)); return c && `(${c})` }
    const sum = (m: Payment['amount'], all: readonly Payment[]) => (oneCurrency(all.map((x) => x.amount)) ? amount(m) : money(m))
    return [
      { key: 'time', title: t('col.time'), note: zone, sort: 'time', fixed: true, cell: (p) => <When at={p.time} zone={zone} /> },
      { key: 'type', title: t('col.type'), cell: (p) => word(t, 'payment_type', p.type) },
      { key: 'user', title: t('col.user'), cell: (p) => (p.user || p.account ? <bdi>{p.user || p.account}</bdi> : t('payments.guest')), wide: true },
      { key: 'provider', title: t('payments.provider'), cell: (p) => (p.card ? `${p.card.brand ?? ''} ${p.card.last4 ?? ''}` : word(t, 'payment_provider', p.provider)) },
      { key: 'amount', title: t('col.amount'), num: true, sort: 'amount', note, cell: (p, all) => sum(p.amount, all) },
      { key: 'captured', title: t('payments.captured'), num: true, note, cell: (p, all) => sum(p.captured, all) },
      { key: 'refunded', title: t('payments.refunded'), num: true, note, cell: (p, all) => sum(p.refunded, all) },
      { key: 'state', title: t('col.state'), cell: (p) => <PaymentTag value={p.state} /> },
      { key: 'failure', title: t('payments.failure'), cell: (p) => p.failure?.text ?? none, wide: true },
      { key: 'operation', title: t('list.operation'), pin: true, cell: (p) => (
        <Link to={`/finance/payments/${p.id}`} className="icon-link" title={t('payments.details')} aria-label={t('payments.details_of', { amount: money(p.amount) })}><FileSearchOutlined aria-hidden /></Link>
      ) },
    ]
  }, [t, zone])
  return (
    <List<Payment>
      queryKey={['payments']} name="payments" label={t('nav.payments')} filters={filters} columns={columns} defaultSort="-time"
      load={(st, signal) => take(api.GET('/api/v1/payments', { signal, params: { query: { ...query(st), state: st.filters.state ? [st.filters.state as Payment['state']] : undefined } } }))}
      exports={{ path: '/api/v1/payments', query }}
      rowName={(p) => money(p.amount)}
      card={(p) => ({
        title: <Link to={`/finance/payments/${p.id}`}><bdi>{p.user || p.account || t('payments.guest')}</bdi></Link>,
        status: <PaymentTag value={p.state} />,
        facts: [[t('col.time'), <When key="w" at={p.time} zone={zone} />], [t('col.amount'), money(p.amount)], [t('col.type'), word(t, 'payment_type', p.type)]],
      })}
      empty={{ title: t('payments.empty'), next: t('payments.empty_next') }}
    />
  )
}
