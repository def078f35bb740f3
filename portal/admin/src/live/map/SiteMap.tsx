// Where the sites are and how they are: the map, and beside it the same as a list, which
// is also what a keyboard and a screen reader use.

import { AimOutlined, CloseOutlined } from '@ant-design/icons'
import { useQuery } from '@tanstack/react-query'
import { Button, Input, Select } from 'antd'
import { useCallback, useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useSearchParams } from 'react-router'
import type { SiteStatus } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'
import { clock } from '@ccms/shared/format'
import { points } from '../../home/links'
import { SiteInWindow } from '../../upkeep/window'
import { useMay, useSignedIn, useZone } from '../../login/me'
import { Blank, Failed } from '../../parts/PageStates'
import { PageSkeleton } from '../../parts/Skeletons'
import { SiteTag } from '../../parts/Status'
import { LiveNote } from '../LiveNote'
import { usePolling } from '../stream'
import { Canvas } from './Canvas'
import { byTrouble, isPlaced } from './pins'

const states = ['FREE', 'IN_USE', 'OUT_OF_ORDER', 'UNKNOWN'] as const
/** More names than anybody reads; who looks for one types it. */
const listed = 200

export default function SiteMap() {
  const { t } = useTranslation()
  const me = useSignedIn()
  const zone = useZone()
  const polling = usePolling()
  const [search, setSearch] = useSearchParams()
  const [chosen, setChosen] = useState<string>()
  const [shown, setShown] = useState(0)
  const typed = search.get('name') ?? ''
  const state = states.find((s) => s === search.get('state'))
  const query = useQuery({
    queryKey: ['site-status'],
    queryFn: ({ signal }) => take(api.GET('/api/v1/site-status', { signal })),
    refetchInterval: polling,
  })
  const all = query.data?.items
  const found = useMemo(() => {
    const q = typed.trim().toLowerCase()
    return (all ?? []).filter((s) => (!state || s.state === state) && `${s.name} ${s.address}`.toLowerCase().includes(q))
  }, [all, typed, state])
  const placed = useMemo(() => found.filter(isPlaced), [found])
  const rows = useMemo(() => byTrouble(found), [found])
  const choose = useCallback((id: string) => setChosen(id), [])
  const narrow = (key: string, value: string | undefined) => setSearch((old) => {
    const next = new URLSearchParams(old)
    if (value) next.set(key, value)
    else next.delete(key)
    return next
  }, { replace: true })

  if (query.isPending) return <PageSkeleton />
  if (query.isError && !query.data) return <Failed error={query.error} title={t('list.error')} retry={() => void query.refetch()} />
  if (query.data!.items.length === 0) return <Blank title={t('sites.empty')} next={t('sites.empty_next')} />
  const site = found.find((s) => s.id === chosen)
  return (
    <div className="site-map">
      <div className="map-side">
        <div className="map-bar">
          <Input allowClear value={typed} onChange={(e) => narrow('name', e.target.value)} placeholder={t('map.find')} aria-label={t('map.find')} />
          <Select className="map-state" allowClear value={state} onChange={(v) => narrow('state', v)} placeholder={t('map.any_state')} aria-label={t('map.state')}
            options={states.map((s) => ({ value: s, label: t(`site_state.${s}`) }))} />
          <span className="map-note"><LiveNote /> <span className="quiet small">{t('list.as_of', { time: clock(query.data!.as_of, zone) })}</span></span>
        </div>
        {query.isError && <div className="list-stale" role="alert">{t('list.error')} <Button size="small" onClick={() => void query.refetch()}>{t('list.retry')}</Button></div>}
        {query.data!.more && <div className="map-more quiet small">{t('map.more')}</div>}
        {rows.length === 0 ? <Blank title={t('list.no_match')} /> : (
          <ul className="map-list" aria-label={t('nav.sites')}>
            {rows.slice(0, listed).map((s) => (
              <li key={s.id}>
                <button type="button" className={s.id === chosen ? 'map-row map-row-chosen' : 'map-row'} aria-pressed={s.id === chosen} onClick={() => setChosen(s.id)}>
                  <span className="map-row-name" dir="auto">{s.name}</span>
                  <SiteTag value={s.state} />
                  <Counts site={s} />
                  {!s.position && <span className="quiet small">{t('map.no_position')}</span>}
                </button>
              </li>
            ))}
            {rows.length > listed && <li className="map-more quiet small">{t('map.unlisted', { count: rows.length - listed })}</li>}
          </ul>
        )}
      </div>
      <div className="map-stage">
        <Canvas sites={placed} chosen={chosen} onChoose={choose} tiles={me.map} shown={shown} />
        <Button className="map-all" icon={<AimOutlined aria-hidden />} onClick={() => setShown((n) => n + 1)}>{t('map.show_all')}</Button>
        {site && <Chosen site={site} onClose={() => setChosen(undefined)} />}
        {placed.length === 0 && <div className="map-empty">{t('map.none_placed')}</div>}
      </div>
    </div>
  )
}

function Counts({ site: s }: { site: SiteStatus }) {
  const { t } = useTranslation()
  const parts: [number, string][] = [[s.free, t('map.free', { count: s.free })], [s.in_use, t('map.in_use', { count: s.in_use })],
    [s.out_of_order, t('map.out_of_order', { count: s.out_of_order })], [s.unknown, t('map.unknown', { count: s.unknown })]]
  const there = parts.filter(([n]) => n > 0).map(([, text]) => text)
  return <span className="map-counts small quiet">{there.length > 0 ? there.join(' · ') : t('map.no_connectors')}</span>
}

function Chosen({ site: s, onClose }: { site: SiteStatus; onClose: () => void }) {
  const { t } = useTranslation()
  const may = useMay()
  return (
    <section className="map-chosen" aria-label={s.name}>
      <header>
        <h2 dir="auto">{s.name}</h2>
        <Button type="text" size="small" icon={<CloseOutlined aria-hidden />} aria-label={t('map.close')} onClick={onClose} />
      </header>
      {s.address && <p className="quiet small" dir="auto">{s.address}</p>}
      <p><SiteTag value={s.state} /> <Counts site={s} /></p>
      <SiteInWindow site={s} />
      <p className="row-buttons">
        <Link to={points({ site: s.name })}>{t('map.to_points')}</Link>
        <Link to={`/live/charging?${new URLSearchParams({ site: s.name })}`}>{t('map.to_charging')}</Link>
        {!s.position && may('assets.write') && <Link to={`/assets/stations?${new URLSearchParams({ name: s.name })}`}>{t('map.to_site')}</Link>}
      </p>
    </section>
  )
}
