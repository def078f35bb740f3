// The charging record: each charge with what it cost, and for what.

import { FileSearchOutlined } from '@ant-design/icons'
import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import type { Money, Session } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'
import { amount, duration, kwh, money, none, soc } from '@ccms/shared/format'
import { mergeList } from '@ccms/shared/merge'
import { type Column, List } from '../list/List'
import type { Filter, ListState } from '../list/state'
import { useMay, useZone } from '../login/me'
import { oneCurrency, oneZone } from '../parts/common'
import { Mono } from '../parts/Mono'
import { RecordTag } from '../parts/Status'
import { When } from '../parts/Times'
import { word } from '../parts/words'
import { recordFilter, recordStates } from './filters'
import { RecordSumsBar } from './Sums'

const states = ['CHARGING', 'PAUSED', 'IDLE', 'STOP_UNCONFIRMED', 'COMPLETED', 'ABNORMAL', 'FAILED_TO_START', 'REJECTED'] as const
const paid = (s: Session) => s.total ?? s.cost

const queryIn = (zone: string) => (st: ListState) => ({ ...recordFilter(st, zone), sort: st.sort, limit: st.limit, cursor: st.cursor })

export default function Records() {
  const { t } = useTranslation()
  const may = useMay()
  const query = queryIn(useZone())
  const plans = useQuery({
    queryKey: ['plans', 'filter'],
    queryFn: ({ signal }) => take(api.GET('/api/v1/plans', { signal, params: { query: { limit: 100 } } })),
    enabled: may('plans.read'),
    staleTime: 60_000,
  })
  const filters = useMemo<Filter[]>(() => [
    { key: 'q', kind: 'text', label: t('col.transaction') },
    { key: 'record', kind: 'select', label: t('col.state'), options: recordStates.map((s) => ({ value: s, label: word(t, 'record_state', s) })) },
    { key: 'site', kind: 'text', label: t('col.station'), more: true },
    { key: 'point', kind: 'text', label: t('col.name'), more: true },
    { key: 'user', kind: 'text', label: t('col.user'), more: true },
    { key: 'account', kind: 'text', label: t('col.account'), more: true },
    { key: 'charging_account', kind: 'text', label: t('col.charging_account'), more: true },
    { key: 'card', kind: 'text', label: t('col.rfid'), more: true },
    { key: 'plan', kind: 'select', label: t('record.plan'), more: true, options: (plans.data?.items ?? []).map((p) => ({ value: p.id, label: p.name })) },
    { key: 'state', kind: 'select', label: t('records.session'), more: true, options: [
      { value: 'running', label: t('record_state.RUNNING') },
      { value: 'ended', label: t('session_state.ENDED') },
      ...states.map((s) => ({ value: s, label: word(t, 'session_state', s) })),
    ] },
    { key: 'from', kind: 'day', label: t('records.from'), more: true },
    { key: 'to', kind: 'day', label: t('records.to'), more: true },
  ], [t, plans.data])

  const columns = useMemo<Column<Session>[]>(() => {
    const path = (s: Session) => `/finance/records/${s.id}`
    const zone = (s: Session) => s.time_zone ?? 'UTC'
    const currency = (all: readonly Session[]) => { const c = oneCurrency(all.map(paid)); return c && `(${c})` }
    const sum = (m: Money | undefined, all: readonly Session[]) => (oneCurrency(all.map(paid)) ? amount(m) : money(m))
    // Each amount opens to the lines that it is made of.
    const opens = (s: Session, text: string) => (s.fees ? <Link to={`${path(s)}?tab=price`} className="num">{text}</Link> : text)
    const fee = (key: 'electricity' | 'service' | 'start' | 'reservation' | 'limit' | 'idle' | 'net' | 'tax', title: string, off?: boolean): Column<Session> => ({
      key, title, num: true, off, note: currency, cell: (s, all) => (s.fees ? opens(s, sum(s.fees[key], all)) : none),
    })
    return [
      { key: 'transaction', title: t('col.transaction'), fixed: true, cell: (s) => (s.transaction_id ? <Mono value={s.transaction_id} /> : none) },
      { key: 'site', title: t('col.station'), cell: (s) => <bdi>{s.site_name}</bdi>, wide: true },
      { key: 'name', title: t('col.name'), cell: (s) => <bdi>{s.charge_point_name}</bdi> },
      { key: 'connector', title: t('col.connector'), num: true, off: true, cell: (s) => s.connector ?? none },
      { key: 'user', title: t('col.user'), cell: (s) => (s.user ? <bdi>{s.user}</bdi> : none), wide: true },
      { key: 'mobile', title: t('col.mobile'), off: true, cell: (s) => (s.mobile ? <Mono value={s.mobile} /> : none) },
      { key: 'account', title: t('col.account'), off: true, cell: (s) => (s.account ? <Mono value={s.account} /> : none) },
      { key: 'number', title: t('col.charging_account'), off: true, cell: (s) => (s.charging_account ? <Mono value={s.charging_account} /> : none) },
      { key: 'card', title: t('col.rfid'), off: true, cell: (s) => (s.token_uid ? <Mono value={s.token_uid} /> : none) },
      { key: 'source', title: t('record.source'), off: true, cell: (s) => (s.source ? word(t, 'source', s.source) : none) },
      { key: 'ev', title: t('col.ev_type'), off: true, cell: (s) => s.ev_type ?? none },
      { key: 'start', title: t('col.start'), note: oneZone, sort: 'started_at', cell: (s, all) => <When at={s.started_at} zone={zone(s)} withZone={!oneZone(all)} /> },
      { key: 'end', title: t('col.end'), note: oneZone, off: true, cell: (s, all) => <When at={s.ended_at} zone={zone(s)} withZone={!oneZone(all)} /> },
      { key: 'duration', title: t('col.duration'), num: true, cell: (s) => duration(s.duration_s) },
      { key: 'meter_start', title: t('records.meter_start'), num: true, off: true, cell: (s) => kwh(s.meter_start_wh) },
      { key: 'meter_stop', title: t('records.meter_stop'), num: true, off: true, cell: (s) => kwh(s.meter_stop_wh) },
      { key: 'energy', title: t('col.energy'), num: true, cell: (s) => kwh(s.energy_wh) },
      { key: 'soc', title: t('col.soc'), num: true, off: true, cell: (s) => soc(s.soc_permille) },
      fee('electricity', t('records.electricity')),
      fee('service', t('records.service')),
      fee('start', t('records.start_fee'), true),
      fee('reservation', t('line_kind.RESERVATION'), true),
      fee('idle', t('records.idle'), true),
      fee('limit', t('line_kind.LIMIT'), true),
      fee('net', t('record.net_total'), true),
      fee('tax', t('record.vat'), true),
      { key: 'total', title: t('col.total'), num: true, note: currency,
        cell: (s, all) => <span className={s.total ? undefined : 'quiet'}>{opens(s, sum(paid(s), all))}</span> },
      { key: 'captured', title: t('record.captured'), num: true, off: true, note: currency, cell: (s, all) => sum(s.captured, all) },
      { key: 'debt', title: t('record.debt'), num: true, off: true, note: currency, cell: (s, all) => sum(s.debt, all) },
      { key: 'plan', title: t('record.plan'), off: true, cell: (s) => (s.plan ? <bdi>{t('record.plan_version', { name: s.plan.name, version: s.plan.plan_version })}</bdi> : none) },
      { key: 'reason', title: t('record.stop_reason'), off: true, cell: (s) => (s.stop_reason ? word(t, 'stop_reason', s.stop_reason) : none) },
      { key: 'closed', title: t('record.closed_by'), off: true, cell: (s) => (s.close ? word(t, 'closed_by', s.close.by) : none) },
      { key: 'flags', title: t('records.flags'), off: true, wide: true, cell: (s) => s.flags.map((f) => word(t, 'flag', f)).join(' ') || none },
      { key: 'state', title: t('col.state'), cell: (s) => <RecordTag value={s.record_state} title={word(t, 'session_state', s.state)} /> },
      { key: 'operation', title: t('list.operation'), pin: true, cell: (s) => (
        <Link to={path(s)} className="icon-link" title={t('points.details')} aria-label={t('records.details_of', { id: s.transaction_id ?? s.charge_point_name })}>
          <FileSearchOutlined aria-hidden />
        </Link>
      ) },
    ]
  }, [t])

  return (
    <List<Session>
      queryKey={['sessions', 'records']}
      name="records"
      label={t('nav.records')}
      filters={filters}
      defaultSort="-started_at"
      columns={columns}
      exports={{ path: '/api/v1/sessions', query }}
      note={<RecordSumsBar filters={filters} />}
      load={async (st, signal, before) => {
        const page = await take(api.GET('/api/v1/sessions', { signal, params: { query: query(st) } }))
        return { ...page, items: mergeList(before, page.items) }
      }}
      rowName={(s) => s.transaction_id ?? s.charge_point_name}
      card={(s) => ({
        title: <Link to={`/finance/records/${s.id}`}>{s.transaction_id ?? s.charge_point_name} · <bdi>{s.charge_point_name}</bdi></Link>,
        status: <RecordTag value={s.record_state} />,
        facts: [
          [t('col.start'), <When key="w" at={s.started_at} zone={s.time_zone ?? 'UTC'} withZone />],
          [t('col.energy'), kwh(s.energy_wh)],
          [t('col.total'), money(paid(s))],
        ],
      })}
      empty={{ title: t('records.empty'), next: t('records.empty_next') }}
    />
  )
}
