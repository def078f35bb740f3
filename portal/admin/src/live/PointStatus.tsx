import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import type { ChargePoint } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'
import { kw, none } from '@ccms/shared/format'
import en from '@ccms/shared/i18n/en.json'
import { mergeList } from '@ccms/shared/merge'
import { type Bulk, type Column, List } from '../list/List'
import type { Filter, ListState } from '../list/state'
import { useMay } from '../login/me'
import { Facts } from '../parts/Facts'
import { Mono } from '../parts/Mono'
import { ConnectorTag, Online, PointTag } from '../parts/Status'
import { ageText, useNow, When } from '../parts/Times'
import { word } from '../parts/words'
import { BulkMenu } from './commands/BulkMenu'
import { PointCommands } from './PointCommands'
import { LiveNote } from './LiveNote'
import { usePolling } from './stream'

type Status = ChargePoint['point_status']

const query = (st: ListState) => ({
  site: st.filters.site, name: st.filters.name, q: st.filters.q, sort: st.sort, limit: st.limit, cursor: st.cursor,
  online: st.filters.online === undefined ? undefined : st.filters.online === 'true',
  point_status: st.filters.point_status as Status | undefined,
  connector_status: st.filters.connector as ChargePoint['connectors'][number]['status'] | undefined,
})

export default function PointStatus() {
  const { t } = useTranslation()
  const may = useMay()
  const now = useNow()
  const polling = usePolling()

  const filters = useMemo<Filter[]>(() => [
    { key: 'site', kind: 'text', label: t('col.station') },
    { key: 'name', kind: 'text', label: t('col.name') },
    { key: 'q', kind: 'text', label: t('col.serial'), more: true },
    { key: 'online', kind: 'select', label: t('col.online'), more: true, options: [{ value: 'true', label: t('yes') }, { value: 'false', label: t('no') }] },
    { key: 'point_status', kind: 'select', label: t('col.point_status'), more: true,
      options: Object.keys(en.point_status).filter((s) => s !== 'UPGRADING').map((s) => ({ value: s, label: word(t, 'point_status', s) })) },
    { key: 'connector', kind: 'select', label: t('col.connector_status'), more: true,
      options: Object.keys(en.connector_status).filter((s) => s !== 'OFFLINE').map((s) => ({ value: s, label: word(t, 'connector_status', s) })) },
  ], [t])

  const columns = useMemo<Column<ChargePoint>[]>(() => {
    const out: Column<ChargePoint>[] = [
      { key: 'site', title: t('col.station'), cell: (p) => p.site_name, wide: true },
      { key: 'name', title: t('col.name'), sort: 'name', cell: (p) => <Link to={`/live/points/${p.id}`}>{p.name}</Link>, wide: true, fixed: true },
      { key: 'serial', title: t('col.serial'), sort: 'identity', cell: (p) => <Mono value={p.identity} /> },
      { key: 'connectors', title: t('col.connectors'), num: true, cell: (p) => p.connectors.length },
      { key: 'online', title: t('col.online'), cell: (p) => <Online online={p.online} /> },
      { key: 'type', title: t('col.charger_type'), cell: (p) => p.charger_type },
      { key: 'status', title: t('col.point_status'), cell: (p) => <PointTag value={p.point_status} /> },
      { key: 'each', title: t('col.connector_status'), off: true, cell: (p) => <Each point={p} now={now} /> },
      { key: 'error', title: t('col.error'), off: true, cell: (p) => p.connectors.flatMap((c) => [c.error_code, c.vendor_error_code]).filter(Boolean).join(' · ') || none },
      { key: 'seen', title: t('points.last_seen'), off: true, cell: (p) => (p.last_seen_at ? <When at={p.last_seen_at} zone={p.time_zone} withZone /> : t('points.never')) },
      { key: 'model', title: t('points.vendor'), off: true, cell: (p) => [p.vendor, p.model].filter(Boolean).join(' ') || none },
      { key: 'firmware', title: t('points.firmware'), off: true, cell: (p) => p.firmware ?? none },
      { key: 'code', title: t('col.code'), sort: 'code', off: true, cell: (p) => <Mono value={p.code} /> },
    ]
    if (may('live.command')) out.push({ key: 'operation', title: t('list.operation'), pin: true, cell: (p) => <PointCommands point={p} /> })
    return out
  }, [t, may, now])

  return (
    <List<ChargePoint>
      queryKey={['charge-points', 'status']} name="live_points"
      label={t('nav.live_points')}
      filters={filters}
      defaultSort="name"
      columns={columns}
      refetchMs={polling}
      note={<LiveNote />}
      bulk={may('live.command') ? bulk : undefined}
      exports={{ path: '/api/v1/charge-points', query }}
      load={async (st, signal, before) => {
        const page = await take(api.GET('/api/v1/charge-points', { signal, params: { query: query(st) } }))
        return { ...page, items: mergeList(before, page.items) }
      }}
      rowName={(p) => p.name}
      card={(p) => ({
        title: <><Link to={`/live/points/${p.id}`}>{p.name}</Link> · {p.site_name}</>,
        status: <PointTag value={p.point_status} />,
        facts: [[t('col.serial'), <Mono key="s" value={p.identity} />], [t('col.online'), <Online key="o" online={p.online} />], [t('col.charger_type'), p.charger_type]],
        actions: may('live.command') ? <PointCommands point={p} /> : undefined,
      })}
      expand={(p) => <Details point={p} now={now} />}
      empty={{ title: t('points.empty'), next: t('points.empty_next') }}
    />
  )
}

