import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import type { Warning } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'
import { dayStart, none } from '@ccms/shared/format'
import en from '@ccms/shared/i18n/en.json'
import { mergeList } from '@ccms/shared/merge'
import { type Column, List } from '../list/List'
import type { Filter, ListState } from '../list/state'
import { useMay, useZone } from '../login/me'
import { oneZone } from '../parts/common'
import { PointTag } from '../parts/Status'
import { When } from '../parts/Times'
import { word } from '../parts/words'
import { LiveNote } from './LiveNote'
import { usePolling } from './stream'
import { useAsideCount } from './useWarnings'
import { LevelTag, StateTag, warningName, warningNote, warningText } from './warning'
import { WarningActions } from './WarningActions'
import { WarningDetails } from './WarningDetails'

/** All warnings, by default those that stand. */
export default function Warnings() {
  return <WarningList />
}

/** The rows share a zone only where all of them have it. */
const zoneOf = (w: Warning, own: string) => w.time_zone ?? own
const commonZone = (own: string) => (rows: readonly Warning[]) => oneZone(rows.map((w) => ({ time_zone: zoneOf(w, own) })))

/** The warnings of the operator, or all that one charge point ever had. */
export function WarningList({ point }: { point?: string }) {
  const { t } = useTranslation()
  const may = useMay()
  const polling = usePolling()
  const own = useZone()

  const filters = useMemo<Filter[]>(() => (point ? [] : [
    { key: 'site', kind: 'text', label: t('col.station') },
    { key: 'point', kind: 'text', label: t('col.point_name') },
    { key: 'state', kind: 'select', label: t('col.state'), any: t('warning.standing'), options: [
      { value: 'OPEN', label: word(t, 'warning_state', 'OPEN') },
      { value: 'ACKNOWLEDGED', label: word(t, 'warning_state', 'ACKNOWLEDGED') },
      { value: 'SUPPRESSED', label: word(t, 'warning_state', 'SUPPRESSED') },
      { value: 'CLEARED', label: word(t, 'warning_state', 'CLEARED') },
      { value: 'all', label: t('warning.all') },
    ] },
    { key: 'level', kind: 'select', label: t('col.level'), more: true,
      options: Object.keys(en.warning_level).toReversed().map((l) => ({ value: l, label: word(t, 'warning_level', l) })) },
    { key: 'type', kind: 'select', label: t('col.type'), more: true,
      options: Object.keys(en.warning_type).map((x) => ({ value: x, label: word(t, 'warning_type', x) })) },
    { key: 'from', kind: 'day', label: t('records.from'), more: true },
    { key: 'to', kind: 'day', label: t('records.to'), more: true },
  ]), [t, point])

  const columns = useMemo<Column<Warning>[]>(() => {
    const out: Column<Warning>[] = [
      { key: 'site', title: t('col.station'), cell: (w) => w.site_name ?? none, wide: true },
      { key: 'point', title: t('col.point_name'), wide: true, cell: (w) => (w.charge_point_id ? <Link to={`/live/points/${w.charge_point_id}?tab=warnings`}>{w.charge_point_name}</Link> : none) },
      { key: 'connector', title: t('col.connector_name'), num: true, cell: (w) => w.connector },
      { key: 'warning', title: t('col.warning'), fixed: true, wide: 'most', cell: (w) => <Told warning={w} /> },
      { key: 'level', title: t('col.level'), sort: 'level', cell: (w) => <LevelTag value={w.level} /> },
      { key: 'type', title: t('col.type'), cell: (w) => word(t, 'warning_type', w.type) },
      { key: 'at', title: t('col.time'), note: commonZone(own), sort: 'at', cell: (w, all) => <When at={w.at} zone={zoneOf(w, own)} withZone={!commonZone(own)(all)} /> },
      { key: 'point_status', title: t('col.point_status'), cell: (w) => (w.point_status ? <PointTag value={w.point_status} /> : none) },
      { key: 'state', title: t('col.state'), cell: (w) => <StateTag warning={w} /> },
    ]
    if (may('warnings.write')) out.push({ key: 'operation', title: t('list.operation'), pin: true, cell: (w) => <WarningActions rows={[w]} /> })
    return point ? out.filter((c) => c.key !== 'site' && c.key !== 'point' && c.key !== 'point_status') : out
  }, [t, may, point, own])

  const query = (st: ListState) => {
    const { site, point: name, state, level, type, from, to } = st.filters
    return {
      charge_point_id: point, site, point: name, level, type, state: state === 'all' || point ? undefined : state ?? 'live',
      from: from && dayStart(from, own), to: to && dayStart(to, own, 1), sort: st.sort, limit: st.limit, cursor: st.cursor,
    }
  }

  return (
    <List<Warning>
      queryKey={['warnings', ...(point ? ['point', point] : ['list'])]} name={point ? 'point_warnings' : 'warnings'}
      label={t('nav.live_warnings')}
      filters={filters}
      defaultSort="-at"
      columns={columns}
      refetchMs={polling}
      note={<>{!point && <AsideNote />}<LiveNote /></>}
      exports={{ path: '/api/v1/warnings', query }}
      load={async (st, signal, before) => {
        const page = await take(api.GET('/api/v1/warnings', { signal, params: { query: query(st) } }))
        return { ...page, items: mergeList(before, page.items) }
      }}
      rowName={(w) => warningName(t, w)}
      rowClass={(w) => (w.state === 'CLEARED' ? 'row-quiet' : undefined)}
      card={(w) => ({
        title: <Told warning={w} />,
        status: <LevelTag value={w.level} />,
        facts: [
          [t('col.station'), [w.site_name, w.charge_point_name].filter(Boolean).join(' · ') || none],
          [t('col.time'), <When key="w" at={w.at} zone={zoneOf(w, own)} withZone />],
          [t('col.state'), <StateTag key="s" warning={w} />],
        ],
        actions: may('warnings.write') && w.state !== 'CLEARED' ? <WarningActions rows={[w]} words /> : undefined,
      })}
      expand={(w) => <WarningDetails warning={w} />}
      bulk={may('warnings.write') ? {
        can: (w) => w.state !== 'CLEARED',
        limit: 100,
        actions: (rows, clear) => <WarningActions rows={rows} done={clear} words />,
      } : undefined}
      empty={point ? { title: t('warning.empty_point') } : { title: t('warning.empty'), next: t('warning.empty_next') }}
    />
  )
}

/** How many warnings wait for the end of a window of maintenance, and the way to them. */
function AsideNote() {
  const { t } = useTranslation()
  const { count, capped } = useAsideCount()
  if (count === 0) return null
  return <Link className="small" to="/live/warnings?state=SUPPRESSED" title={t('warning.aside_what')}>{capped ? t('warning.aside_more', { count }) : t('warning.aside', { count })}</Link>
}

function Told({ warning: w }: { warning: Warning }) {
  const { t } = useTranslation()
  const note = warningNote(t, w)
  return (
    <span>
      {warningText(t, w)}
      {note && <span className="quiet small"> · {note}</span>}
      {w.count > 1 && w.type !== 'FLAPPING' && !w.children && (
        <span className="times num" title={t('warning.times', { count: w.count })} aria-label={t('warning.times', { count: w.count })}> ×{w.count}</span>
      )}
    </span>
  )
}
