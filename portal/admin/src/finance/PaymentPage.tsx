// One payment: how it stands, what the provider was asked for and said, what went back.

import { ArrowLeftOutlined, RollbackOutlined } from '@ant-design/icons'
import { useQuery } from '@tanstack/react-query'
import { Button } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useParams } from 'react-router'
import type { PaymentDetail } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'
import { isZero, money, zoneName } from '@ccms/shared/format'
import { Problem } from '@ccms/shared/problem'
import { useZone } from '../login/me'
import { Facts } from '../parts/Facts'
import { Mono } from '../parts/Mono'
import { Blank, Failed } from '../parts/PageStates'
import { PageSkeleton } from '../parts/Skeletons'
import { PaymentTag } from '../parts/Status'
import { When } from '../parts/Times'
import { word } from '../parts/words'
import { RefundDialog } from './RefundDialog'

/** States in which something is still to come. */
const open = new Set(['CREATED', 'REQUIRES_ACTION', 'CAPTURE_PENDING'])

export default function PaymentPage() {
  const { t } = useTranslation()
  const { id = '' } = useParams()
  const zone = useZone()
  const [refunding, setRefunding] = useState(false)
  const query = useQuery({
    queryKey: ['payments', id],
    queryFn: ({ signal }) => take(api.GET('/api/v1/payments/{id}', { signal, params: { path: { id } } })),
    refetchInterval: (q) => (q.state.data && open.has(q.state.data.state) ? 3000 : false),
  })
  const p = query.data
  const back = <Link to="/finance/payments" className="back"><ArrowLeftOutlined aria-hidden /> {t('record.back')}</Link>
  if (query.isPending) return <PageSkeleton />
  if (!p) {
    return query.error instanceof Problem && query.error.status === 404
      ? <Blank title={t('problem.missing')} action={back} />
      : <Failed error={query.error} title={t('list.error')} retry={() => void query.refetch()} />
  }
  return (
    <article className="record">
      {back}
      <header className="record-head">
        <div className="record-name"><h2>{t('payments.title', { type: word(t, 'payment_type', p.type), provider: word(t, 'payment_provider', p.provider) })}</h2><PaymentTag value={p.state} /></div>
        <dl className="record-main">
          <div><dt>{t('col.amount')}</dt><dd className="num record-total">{money(p.amount)}</dd></div>
          {!isZero(p.captured) && <div><dt>{t('payments.captured')}</dt><dd className="num">{money(p.captured)}</dd></div>}
          {!isZero(p.refunded) && <div><dt>{t('payments.refunded')}</dt><dd className="num">{money(p.refunded)}</dd></div>}
          {p.fee && <div><dt>{t('payments.fee')}</dt><dd className="num">{money(p.fee)}</dd></div>}
        </dl>
        {p.can_refund && <Button danger icon={<RollbackOutlined aria-hidden />} onClick={() => setRefunding(true)}>{t('payments.refund')}</Button>}
      </header>
      <div className="record-body">
        <aside className="record-facts" aria-label={t('record.facts')}>
          <h3 className="visually-hidden">{t('record.facts')}</h3>
          <Facts items={[
            [t('col.time'), <When key="t" at={p.time} zone={zone} />],
            [t('col.user'), <bdi key="u">{[p.user, p.account].filter(Boolean).join(' · ') || t('payments.guest')}</bdi>],
            Boolean(p.charging_account) && [t('col.charging_account'), <Mono key="c" value={p.charging_account!} />],
            p.card && [t('payments.card'), `${p.card.brand ?? ''} ${p.card.last4 ?? ''}`],
            Boolean(p.provider_ref) && [t('payments.ref'), <Mono key="r" value={p.provider_ref!} />],
            p.failure && [t('payments.failure'), <span key="f">{p.failure.text} <small className="quiet">{p.failure.code}</small></span>],
            Boolean(p.reason_code) && [t('payments.reason_code'), word(t, 'refund_reason', p.reason_code!)],
            Boolean(p.reason) && [t('recharges.reason'), <bdi key="w">{p.reason}</bdi>],
            Boolean(p.recharge_id) && [t('payments.booked'), <Link key="b" to={`/finance/recharges/${p.recharge_id}`}>{t('payments.recharge')}</Link>],
            Boolean(p.of) && [t('payments.of'), <Link key="o" to={`/finance/payments/${p.of}`}>{t('payments.details')}</Link>],
          ]} />
          <p className="quiet small">{t('record.zone', { zone: zoneName(zone) })}</p>
        </aside>
        <section className="record-tabs">
          {p.action_url && (
            <>
              <h3>{t('payments.to_pay')}</h3>
              <p>{t('payments.to_pay_what')}</p>
              <p><a href={p.action_url} target="_blank" rel="noreferrer">{t('payments.open_page')}</a> · <Mono value={p.action_url} /></p>
            </>
          )}
          <h3>{t('payments.timeline')}</h3>
          <Timeline payment={p} zone={zone} />
          {p.refunds.length > 0 && (
            <>
              <h3>{t('payments.refunds')}</h3>
              <ul className="history">
                {p.refunds.map((r) => (
                  <li key={r.id}>
                    <When at={r.time} zone={zone} />
                    <Link to={`/finance/payments/${r.id}`} className="num">{money(r.amount)}</Link>
                    <PaymentTag value={r.state} />
                    <span className="history-text">{word(t, 'refund_reason', r.reason_code)} · <bdi>{r.reason}</bdi></span>
                  </li>
                ))}
              </ul>
            </>
          )}
        </section>
      </div>
      {refunding && <RefundDialog payment={p} onClose={() => setRefunding(false)} />}
    </article>
  )
}

/** What we asked and what the provider told, in their order. */
function Timeline({ payment: p, zone }: { payment: PaymentDetail; zone: string }) {
  const { t } = useTranslation()
  const rows = [
    ...p.steps.map((s) => ({
      key: `s${s.number}`, at: s.began_at, text: word(t, 'payment_op', s.op), state: word(t, 'payment_step', s.state),
      more: [s.tries > 1 ? t('payments.tries', { count: s.tries }) : '', s.failure?.text ?? ''].filter(Boolean).join(' · '),
    })),
    ...p.notices.map((n, i) => ({ key: `n${i}`, at: n.received_at, text: t('payments.notice'), state: n.kind, more: '' })),
  ].sort((a, b) => a.at.localeCompare(b.at))
  return (
    <ul className="history">
      {rows.map((r) => (
        <li key={r.key}><When at={r.at} zone={zone} /><b>{r.text}</b><span>{r.state}</span>{r.more && <span className="history-text">{r.more}</span>}</li>
      ))}
    </ul>
  )
}
