// One session from authorisation to payment: what, who, how much and why.

import { ArrowLeftOutlined } from '@ant-design/icons'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Button } from 'antd'
import { lazy, type ReactNode, Suspense, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useParams, useSearchParams } from 'react-router'
import type { SessionDetail } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'
import { amps, duration, isZero, kw, kwh, money, none, soc, volts, zoneName } from '@ccms/shared/format'
import { notOlder } from '@ccms/shared/merge'
import { Problem } from '@ccms/shared/problem'
import { SessionActions } from '../live/SessionActions'
import { isEnded } from '../live/store'
import { usePolling } from '../live/stream'
import { useMay } from '../login/me'
import { Facts } from '../parts/Facts'
import { Mono } from '../parts/Mono'
import { Blank, Failed } from '../parts/PageStates'
import { PageSkeleton } from '../parts/Skeletons'
import { RecordTag, SessionTag } from '../parts/Status'
import { type TabItem, Tabs } from '../parts/Tabs'
import { isStale, Stale, useNow, When } from '../parts/Times'
import { word } from '../parts/words'
import { Books } from './Books'
import { Candidates } from './candidates'
import { Attempts, CommandHistory } from './History'
import { Price } from './Price'
import { ReviewDialog } from './ReviewDialog'
import { Timeline } from './Timeline'

const Meter = lazy(() => import('./Meter'))

export default function Record() {
  const { t } = useTranslation()
  const { id = '' } = useParams()
  const client = useQueryClient()
  const polling = usePolling()
  const key = ['session', id]
  const query = useQuery({
    queryKey: key,
    queryFn: async ({ signal }) => {
      const fresh = await take(api.GET('/api/v1/sessions/{id}', { signal, params: { path: { id } } }))
      const streamed = client.getQueryData<SessionDetail>(key)
      return streamed && !notOlder(streamed, fresh) ? { ...fresh, ...streamed } : fresh
    },
    refetchInterval: (q) => (q.state.data && isEnded(q.state.data) && q.state.data.record_state !== 'SETTLING' ? false : polling),
  })
  const s = query.data
  const title = t('record.title', { id: s?.transaction_id ?? '' })
  useEffect(() => { if (s) document.title = `${title} – ${t('brand')}` }, [s, title, t])

  if (query.isPending) return <PageSkeleton />
  if (!s) {
    return query.error instanceof Problem && query.error.status === 404
      ? <Blank title={t('problem.missing')} action={<Back />} />
      : <Failed error={query.error} title={t('list.error')} retry={() => void query.refetch()} />
  }
  return <Loaded session={s} title={title} />
}

function Back() {
  const { t } = useTranslation()
  const may = useMay()
  return <Link to={may('finance.read') ? '/finance/records' : '/live/charging'} className="back"><ArrowLeftOutlined aria-hidden /> {t('record.back')}</Link>
}

