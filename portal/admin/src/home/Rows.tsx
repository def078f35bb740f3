// The rows behind the numbers of the home page, with the page's own filters: they come
// to the number that led here.

import { LeftOutlined } from '@ant-design/icons'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useSearchParams } from 'react-router'
import type { HomePosting, HomeSession } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'
import { amount, dateTime, duration, kwh, none } from '@ccms/shared/format'
import { type Column, List } from '../list/List'
import { type ListState, paged } from '../list/state'
import { operatorOf, useMay, useSignedIn } from '../login/me'
import { oneZone } from '../parts/common'
import { Mono } from '../parts/Mono'
import { SessionTag } from '../parts/Status'
import { useNow, When } from '../parts/Times'
import type { Side } from './links'
import { type HomeState, inPeriod, readHome, writeHome } from './state'

function useHomeState(): HomeState & { zone: string } {
  const [search] = useSearchParams()
  const zone = operatorOf(useSignedIn())?.time_zone ?? 'UTC'
  return useMemo(() => ({ ...readHome(search), zone }), [search, zone])
}

function Back({ state }: { state: HomeState }) {
  const { t } = useTranslation()
  const q = writeHome(state).toString()
  return <Link className="back" to={q ? `/home?${q}` : '/home'}><LeftOutlined aria-hidden /> {t('nav.home')}</Link>
}

const query = (s: HomeState) => ({ period: s.period, date: s.date, site_id: s.site, sub_operator_id: s.sub, current: s.current })

/** "2026-11-30": what the page was about. */
function useLabel(s: HomeState & { zone: string }): string {
  const today = dateTime(new Date(useNow(60_000)), s.zone).slice(0, 10)
  return s.date ?? inPeriod(s.period, today)
}

export function SessionRows() {
  const { t } = useTranslation()
  const may = useMay()
  const s = useHomeState()
  const label = useLabel(s)
  const columns = useMemo<Column<HomeSession>[]>(() => [
    { key: 'transaction', title: t('col.transaction'), cell: (x) => (x.transaction_id ? <Mono value={x.transaction_id} /> : none) },
    { key: 'site', title: t('col.station'), cell: (x) => <bdi>{x.site_name}</bdi>, wide: true },
    { key: 'name', title: t('col.name'), cell: (x) => <bdi>{x.charge_point_name ?? none}</bdi> },
    { key: 'start', title: t('col.start'), note: oneZone, cell: (x, all) => <When at={x.started_at} zone={x.time_zone} withZone={!oneZone(all)} /> },
    { key: 'end', title: t('col.end'), sort: 'ended_at', note: oneZone, cell: (x, all) => <When at={x.ended_at} zone={x.time_zone} withZone={!oneZone(all)} /> },
    { key: 'duration', title: t('col.duration'), num: true, cell: (x) => duration(x.duration_s) },
    { key: 'energy', title: t('col.energy'), num: true, cell: (x) => kwh(x.energy_wh) },
    { key: 'state', title: t('col.state'), cell: (x) => <SessionTag value={x.state} /> },
    ...(may('finance.read') ? [{ key: 'operation', title: t('list.operation'), pin: true, cell: (x: HomeSession) => <Record id={x.id} name={x.transaction_id ?? x.site_name} /> }] : []),
  ], [t, may])
  const asked = (st: ListState) => ({ ...query(s), ...paged(st) })
  return (
    <List<HomeSession>
      queryKey={['home-sessions', JSON.stringify(query(s))]} label={t('home.rows_sessions', { label })} columns={columns} defaultSort="-ended_at" note={<><b className="rows-of">{t('home.rows_sessions', { label })}</b><Back state={s} /></>}
      load={(st, signal) => take(api.GET('/api/v1/home/sessions', { signal, params: { query: asked(st) } }))}
      exports={{ path: '/api/v1/home/sessions', query: asked }}
      rowName={(x) => x.transaction_id ?? x.site_name}
      card={(x) => ({
        title: <bdi>{x.site_name}</bdi>, status: <SessionTag value={x.state} />,
        facts: [[t('col.end'), <When key="e" at={x.ended_at} zone={x.time_zone} />], [t('col.energy'), kwh(x.energy_wh)], [t('col.duration'), duration(x.duration_s)]],
      })}
      empty={{ title: t('home.rows_none', { label }) }}
    />
  )
}

function Record({ id, name }: { id: string; name: string }) {
  const { t } = useTranslation()
  return <Link to={`/finance/records/${id}`} className="icon-link" aria-label={t('records.details_of', { id: name })}>{t('points.details')}</Link>
}

const sides: readonly Side[] = ['charged', 'refunded', 'recharged', 'reversed']

export function PostingRows() {
  const { t } = useTranslation()
  const s = useHomeState()
  const [search] = useSearchParams()
  const side = sides.find((x) => x === search.get('side')) ?? 'charged'
  const currency = /^[A-Z]{3}$/.exec(search.get('currency') ?? '')?.[0]
  const label = useLabel(s)
  const columns = useMemo<Column<HomePosting>[]>(() => [
    { key: 'time', title: t('col.time'), sort: 'time', note: s.zone, cell: (x) => <When at={x.time} zone={s.zone} /> },
    { key: 'kind', title: t('home.kind'), cell: (x) => (x.kind in kinds ? t(kinds[x.kind as keyof typeof kinds]) : x.kind) },
    { key: 'transaction', title: t('col.transaction'), cell: (x) => (x.transaction_id ? <Mono value={x.transaction_id} /> : none) },
    { key: 'site', title: t('col.station'), cell: (x) => (x.site_name ? <bdi>{x.site_name}</bdi> : none), wide: true },
    { key: 'amount', title: t('col.amount'), num: true, note: (all) => all[0] && `(${all[0].amount.currency})`, cell: (x) => amount(x.amount) },
    { key: 'operation', title: t('list.operation'), pin: true, cell: (x) => <Link to={`/finance/ledger/entries/${x.id}`} className="icon-link" aria-label={t('ledger.entry_of', { id: x.transaction_id ?? x.id })}>{t('ledger.entry')}</Link> },
  ], [t, s.zone])
  const asked = (st: ListState) => ({ ...query(s), side, currency, ...paged(st) })
  return (
    <List<HomePosting>
      queryKey={['home-postings', JSON.stringify({ ...query(s), side, currency })]} label={t(`home.rows_${side}`, { label })} columns={columns} defaultSort="-time" note={<><b className="rows-of">{t(`home.rows_${side}`, { label })}</b><Back state={s} /></>}
      load={(st, signal) => take(api.GET('/api/v1/home/postings', { signal, params: { query: asked(st) } }))}
      exports={{ path: '/api/v1/home/postings', query: asked }}
      rowName={(x) => x.transaction_id ?? x.id}
      card={(x) => ({
        title: x.site_name ? <bdi>{x.site_name}</bdi> : t('home.recharge'), status: <b className="num">{amount(x.amount)} {x.amount.currency}</b>,
        facts: [[t('col.time'), <When key="w" at={x.time} zone={s.zone} />], [t('col.transaction'), x.transaction_id ?? none], [t('home.kind'), x.kind in kinds ? t(kinds[x.kind as keyof typeof kinds]) : x.kind]],
      })}
      empty={{ title: t('home.rows_none', { label }) }}
    />
  )
}

const kinds = { capture: 'home.kind_capture', adjust: 'home.kind_adjust', recharge: 'home.kind_recharge', reversal: 'entry_kind.reversal' } as const