const bulk: Bulk<ChargePoint> = { actions: (rows, clear) => <BulkMenu points={rows} clear={clear} /> }

/** Every plug with its status and how long it has been so. */
function Each({ point: p, now }: { point: ChargePoint; now: number }) {
  const { t } = useTranslation()
  if (!p.online) return <ConnectorTag value="OFFLINE" />
  return (
    <span className="each">
      {p.connectors.map((c) => (
        <span key={c.id}><b className="num">{c.number}</b> <ConnectorTag value={c.status} />{c.status_at && <span className="quiet small"> {ageText(t, c.status_at, now)}</span>}</span>
      ))}
    </span>
  )
}

function Details({ point: p, now }: { point: ChargePoint; now: number }) {
  const { t } = useTranslation()
  const zone = p.time_zone
  return (
    <div className="inner">
      <table className="table table-inner" aria-label={t('points.connectors_of', { name: p.name })}>
        <thead>
          <tr>
            <th scope="col" className="cell-num">{t('col.connector')}</th>
            <th scope="col">{t('col.connector_status')}</th>
            <th scope="col">{t('col.connector_type')}</th>
            <th scope="col" className="cell-num">{t('col.max_power')}</th>
            <th scope="col">{t('col.since')}</th>
            <th scope="col">{t('col.error')}</th>
          </tr>
        </thead>
        <tbody>
          {p.connectors.map((c) => (
            <tr key={c.id}>
              <td className="cell-num">{c.number}</td>
              <td>{p.online ? <ConnectorTag value={c.status} /> : <ConnectorTag value="OFFLINE" title={word(t, 'connector_status', c.status)} />}</td>
              <td>{c.type ?? none}</td>
              <td className="cell-num">{kw(c.max_power_w)}</td>
              <td>{c.status_at ? <span title={ageText(t, c.status_at, now)}><When at={c.status_at} zone={zone} /></span> : none}</td>
              <td>{[c.error_code, c.vendor_error_code, c.info].filter(Boolean).join(' · ') || none}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <Facts items={[
        [t('points.last_seen'), p.last_seen_at ? <When key="w" at={p.last_seen_at} zone={zone} withZone /> : t('points.never')],
        Boolean(p.vendor || p.model) && [t('points.vendor'), [p.vendor, p.model].filter(Boolean).join(' ')],
        Boolean(p.firmware) && [t('points.firmware'), p.firmware],
        Boolean(p.hardware_serial) && [t('points.hardware_serial'), <Mono key="h" value={p.hardware_serial!} />],
        [t('col.code'), <Mono key="c" value={p.code} />],
      ]} />
    </div>
  )
}
