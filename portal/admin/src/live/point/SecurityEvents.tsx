import { CloseCircleOutlined, InfoCircleOutlined } from '@ant-design/icons'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import type { SecurityEvent } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'
import { dayStart, none } from '@ccms/shared/format'
import { type Column, List } from '../../list/List'
import type { Filter, ListState } from '../../list/state'
import { useZone } from '../../login/me'
import { Tag } from '../../parts/Status'
import { When } from '../../parts/Times'
import { word } from '../../parts/words'

const zoneOf = (e: SecurityEvent, own: string) => e.time_zone ?? own

/** What touched the security of one charge point, or of all. */
export function SecurityEvents({ point }: { point?: string }) {
  const { t } = useTranslation()
  const own = useZone()
  const filters = useMemo<Filter[]>(() => (point ? [] : [
    { key: 'critical', kind: 'select', label: t('security.critical'), options: [{ value: 'true', label: t('security.only_critical') }] },
    { key: 'source', kind: 'select', label: t('security.source'), options: ['charge_point', 'server'].map((x) => ({ value: x, label: word(t, 'security_source', x) })) },
    { key: 'from', kind: 'day', label: t('records.from'), more: true },
    { key: 'to', kind: 'day', label: t('records.to'), more: true },
  ]), [t, point])
  const columns = useMemo<Column<SecurityEvent>[]>(() => {
    const out: Column<SecurityEvent>[] = [
      { key: 'at', title: t('col.time'), sort: 'at', cell: (e) => <When at={e.at} zone={zoneOf(e, own)} withZone /> },
      { key: 'point', title: t('col.point_name'), wide: true, cell: (e) => <Link to={`/live/points/${e.charge_point_id}?tab=security`}>{e.charge_point_name ?? e.charge_point_id}</Link> },
      { key: 'kind', title: t('security.kind'), fixed: true, cell: (e) => <Kind event={e} /> },
      { key: 'source', title: t('security.source'), cell: (e) => word(t, 'security_source', e.source) },
      { key: 'detail', title: t('security.detail'), wide: true, cell: (e) => e.detail ?? none },
    ]
    return point ? out.filter((c) => c.key !== 'point') : out
  }, [t, point, own])
  const query = (st: ListState) => ({
    charge_point_id: point, critical: st.filters.critical === 'true' || undefined, source: st.filters.source as SecurityEvent['source'] | undefined,
    from: st.filters.from && dayStart(st.filters.from, own), to: st.filters.to && dayStart(st.filters.to, own, 1), sort: st.sort, limit: st.limit, cursor: st.cursor,
  })
  return (
    <List<SecurityEvent>
      queryKey={['security-events', point ?? 'all']} name={point ? undefined : 'security_events'} label={t('security.events')} filters={filters} columns={columns} defaultSort="-at"
      load={(st, signal) => take(api.GET('/api/v1/security-events', { signal, params: { query: query(st) } }))}
      exports={point ? undefined : { path: '/api/v1/security-events', query }}
      rowName={(e) => word(t, 'security_kind', e.kind)}
      card={(e) => ({
        title: <Kind event={e} />,
        facts: [
          [t('col.time'), <When key="w" at={e.at} zone={zoneOf(e, own)} withZone />],
          [t('col.point_name'), e.charge_point_name ?? none],
          [t('security.detail'), e.detail ?? none],
        ],
      })}
      empty={{ title: t('security.no_events') }}
    />
  )
}

function Kind({ event: e }: { event: SecurityEvent }) {
  const { t } = useTranslation()
  const text = word(t, 'security_kind', e.kind)
  return e.critical
    ? <Tag tone="bad" icon={CloseCircleOutlined} text={text} title={t('security.critical_what')} />
    : <Tag tone="off" icon={InfoCircleOutlined} text={text} />
}
