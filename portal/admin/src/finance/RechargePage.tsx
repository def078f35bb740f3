// One recharge or reversal: who, how much, why, and how it stands in the books.

import { ArrowLeftOutlined, MinusCircleOutlined } from '@ant-design/icons'
import { useQuery } from '@tanstack/react-query'
import { Button } from 'antd'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useParams } from 'react-router'
import { api, take } from '@ccms/shared/client'
import { isZero, money, zoneName } from '@ccms/shared/format'
import { Problem } from '@ccms/shared/problem'
import { useZone } from '../login/me'
import { Facts } from '../parts/Facts'
import { Mono } from '../parts/Mono'
import { Blank, Failed } from '../parts/PageStates'
import { PageSkeleton } from '../parts/Skeletons'
import { RechargeTag } from '../parts/Status'
import { When } from '../parts/Times'
import { word } from '../parts/words'
import { statement } from './filters'
import { Postings } from './Postings'
import { ReverseDialog } from './ReverseDialog'

export default function RechargePage() {
  const { t } = useTranslation()
  const { id = '' } = useParams()
  const zone = useZone()
  const [reversing, setReversing] = useState(false)
  const query = useQuery({
    queryKey: ['recharges', id],
    queryFn: ({ signal }) => take(api.GET('/api/v1/recharges/{id}', { signal, params: { path: { id } } })),
  })
  const r = query.data
  const title = r ? t(r.kind === 'reversal' ? 'recharges.title_reversal' : 'recharges.title', { id: r.transaction_id }) : ''
  useEffect(() => { if (title) document.title = `${title} – ${t('brand')}` }, [title, t])
  const back = <Link to="/finance/recharges" className="back"><ArrowLeftOutlined aria-hidden /> {t('record.back')}</Link>
  if (query.isPending) return <PageSkeleton />
  if (!r) {
    return query.error instanceof Problem && query.error.status === 404
      ? <Blank title={t('problem.missing')} action={back} />
      : <Failed error={query.error} title={t('list.error')} retry={() => void query.refetch()} />
  }
  const o = r.counterpart
  return (
    <article className="record">
      {back}
      <header className="record-head">
        <div className="record-name">
          <h2>{title}</h2>
          <RechargeTag value={r.kind === 'reversal' ? 'REVERSAL' : r.state} />
        </div>
        <dl className="record-main">
          <div><dt>{t('col.amount')}</dt><dd className="num record-total">{money(r.amount)}</dd></div>
          {r.bonus && <div><dt>{t('recharges.bonus')}</dt><dd className="num">{money(r.bonus)}</dd></div>}
          {r.reversed && <div><dt>{t('recharges.taken_back')}</dt><dd className="num">{money(r.reversed)}</dd></div>}
        </dl>
        {r.can_reverse && <Button danger icon={<MinusCircleOutlined aria-hidden />} onClick={() => setReversing(true)}>{t('recharges.reverse')}</Button>}
      </header>
      <div className="record-body">
        <aside className="record-facts" aria-label={t('record.facts')}>
          <h3 className="visually-hidden">{t('record.facts')}</h3>
          <Facts items={[
            [t('col.time'), <When key="t" at={r.time} zone={zone} />],
            [t('col.user'), <bdi key="u">{[r.user, r.account].filter(Boolean).join(' · ')}</bdi>],
            Boolean(r.email) && [t('col.email'), r.email],
            [t('col.charging_account'), <Mono key="c" value={r.charging_account} />],
            [t('col.recharge_from'), word(t, 'recharge_from', r.recharge_from)],
            Boolean(r.reference) && [t('payments.reference'), <bdi key="n">{r.reference}</bdi>],
            Boolean(r.payment_id) && [t('payments.details'), <Link key="p" to={`/finance/payments/${r.payment_id}`}>{t('payments.details')}</Link>],
            [t('recharges.reason'), <bdi key="r">{r.reason}</bdi>],
            Boolean(r.actor_name) && [t('recharges.actor'), <bdi key="a">{r.actor_name}</bdi>],
            [t('recharges.balance_before'), <span key="b" className="num">{money(r.balance_before)}</span>],
            [t('recharges.balance_after'), <span key="f" className="num">{money(r.balance_after)}</span>],
          ]} />
          {r.balance_now && (
            <>
              <h3>{t('recharges.now')}</h3>
              <Facts items={[
                [t('col.balance'), <span key="b" className="num">{money(r.balance_now.balance)}</span>],
                !isZero(r.balance_now.bonus) && [t('recharges.of_it_bonus'), <span key="o" className="num">{money(r.balance_now.bonus)}</span>],
                !isZero(r.balance_now.held) && [t('recharges.held'), <span key="h" className="num">{money(r.balance_now.held)}</span>],
                [t('recharges.available'), <span key="a" className="num">{money(r.balance_now.available)}</span>],
              ]} />
            </>
          )}
          <p className="quiet small">{t('record.zone', { zone: zoneName(zone) })}</p>
        </aside>
        <section className="record-tabs">
          {o && (
            <>
              <h3>{t(r.kind === 'reversal' ? 'recharges.reverses' : 'recharges.reversed_by')}</h3>
              <ul className="history">
                <li>
                  <When at={o.time} zone={zone} />
                  <Link to={`/finance/recharges/${o.id}`} className="num">{o.transaction_id}</Link>
                  <b className="num">{money(o.amount)}</b>
                  <span className="history-text"><bdi>{o.reason}</bdi></span>
                </li>
              </ul>
            </>
          )}
          <h3>{t('postings.title')}</h3>
          <Postings rows={r.postings} />
          <p><Link to={`/finance/ledger/entries/${r.entry_id}`}>{t('ledger.entry')}</Link> · <Link to={statement({ charging_account: r.charging_account })}>{t('ledger.statement_of', { number: r.charging_account })}</Link></p>
        </section>
      </div>
      {reversing && <ReverseDialog recharge={r} onClose={() => setReversing(false)} />}
    </article>
  )
}
