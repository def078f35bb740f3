// One entry of the books: both of its sides, what it is of, what it corrects, and what
// took it back.

import { ArrowLeftOutlined, RollbackOutlined } from '@ant-design/icons'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { App, Button, Form, Input } from 'antd'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useNavigate, useParams } from 'react-router'
import type { LedgerEntry } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'
import { isZero, money, none, zoneName } from '@ccms/shared/format'
import { Problem } from '@ccms/shared/problem'
import { Facts } from '../parts/Facts'
import { FormDialog, useRequired } from '../parts/FormDialog'
import { Blank, Failed } from '../parts/PageStates'
import { PageSkeleton } from '../parts/Skeletons'
import { When } from '../parts/Times'
import { word } from '../parts/words'
import { Source } from './Journal'
import { refreshBooks } from './books'
import { statement } from './filters'
import { useAccountName } from './Postings'

export default function Entry() {
  const { t } = useTranslation()
  const { id = '' } = useParams()
  const name = useAccountName()
  const [reversing, setReversing] = useState(false)
  const query = useQuery({
    queryKey: ['entries', id],
    queryFn: ({ signal }) => take(api.GET('/api/v1/ledger-entries/{id}', { signal, params: { path: { id } } })),
  })
  const e = query.data
  const title = e ? word(t, 'entry_kind', e.kind) : ''
  useEffect(() => { if (title) document.title = `${title} – ${t('brand')}` }, [title, t])
  const back = <Link to="/finance/ledger/postings" className="back"><ArrowLeftOutlined aria-hidden /> {t('ledger.journal')}</Link>
  if (query.isPending) return <PageSkeleton />
  if (!e) {
    return query.error instanceof Problem && query.error.status === 404
      ? <Blank title={t('problem.missing')} action={back} />
      : <Failed error={query.error} title={t('list.error')} retry={() => void query.refetch()} />
  }
  const first = e.lines[0]
  const other = (to: string) => <Link to={`/finance/ledger/entries/${to}`} className="num">{to}</Link>
  return (
    <article className="record">
      {back}
      <header className="record-head">
        <div className="record-name"><h2>{title}</h2></div>
        <dl className="record-main"><div><dt>{t('ledger.booked')}</dt><dd className="num record-total">{e.booked_on}</dd></div></dl>
        {e.can_reverse && <Button danger icon={<RollbackOutlined aria-hidden />} onClick={() => setReversing(true)}>{t('ledger.reverse')}</Button>}
      </header>
      <div className="record-body">
        <aside className="record-facts" aria-label={t('record.facts')}>
          <h3 className="visually-hidden">{t('record.facts')}</h3>
          <Facts items={[
            [t('ledger.id'), <span key="i" className="num">{e.id}</span>],
            [t('ledger.source'), first ? <Source key="s" line={first} /> : none],
            [t('ledger.event'), <When key="e" at={e.event_at} zone={e.time_zone} />],
            [t('ledger.posted'), <When key="p" at={e.posted_at} zone={e.time_zone} />],
            Boolean(e.reason) && [t('recharges.reason'), <bdi key="r">{e.reason}</bdi>],
            Boolean(e.corrects) && [t('ledger.corrects'), other(e.corrects!)],
            Boolean(e.reversed_by) && [t('ledger.reversed_by'), other(e.reversed_by!)],
          ]} />
          <p className="quiet small">{t('record.zone', { zone: zoneName(e.time_zone) })}</p>
        </aside>
        <section className="record-tabs">
          <h3>{t('postings.title')}</h3>
          <div className="scroll-x">
            <table className="table table-stack" aria-label={t('postings.title')}>
              <thead><tr><th scope="col" className="cell-wide">{t('ledger.account')}</th><th scope="col" className="cell-num">{t('ledger.debit')}</th><th scope="col" className="cell-num">{t('ledger.credit')}</th></tr></thead>
              <tbody>
                {e.lines.map((l) => (
                  <tr key={l.id}>
                    <td className="cell-wide">
                      <Link to={statement({ account: l.account, charging_account: l.charging_account, currency: l.currency })}>{name(l.account)}</Link>
                      {l.charging_account && <> <span className="quiet num">{l.charging_account}</span></>}
                    </td>
                    <td className="cell-num" data-label={t('ledger.debit')}>{isZero(l.debit) ? '' : money(l.debit)}</td>
                    <td className="cell-num" data-label={t('ledger.credit')}>{isZero(l.credit) ? '' : money(l.credit)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </section>
      </div>
      {reversing && <ReverseEntryDialog entry={e} onClose={() => setReversing(false)} />}
    </article>
  )
}

function ReverseEntryDialog({ entry: e, onClose }: { entry: LedgerEntry; onClose: () => void }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const go = useNavigate()
  const { message } = App.useApp()
  const required = useRequired()
  return (
    <FormDialog<{ reason: string }> title={t('ledger.reverse_title')} ok={t('ledger.reverse')} danger initial={{}} what={t('ledger.reverse_what')} onClose={onClose}
      submit={async (v, key) => {
        const made = await take(api.POST('/api/v1/ledger-entries/{id}/reversal', { params: { path: { id: e.id }, header: { 'Idempotency-Key': key } }, body: { reason: v.reason.trim() } }))
        await refreshBooks(client)
        void message.success(t('ledger.reverse_done'))
        onClose()
        void go(`/finance/ledger/entries/${made.id}`)
      }}>
      <Form.Item name="reason" label={t('profiles.reason')} extra={t('profiles.reason_help')} rules={[required]}><Input maxLength={200} dir="auto" autoFocus /></Form.Item>
    </FormDialog>
  )
}
