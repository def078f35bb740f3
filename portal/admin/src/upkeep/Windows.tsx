// Windows of maintenance: when somebody works where, and what their warnings wait for.

import { CloseOutlined, PlusOutlined } from '@ant-design/icons'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { App, Button } from 'antd'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import type { MaintenanceWindow } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'
import { none } from '@ccms/shared/format'
import en from '@ccms/shared/i18n/en.json'
import { newKey } from '@ccms/shared/key'
import { type Column, List } from '../list/List'
import type { Filter, ListState } from '../list/state'
import { useMay, useZone } from '../login/me'
import { oneZone } from '../parts/common'
import { useProblemText } from '../parts/ProblemText'
import { When } from '../parts/Times'
import { word } from '../parts/words'
import { WindowDialog } from './WindowDialog'
import { WindowTag, windowName, windowsMs, zoneOf } from './window'

const query = (st: ListState) => ({
  state: st.filters.state as MaintenanceWindow['state'] | undefined, site: st.filters.site, point: st.filters.point, sort: st.sort, limit: st.limit, cursor: st.cursor,
})

const commonZone = (own: string) => (rows: readonly MaintenanceWindow[]) => oneZone(rows.map((w) => ({ time_zone: zoneOf(w, own) })))

export default function Windows() {
  const { t } = useTranslation()
  const may = useMay()
  const own = useZone()
  const [adding, setAdding] = useState(false)
  const filters = useMemo<Filter[]>(() => [
    { key: 'site', kind: 'text', label: t('col.station') },
    { key: 'point', kind: 'text', label: t('col.point_name') },
    { key: 'state', kind: 'select', label: t('col.state'), options: Object.keys(en.window_state).map((s) => ({ value: s, label: word(t, 'window_state', s) })) },
  ], [t])
  const columns = useMemo<Column<MaintenanceWindow>[]>(() => {
    const out: Column<MaintenanceWindow>[] = [
      { key: 'site', title: t('col.station'), wide: true, fixed: true, cell: (w) => <bdi>{w.site_name ?? none}</bdi> },
      { key: 'point', title: t('col.point_name'), wide: true, cell: (w) => <Where window={w} /> },
      { key: 'state', title: t('col.state'), cell: (w) => <WindowTag window={w} /> },
      { key: 'from', title: t('window.from'), note: commonZone(own), sort: 'from', cell: (w, all) => <When at={w.from} zone={zoneOf(w, own)} withZone={!commonZone(own)(all)} /> },
      { key: 'until', title: t('window.until'), note: commonZone(own), sort: 'until', cell: (w, all) => <When at={w.until} zone={zoneOf(w, own)} withZone={!commonZone(own)(all)} /> },
      { key: 'reason', title: t('window.reason'), wide: true, cell: (w) => <bdi>{w.reason}</bdi> },
      { key: 'aside', title: t('window.aside'), num: true, cell: (w) => <Aside window={w} /> },
      { key: 'by', title: t('window.by'), cell: (w) => <bdi>{w.created_by ?? none}</bdi> },
      { key: 'ended_by', title: t('window.ended'), off: true, cell: (w) => <bdi>{w.ended_by ?? none}</bdi> },
    ]
    if (may('warnings.write')) out.push({ key: 'operation', title: t('list.operation'), pin: true, cell: (w) => <End window={w} /> })
    return out
  }, [t, may, own])
  const add = may('warnings.write') && <Button type="primary" icon={<PlusOutlined aria-hidden />} onClick={() => setAdding(true)}>{t('window.add')}</Button>
  return (
    <>
      {/* What is not over ends after all that is: the last end first has those that count above the rest. */}
      <List<MaintenanceWindow>
        queryKey={['windows', 'list']} name="maintenance_windows" label={t('nav.windows')} filters={filters} columns={columns} defaultSort="-until" refetchMs={windowsMs} actions={add}
        load={(st, signal) => take(api.GET('/api/v1/maintenance-windows', { signal, params: { query: query(st) } }))}
        exports={{ path: '/api/v1/maintenance-windows', query }}
        rowName={(w) => windowName(t, w)}
        rowClass={(w) => (w.state === 'OVER' ? 'row-quiet' : undefined)}
        card={(w) => ({
          title: <>{w.charge_point_id ? <><Where window={w} /> · <bdi>{w.site_name}</bdi></> : <bdi>{windowName(t, w)}</bdi>}</>,
          status: <WindowTag window={w} />,
          facts: [
            [t('window.from'), <When key="f" at={w.from} zone={zoneOf(w, own)} withZone />],
            [t('window.until'), <When key="u" at={w.until} zone={zoneOf(w, own)} withZone />],
            [t('window.reason'), <bdi key="r">{w.reason}</bdi>],
          ],
          actions: may('warnings.write') && w.state !== 'OVER' ? <End window={w} words /> : undefined,
        })}
        empty={{ title: t('window.empty'), next: t('window.empty_next'), action: add }}
      />
      {adding && <WindowDialog onClose={() => setAdding(false)} />}
    </>
  )
}

function Where({ window: w }: { window: MaintenanceWindow }) {
  const { t } = useTranslation()
  return w.charge_point_id ? <Link to={`/live/points/${w.charge_point_id}`}>{w.charge_point_name}</Link> : <span className="quiet">{t('window.all_points')}</span>
}

/** How many warnings wait for its end, and the way to them. */
function Aside({ window: w }: { window: MaintenanceWindow }) {
  if (w.suppressed === 0) return <>0</>
  const to = new URLSearchParams({ state: 'SUPPRESSED', ...(w.charge_point_name ? { point: w.charge_point_name } : { site: w.site_name ?? '' }) })
  return <Link to={`/live/warnings?${to}`}>{w.suppressed}</Link>
}

function End({ window: w, words }: { window: MaintenanceWindow; words?: boolean }) {
  const { t } = useTranslation()
  const { modal, message } = App.useApp()
  const text = useProblemText()
  const client = useQueryClient()
  const end = useMutation({
    mutationFn: () => take(api.POST('/api/v1/maintenance-windows/{id}/end', { params: { path: { id: w.id }, header: { 'Idempotency-Key': newKey() } } })),
    onSuccess: () => Promise.all(['windows', 'warning-count', 'warnings'].map((key) => client.invalidateQueries({ queryKey: [key] }))),
    onError: (e) => void message.error(text(e)),
  })
  if (w.state === 'OVER') return <>{none}</>
  const planned = w.state === 'PLANNED'
  const of = windowName(t, w)
  return (
    <Button size="small" danger icon={<CloseOutlined aria-hidden />} loading={end.isPending}
      aria-label={planned ? t('window.call_off_of', { of }) : t('window.end_of', { of })} title={planned ? t('window.call_off') : t('window.end')}
      onClick={() => void modal.confirm({
        title: planned ? t('window.call_off_title', { of }) : t('window.end_title', { of }),
        content: planned ? t('window.call_off_what') : w.suppressed > 0 ? t('window.end_what', { count: w.suppressed }) : t('window.end_what_none'),
        okText: planned ? t('window.call_off') : t('window.end'), okButtonProps: { danger: true }, cancelText: t('window.keep'),
        onOk: () => end.mutateAsync().then(() => undefined, () => undefined),
      })}>{words && (planned ? t('window.call_off') : t('window.end'))}</Button>
  )
}
