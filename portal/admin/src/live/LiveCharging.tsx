import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import type { Session } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'
import { serverNow } from '@ccms/shared/clock'
import { amps, kwh, none, soc, volts } from '@ccms/shared/format'
import { type Column, List } from '../list/List'
import type { Filter, ListState } from '../list/state'
import { oneZone } from '../parts/common'
import { Mono } from '../parts/Mono'
import { ConnectorTag, SessionTag } from '../parts/Status'
import { isStale, Stale, useNow, When } from '../parts/Times'
import { LiveNote } from './LiveNote'
import { SessionActions } from './SessionActions'
import { isEnded, keepEnded, type LiveRow } from './store'
import { usePolling } from './stream'

/** States of the session that say more than the status of its connector. */
const telling = new Set(['STARTING', 'STOPPING', 'STOP_UNCONFIRMED', 'OFFLINE_RUNNING', 'ABNORMAL', 'REJECTED', 'FAILED_TO_START', 'COMPLETED'])

function LiveStatus({ row }: { row: LiveRow }) {
  const { t } = useTranslation()
  if (row.gone_at !== undefined && !row.ended_at) return <SessionTag value="ENDED" />
  if (telling.has(row.state) || !row.connector_status) return <SessionTag value={row.state} title={row.connector_status} />
  return <ConnectorTag value={row.connector_status} title={t(`session_state.${row.state}`)} />
}

const query = (st: ListState) => ({
  state: 'running', site: st.filters.site, point: st.filters.point, sort: st.sort, limit: st.limit, cursor: st.cursor,
})

export default function LiveCharging() {
  const { t } = useTranslation()
  const now = useNow()
  const polling = usePolling()

  const filters = useMemo<Filter[]>(() => [
    { key: 'site', kind: 'text', label: t('col.station') },
    { key: 'point', kind: 'text', label: t('col.name') },
  ], [t])

  const columns = useMemo<Column<LiveRow>[]>(() => {
    const stale = (s: LiveRow) => !isEnded(s) && isStale(s.sample_at, now)
    const live = (s: LiveRow, value: string) => <span className={stale(s) || isEnded(s) ? 'quiet' : undefined}>{value}</span>
    return [
      { key: 'site', title: t('col.station'), cell: (s) => s.site_name, wide: true },
      { key: 'name', title: t('col.name'), cell: (s) => <Link to={`/live/points/${s.charge_point_id}`}>{s.charge_point_name}</Link>, fixed: true },
      { key: 'transaction', title: t('col.transaction'), cell: (s) => (s.transaction_id ? <Mono value={s.transaction_id} /> : none) },
      { key: 'user', title: t('col.user'), cell: (s) => s.user || none, wide: true },
      { key: 'mobile', title: t('col.mobile'), cell: (s) => (s.mobile ? <Mono value={s.mobile} /> : none) },
      { key: 'ev', title: t('col.ev_type'), off: true, cell: (s) => s.ev_type ?? none },
      { key: 'start', title: t('col.start'), note: oneZone, sort: 'started_at', cell: (s, all) => <When at={s.started_at} zone={s.time_zone ?? 'UTC'} withZone={!oneZone(all)} /> },
      { key: 'current', title: t('col.current'), num: true, cell: (s) => (
        <>{s.sample_at && stale(s) && <Stale at={s.sample_at} zone={s.time_zone ?? 'UTC'} now={now} />} {live(s, amps(s.current_ma))}</>
      ) },
      { key: 'voltage', title: t('col.voltage'), num: true, cell: (s) => live(s, volts(s.voltage_mv)) },
      { key: 'soc', title: t('col.soc'), num: true, cell: (s) => live(s, soc(s.soc_permille)) },
      { key: 'status', title: t('col.connector_status'), cell: (s) => <LiveStatus row={s} /> },
      { key: 'operation', title: t('list.operation'), pin: true, cell: (s) => <SessionActions session={s} /> },
    ]
  }, [t, now])

  return (
    <List<LiveRow>
      queryKey={['sessions', 'running']} name="live_charging"
      label={t('nav.live_charging')}
      filters={filters}
      defaultSort="started_at"
      columns={columns}
      refetchMs={polling}
      note={<LiveNote />}
      exports={{ path: '/api/v1/sessions', query }}
      load={async (st, signal, before) => {
        const page = await take(api.GET('/api/v1/sessions', { signal, params: { query: query(st) } }))
        return { ...page, items: keepEnded(before, page.items as Session[], serverNow()) }
      }}
      rowName={(s) => s.transaction_id ?? s.charge_point_name}
      rowClass={(s) => (isEnded(s) ? 'row-ended' : undefined)}
      card={(s) => ({
        title: <><Link to={`/live/points/${s.charge_point_id}`}>{s.charge_point_name}</Link> · {s.site_name}</>,
        status: <LiveStatus row={s} />,
        facts: [
          [t('col.user'), s.user || s.mobile || none],
          [t('col.energy'), <span key="e" className="num">{kwh(s.energy_wh)} {s.sample_at && !isEnded(s) && isStale(s.sample_at, now) && <Stale at={s.sample_at} zone={s.time_zone ?? 'UTC'} now={now} />}</span>],
          s.soc_permille === undefined ? [t('col.current'), amps(s.current_ma)] : [t('col.soc'), soc(s.soc_permille)],
        ],
        actions: <SessionActions session={s} size="middle" />,
      })}
      empty={{ title: t('live.empty'), next: t('live.empty_next') }}
    />
  )
}
