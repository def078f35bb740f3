// The books: what each account comes to in a range of days, and which months are closed.
// Every account leads to its postings.

import { CheckCircleOutlined, LockOutlined, UnorderedListOutlined } from '@ant-design/icons'
import { useQuery } from '@tanstack/react-query'
import { Button, Input } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useSearchParams } from 'react-router'
import type { TrialBalance } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'
import { amount, dateTime, isZero, money, zoneName } from '@ccms/shared/format'
import { operatorOf, useMay, useSignedIn } from '../login/me'
import { Blank, Failed } from '../parts/PageStates'
import { PageSkeleton } from '../parts/Skeletons'
import { useNow } from '../parts/Times'
import { Closings } from './Closings'
import { CloseDialog } from './CloseDialog'
import { statement } from './filters'
import { useAccountName } from './Postings'

const dayForm = /^\d{4}-\d{2}-\d{2}$/

export default function Ledger() {
  const { t } = useTranslation()
  const may = useMay()
  const me = useSignedIn()
  const operator = operatorOf(me)
  const whole = !me.sub_operator // months are closed by the operator, for all of it
  const [search, setSearch] = useSearchParams()
  const [closing, setClosing] = useState(false)
  const day = (key: string, standard: string) => { const v = search.get(key) ?? ''; return dayForm.test(v) ? v : standard }
  const today = dateTime(new Date(useNow(60_000)), operator?.time_zone ?? 'UTC').slice(0, 10)
  const from = day('from', `${today.slice(0, 8)}01`)
  const to = day('to', today)
  const query = useQuery({
    queryKey: ['trial-balance', from, to],
    queryFn: ({ signal }) => take(api.GET('/api/v1/trial-balance', { signal, params: { query: { from, to } } })),
  })
  const choose = (key: string) => (e: { target: { value: string } }) => {
    const next = new URLSearchParams(search)
    if (e.target.value) next.set(key, e.target.value)
    else next.delete(key)
    setSearch(next, { replace: true })
  }
  return (
    <article className="ledger">
      <header className="record-head">
        <div className="record-name"><h2>{t('ledger.title')}</h2></div>
        <div className="ledger-days">
          <label>{t('records.from')} <Input type="date" value={from} max={to} onChange={choose('from')} className="filter-day" /></label>
          <label>{t('records.to')} <Input type="date" value={to} min={from} onChange={choose('to')} className="filter-day" /></label>
          <Link to={statement({ from, to })}><UnorderedListOutlined aria-hidden /> {t('ledger.journal')}</Link>
          {whole && may('finance.write') && <Button icon={<LockOutlined aria-hidden />} onClick={() => setClosing(true)}>{t('ledger.close')}</Button>}
        </div>
      </header>
      {query.isPending ? <PageSkeleton /> : query.isError
        ? <Failed error={query.error} title={t('list.error')} retry={() => void query.refetch()} />
        : <Trial trial={query.data} from={from} to={to} />}
      {whole && <Closings />}
      {closing && <CloseDialog onClose={() => setClosing(false)} />}
    </article>
  )
}

function Trial({ trial: b, from, to }: { trial: TrialBalance; from: string; to: string }) {
  const { t } = useTranslation()
  const name = useAccountName()
  if (b.items.length === 0) return <Blank title={t('ledger.empty')} />
  return (
    <section className="record-tabs" aria-label={t('ledger.trial')}>
      {b.totals.map((sum) => {
        const sound = isZero(sum.opening) && isZero(sum.closing)
        return (
          <div key={sum.currency} className="scroll-x">
            <h3>{t('ledger.trial')} <span className="quiet">{sum.currency}</span></h3>
            <table className="table table-stack" aria-label={`${t('ledger.trial')} ${sum.currency}`}>
              <thead>
                <tr>
                  <th scope="col" className="cell-wide">{t('ledger.account')}</th>
                  <th scope="col" className="cell-num">{t('ledger.opening')}</th>
                  <th scope="col" className="cell-num">{t('ledger.debit')}</th>
                  <th scope="col" className="cell-num">{t('ledger.credit')}</th>
                  <th scope="col" className="cell-num">{t('ledger.closing')}</th>
                </tr>
              </thead>
              <tbody>
                {b.items.filter((l) => l.currency === sum.currency).map((l) => (
                  <tr key={l.account}>
                    <td className="cell-wide"><Link to={statement({ account: l.account, currency: l.currency, from, to })}>{name(l.account ?? '')}</Link></td>
                    <td className="cell-num" data-label={t('ledger.opening')}>{amount(l.opening)}</td>
                    <td className="cell-num" data-label={t('ledger.debit')}>{amount(l.debit)}</td>
                    <td className="cell-num" data-label={t('ledger.credit')}>{amount(l.credit)}</td>
                    <td className="cell-num" data-label={t('ledger.closing')}><b>{amount(l.closing)}</b></td>
                  </tr>
                ))}
              </tbody>
              <tfoot>
                <tr>
                  <th scope="row">{t('ledger.sum')}</th>
                  <td className="cell-num" data-label={t('ledger.opening')}>{amount(sum.opening)}</td>
                  <td className="cell-num" data-label={t('ledger.debit')}><b>{amount(sum.debit)}</b></td>
                  <td className="cell-num" data-label={t('ledger.credit')}><b>{amount(sum.credit)}</b></td>
                  <td className="cell-num" data-label={t('ledger.closing')}>{amount(sum.closing)}</td>
                </tr>
              </tfoot>
            </table>
            <p className={sound ? 'quiet small' : 'tone-text-bad'} role="status">
              {sound ? <><CheckCircleOutlined aria-hidden /> {t('ledger.sound')}</> : t('ledger.unsound', { amount: money(sum.closing) })}
            </p>
          </div>
        )
      })}
      <p className="quiet small">{t('ledger.what', { zone: zoneName(b.time_zone) })}</p>
    </section>
  )
}
