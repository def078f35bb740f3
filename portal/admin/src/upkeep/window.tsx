// A window of maintenance in words: where it is, where it stands, and what runs now.

import { CheckCircleOutlined, ClockCircleOutlined, ToolOutlined } from '@ant-design/icons'
import { useQuery } from '@tanstack/react-query'
import type { TFunction } from 'i18next'
import type { ComponentType } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import type { MaintenanceWindow } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'
import { dateTime, zoneName } from '@ccms/shared/format'
import { useMay, useZone } from '../login/me'
import { Tag, type Tone } from '../parts/Status'
import { word } from '../parts/words'

export const zoneOf = (w: MaintenanceWindow, own: string) => w.time_zone ?? own

/** Names a window to who cannot see the row. */
export const windowName = (t: TFunction, w: MaintenanceWindow) =>
  w.charge_point_name ?? t('window.whole', { site: w.site_name })

/** To the minute: windows are planned by the clock on the wall. */
const minute = (at: string, zone: string) => dateTime(at, zone).slice(0, 16)

const looks: Record<MaintenanceWindow['state'], [Tone, ComponentType]> = {
  PLANNED: ['wait', ClockCircleOutlined], RUNNING: ['busy', ToolOutlined], OVER: ['off', CheckCircleOutlined],
}

export function WindowTag({ window: w }: { window: MaintenanceWindow }) {
  const { t } = useTranslation()
  const [tone, icon] = looks[w.state]
  return <Tag tone={tone} icon={icon} text={word(t, 'window_state', w.state)} title={w.ended_by ? t('window.ended_by', { name: w.ended_by }) : undefined} />
}

/** Windows end by the clock, which tells nobody. */
export const windowsMs = 30_000

/** The windows that run now; of one site, or of all that one sees. */
function useRunning(site?: string): MaintenanceWindow[] {
  const may = useMay()
  const query = useQuery({
    queryKey: ['windows', 'running', site ?? 'all'],
    enabled: may('live.read'),
    queryFn: ({ signal }) => take(api.GET('/api/v1/maintenance-windows', { signal, params: { query: { state: 'RUNNING', site_id: site, sort: '-until', limit: 100 } } })),
    refetchInterval: windowsMs,
  })
  return query.data?.items ?? []
}

function Until({ window: w }: { window: MaintenanceWindow }) {
  const { t } = useTranslation()
  const own = useZone()
  return <Tag tone="busy" icon={ToolOutlined} text={t('window.until_tag', { time: minute(w.until, zoneOf(w, own)) })} title={`${w.reason} · ${zoneName(zoneOf(w, own))}`} />
}

/** Beside a charge point, while a window of it or of its whole site runs: the one that ends last. */
export function PointInWindow({ site, point }: { site: string; point: string }) {
  const w = useRunning(site).find((x) => !x.charge_point_id || x.charge_point_id === point)
  return w ? <Link className="tag-link" to={`/upkeep/windows?${new URLSearchParams({ state: 'RUNNING', site: w.site_name ?? '' })}`}><Until window={w} /></Link> : null
}

/** Beside a site, while it or some of its charge points are in a window. */
export function SiteInWindow({ site, all }: { site: { id: string; name: string }; all?: boolean }) {
  const { t } = useTranslation()
  // Many sites in a list share one question.
  const windows = useRunning(all ? undefined : site.id).filter((x) => x.site_id === site.id)
  if (windows.length === 0) return null
  const whole = windows.find((x) => !x.charge_point_id)
  return (
    <Link className="tag-link" to={`/upkeep/windows?${new URLSearchParams({ state: 'RUNNING', site: site.name })}`}>
      {whole ? <Until window={whole} /> : <Tag tone="busy" icon={ToolOutlined} text={t('window.points', { count: new Set(windows.map((x) => x.charge_point_id)).size })} />}
    </Link>
  )
}
