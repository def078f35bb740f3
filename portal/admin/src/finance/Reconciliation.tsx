// Each day at each provider compared with the books; what differs leads to its payment.

import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import type { PaymentCheck } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'
import { money, none } from '@ccms/shared/format'
import { type Column, List } from '../list/List'
import { useZone } from '../login/me'
import { CheckTag } from '../parts/Status'
import { When } from '../parts/Times'
import { word } from '../parts/words'

export default function Reconciliation() {
  const { t } = useTranslation()
  const zone = useZone()
  const columns = useMemo<Column<PaymentCheck>[]>(() => [
    { key: 'day', title: t('payments.day'), note: 'UTC', sort: 'day', fixed: true, cell: (c) => c.day },
    { key: 'provider', title: t('payments.provider'), cell: (c) => word(t, 'payment_provider', c.provider) },
    { key: 'state', title: t('col.state'), cell: (c) => <CheckTag value={c.state} /> },
    { key: 'at', title: t('payments.at_provider'), num: true, cell: (c) => money(c.at_provider) },
    { key: 'in', title: t('payments.in_ledger'), num: true, cell: (c) => money(c.in_ledger) },
    { key: 'matched', title: t('payments.matched'), num: true, cell: (c) => c.matched },
    { key: 'drifts', title: t('payments.drifts'), cell: (c) => <Drifts check={c} />, wide: true },
    { key: 'checked', title: t('payments.checked'), note: zone, cell: (c) => <When at={c.checked_at} zone={zone} /> },
  ], [t, zone])
  return (
    <List<PaymentCheck>
      queryKey={['payment-checks']} name="payment-checks" label={t('nav.reconciliation')} filters={[]} columns={columns} defaultSort="-day"
      load={(st, signal) => take(api.GET('/api/v1/payment-checks', { signal, params: { query: { sort: st.sort, limit: st.limit, cursor: st.cursor } } }))}
      exports={{ path: '/api/v1/payment-checks', query: (st) => ({ sort: st.sort }) }}
      rowName={(c) => `${c.day} ${c.provider}`}
      card={(c) => ({
        title: `${c.day} · ${word(t, 'payment_provider', c.provider)}`, status: <CheckTag value={c.state} />,
        facts: [[t('payments.at_provider'), money(c.at_provider)], [t('payments.in_ledger'), money(c.in_ledger)], [t('payments.drifts'), <Drifts key="d" check={c} />]],
      })}
      empty={{ title: t('payments.no_checks'), next: t('payments.no_checks_next') }}
    />
  )
}

function Drifts({ check: c }: { check: PaymentCheck }) {
  const { t } = useTranslation()
  if (c.failure) return <>{c.failure}</>
  if (c.drifts.length === 0) return <>{none}</>
  return (
    <ul className="history">
      {c.drifts.map((d) => (
        <li key={`${d.payment_id ?? ''}${d.provider_ref ?? ''}`}>
          {d.payment_id ? <Link to={`/finance/payments/${d.payment_id}`}>{t('payments.details')}</Link> : <span>{t('payments.not_ours', { ref: d.provider_ref ?? '' })}</span>}
          <span className="num">{t('payments.drift', { there: money(d.at_provider), here: money(d.in_ledger) })}</span>
        </li>
      ))}
    </ul>
  )
}
