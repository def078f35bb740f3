import { FileSearchOutlined } from '@ant-design/icons'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import type { Session } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'
import { amount, dayStart, duration, kwh, money, none } from '@ccms/shared/format'
import { mergeList } from '@ccms/shared/merge'
import { type Column, List } from '../list/List'
import type { Filter, ListState } from '../list/state'
import { oneCurrency, oneZone } from '../parts/common'
import { Mono } from '../parts/Mono'
import { RecordTag } from '../parts/Status'
import { When } from '../parts/Times'
import { word } from '../parts/words'

const states = ['CHARGING', 'PAUSED', 'IDLE', 'STOP_UNCONFIRMED', 'COMPLETED', 'ABNORMAL', 'FAILED_TO_START', 'REJECTED'] as const

const paid = (s: Session) => s.total ?? s.cost

function query(st: ListState) {
  const { q, site, point, state, from, to } = st.filters
  return { q, site, point, state, from: from && dayStart(from), to: to && dayStart(to, 1), sort: st.sort, limit: st.limit, cursor: st.cursor }
}

export default function Records() {
  const { t } = useTranslation()
  const filters = useMemo<Filter[]>(() => [
    { key: 'q', kind: 'text', label: t('col.transaction') },
    { key: 'site', kind: 'text', label: t('col.station'), more: true },
    { key: 'point', kind: 'text', label: t('col.name'), more: true },
    { key: 'state', kind: 'select', label: t('col.state'), more: true, options: [
      { value: 'running', label: t('record_state.RUNNING') },
      { value: 'ended', label: t('session_state.ENDED') },
      ...states.map((s) => ({ value: s, label: word(t, 'session_state', s) })),
    ] },
    { key: 'from', kind: 'day', label: t('records.from'), more: true },
    { key: 'to', kind: 'day', label: t('records.to'), more: true },
  ], [t])

  const columns = useMemo<Column<Session>[]>(() => {
    const path = (s: Session) => `/finance/records/${s.id}`
    const zone = (s: Session) => s.time_zone ?? 'UTC'
    return [
      { key: 'transaction', title: t('col.transaction'), cell: (s) => (s.transaction_id ? <Mono value={s.transaction_id} /> : none) },
      { key: 'site', title: t('col.station'), cell: (s) => s.site_name, wide: true },
      { key: 'name', title: t('col.name'), cell: (s) => s.charge_point_name },
      { key: 'user', title: t('col.user'), cell: (s) => s.user || none, wide: true },
      { key: 'mobile', title: t('col.mobile'), cell: (s) => (s.mobile ? <Mono value={s.mobile} /> : none) },
      { key: 'start', title: t('col.start'), note: oneZone, sort: 'started_at', cell: (s, all) => <When at={s.started_at} zone={zone(s)} withZone={!oneZone(all)} /> },
      { key: 'end', title: t('col.end'), note: oneZone, cell: (s, all) => <When at={s.ended_at} zone={zone(s)} withZone={!oneZone(all)} /> },
      { key: 'duration', title: t('col.duration'), num: true, cell: (s) => duration(s.duration_s) },
      { key: 'energy', title: t('col.energy'), num: true, cell: (s) => kwh(s.energy_wh) },
      { key: 'total', title: t('col.total'), num: true,
        note: (all) => { const c = oneCurrency(all.map(paid)); return c && `(${c})` },
        cell: (s, all) => <span className={s.total ? undefined : 'quiet'}>{oneCurrency(all.map(paid)) ? amount(paid(s)) : money(paid(s))}</span> },
      { key: 'state', title: t('col.state'), cell: (s) => <RecordTag value={s.record_state} title={word(t, 'session_state', s.state)} /> },
      { key: 'operation', title: t('list.operation'), pin: true, cell: (s) => (
        <Link to={path(s)} className="icon-link" title={t('points.details')} aria-label={t('records.details_of', { id: s.transaction_id ?? s.charge_point_name })}>
          <FileSearchOutlined aria-hidden /> {t('points.details')}
        </Link>
      ) },
    ]
  }, [t])

  return (
    <List<Session>
      queryKey={['sessions', 'records']} name="records"
      label={t('nav.records')}
      filters={filters}
      defaultSort="-started_at"
      columns={columns}
      exports={{ path: '/api/v1/sessions', query }}
      load={async (st, signal, before) => {
        const page = await take(api.GET('/api/v1/sessions', { signal, params: { query: query(st) } }))
        return { ...page, items: mergeList(before, page.items) }
      }}
      rowName={(s) => s.transaction_id ?? s.charge_point_name}
      card={(s) => ({
        title: <Link to={`/finance/records/${s.id}`}>{s.transaction_id ?? s.charge_point_name} · {s.charge_point_name}</Link>,
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