function Loaded({ session: s, title }: { session: SessionDetail; title: string }) {
  const { t } = useTranslation()
  const may = useMay()
  const [search, setSearch] = useSearchParams()
  const [reviewing, setReviewing] = useState(false)
  const zone = s.time_zone ?? 'UTC'
  const ended = isEnded(s)
  const tabs: TabItem[] = [
    ...(may('finance.read') ? [
      { key: 'price', label: t('record.tab_price'), content: <><Price session={s} />{s.plan_candidates && <><h3>{t('price.candidates')}</h3><Candidates rows={s.plan_candidates} zone={zone} /></>}</> },
      { key: 'books', label: t('record.tab_books'), content: <Books session={s} /> },
    ] : []),
    { key: 'meter', label: t('record.tab_meter'), content: <Suspense fallback={<PageSkeleton />}><Meter session={s} /></Suspense> },
    { key: 'timeline', label: t('record.tab_timeline'), content: <Timeline session={s} /> },
    { key: 'attempts', label: t('record.tab_attempts'), content: <Attempts session={s} /> },
    { key: 'commands', label: t('record.tab_commands'), content: <CommandHistory session={s} /> },
  ]
  const asked = search.get('tab')
  const active = tabs.some((x) => x.key === asked) ? asked! : tabs[0]!.key
  const setTab = (k: string) => {
    const next = new URLSearchParams(search)
    next.set('tab', k)
    setSearch(next, { replace: true })
  }

  return (
    <article className="record">
      <Back />
      <header className="record-head">
        <div className="record-name">
          <h2>{title}</h2>
          <RecordTag value={s.record_state} />
          {s.record_state === 'RUNNING' && s.state !== 'CHARGING' && <SessionTag value={s.state} />}
        </div>
        <dl className="record-main">
          <div><dt>{t('record.energy')}</dt><dd className="num">{kwh(s.energy_wh)} <small>kWh</small></dd></div>
          <div><dt>{t('record.duration')}</dt><dd className="num">{duration(s.duration_s)}</dd></div>
          {may('finance.read') && (
            <div><dt>{s.total || s.record_state === 'VOID' ? t('record.total') : t('live.cost_so_far')}</dt><dd className="num record-total">{money(s.total ?? s.cost)}</dd></div>
          )}
        </dl>
        <SessionActions session={s} size="middle" link={false} />
        {s.can_review && <Button type="primary" onClick={() => setReviewing(true)}>{t('review.open')}</Button>}
        {reviewing && <ReviewDialog session={s} onClose={() => setReviewing(false)} />}
      </header>
      {s.flags.length > 0 && (
        <ul className="flags" aria-label={t('record.flags')}>
          {s.flags.map((f) => <li key={f}>{word(t, 'flag', f)} <span className="quiet small">{f}</span></li>)}
        </ul>
      )}
      <div className="record-body">
        <aside className="record-facts" aria-label={t('record.facts')}>
          <h3 className="visually-hidden">{t('record.facts')}</h3>
          {!ended && <LiveFacts session={s} />}
          <Facts items={[
            [t('record.site'), <>{s.site_name}{s.site_address && <div className="quiet small">{s.site_address}</div>}</>],
            [t('record.point'), <>{s.charge_point_name}{s.connector !== undefined && <span className="quiet"> · {t('record.connector_no', { number: s.connector })}</span>}</>],
            [t('record.started'), <When key="s" at={s.started_at} zone={zone} />],
            Boolean(s.ended_at) && [t('record.ended'), <When key="e" at={s.ended_at} zone={zone} />],
            [t('record.driver'), s.user || s.account ? [s.user, s.account].filter(Boolean).join(' · ') : t('record.no_driver')],
            Boolean(s.charging_account) && [t('record.charging_account'), <Mono key="a" value={s.charging_account!} />],
            Boolean(s.token_uid) && [t('record.card'), <Mono key="t" value={s.token_uid!} />],
            Boolean(s.source) && [t('record.source'), word(t, 'source', s.source!)],
            Boolean(s.ev_type) && [t('record.ev_type'), s.ev_type],
            [t('record.meter_start'), <span key="ms" className="num">{kwh(s.meter_start_wh)} kWh</span>],
            s.meter_stop_wh !== undefined && [t('record.meter_stop'), <span key="me" className="num">{kwh(s.meter_stop_wh)} kWh</span>],
            s.plan && [t('record.plan'), <>{t('record.plan_version', { name: s.plan.name, version: s.plan.plan_version })}<div className="quiet small">{t('record.price_snapshot')}</div></>],
            Boolean(s.stop_reason) && [t('record.stop_reason'), word(t, 'stop_reason', s.stop_reason!)],
            s.close && [t('record.closed_by'), s.close.provisional ? t('record.provisional', { by: word(t, 'closed_by', s.close.by) }) : word(t, 'closed_by', s.close.by)],
            s.ocpp_transaction_id !== undefined && [t('record.ocpp_id'), <Mono key="o" value={String(s.ocpp_transaction_id)} />],
          ]} />
          {(s.hold || s.captured || s.debt) && (
            <>
              <h3>{t('record.payment')}</h3>
              <Facts items={[
                s.hold && [t('record.held'), <span key="h" className="num">{money(s.hold)}</span>],
                s.captured && [t('record.captured'), <span key="c" className="num">{money(s.captured)}</span>],
                ...(s.entries ?? []).filter((e) => e.kind === 'adjust').map((e): [string, ReactNode] => [
                  t('record.adjusted'), <span key={e.id} className="num">{money(e.amount)} · <When at={e.at} zone={zone} /></span>,
                ]),
                s.debt && !isZero(s.debt) && [t('record.debt'), <span key="d" className="num tone-text-bad">{money(s.debt)}</span>],
              ]} />
            </>
          )}
          {s.review && (
            <>
              <h3>{t('review.made')}</h3>
              <Facts items={[
                [t('review.verdict'), s.review.verdict === 'void' ? t('review.void') : t('review.bill')],
                [t('profiles.reason'), <span key="r" dir="auto">{s.review.reason}</span>],
                [t('review.by'), <>{s.review.by_name} · <When at={s.review.at} zone={zone} /></>],
                s.review.energy_wh !== undefined && [t('review.energy_before'), <span key="e" className="num">{kwh(s.review.before.energy_wh)} kWh</span>],
                Boolean(s.review.started_at && s.review.before.started_at) && [t('review.from_before'), <When key="f" at={s.review.before.started_at!} zone={zone} />],
                Boolean(s.review.ended_at && s.review.before.ended_at) && [t('review.to_before'), <When key="t" at={s.review.before.ended_at!} zone={zone} />],
              ]} />
            </>
          )}
          <p className="quiet small">{t('record.zone', { zone: zoneName(zone) })}</p>
        </aside>
        <section className="record-tabs"><Tabs items={tabs} active={active} onChange={setTab} label={title} /></section>
      </div>
    </article>
  )
}

function LiveFacts({ session: s }: { session: SessionDetail }) {
  const { t } = useTranslation()
  const now = useNow()
  return (
    <dl className="live-facts">
      <div><dt>{t('col.power')}</dt><dd className="num">{kw(s.power_w)}</dd></div>
      <div><dt>{t('col.current')}</dt><dd className="num">{amps(s.current_ma)}</dd></div>
      <div><dt>{t('col.voltage')}</dt><dd className="num">{volts(s.voltage_mv)}</dd></div>
      <div><dt>{t('col.soc')}</dt><dd className="num">{s.soc_permille === undefined ? none : soc(s.soc_permille)}</dd></div>
      {s.sample_at && isStale(s.sample_at, now) && <Stale at={s.sample_at} zone={s.time_zone ?? 'UTC'} now={now} />}
    </dl>
  )
}
