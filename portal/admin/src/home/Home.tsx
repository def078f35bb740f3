import { AppstoreOutlined, FullscreenExitOutlined, FullscreenOutlined, LeftOutlined, RightOutlined } from '@ant-design/icons'
import { useQuery } from '@tanstack/react-query'
import { Button, Input, Segmented, Select } from 'antd'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useSearchParams } from 'react-router'
import { api, take } from '@ccms/shared/client'
import { dateTime } from '@ccms/shared/format'
import { LiveNote } from '../live/LiveNote'
import { useMay, useSignedIn, useZone } from '../login/me'
import { Blank, Failed } from '../parts/PageStates'
import { PageSkeleton } from '../parts/Skeletons'
import { useNow } from '../parts/Times'
import { Analytics } from './Analytics'
import { Arrange } from './Arrange'
import { Connectors } from './Connectors'
import { Finance } from './Finance'
import { Network } from './Network'
import { Power } from './Power'
import { type Block, type HomeState, inPeriod, type Period, readHome, step, writeHome } from './state'

export default function Home() {
  const { t } = useTranslation()
  const own = useZone()
  const [search, setSearch] = useSearchParams()
  const state = useMemo(() => readHome(search), [search])
  const [arranging, setArranging] = useState(false)
  const big = search.has('big')
  const go = (s: HomeState, onWall = big) => {
    const next = writeHome(s)
    if (onWall) next.set('big', '1')
    setSearch(next)
  }
  const toggleBig = () => {
    // A browser that refuses shows the page without the menu all the same.
    if (!big) document.documentElement.requestFullscreen?.().catch(() => undefined)
    else if (document.fullscreenElement) document.exitFullscreen().catch(() => undefined)
    go(state, !big)
  }
  const site = useQuery({
    queryKey: ['site', state.site],
    queryFn: ({ signal }) => take(api.GET('/api/v1/sites/{id}', { signal, params: { path: { id: state.site! } } })),
    enabled: state.site !== undefined,
    staleTime: 60_000,
  })
  const layout = useQuery({ queryKey: ['home', 'layout'], queryFn: ({ signal }) => take(api.GET('/api/v1/home/layout', { signal })), staleTime: 60_000 })
  const zone = site.data?.time_zone ?? own
  if (layout.isPending) return <PageSkeleton />
  if (layout.isError) return <Failed error={layout.error} title={t('home.error')} retry={() => void layout.refetch()} />

  const block = (b: string) => {
    switch (b as Block) {
      case 'network': return <Network key={b} state={state} siteName={site.data?.name} />
      case 'connectors': return <Connectors key={b} state={state} siteName={site.data?.name} />
      case 'power': return <Power key={b} state={state} />
      case 'analytics': return <Analytics key={b} state={state} />
      case 'finance': return <Finance key={b} state={state} />
    }
  }
  const arrange = <Button icon={<AppstoreOutlined aria-hidden />} onClick={() => setArranging(true)}>{t('home.arrange')}</Button>
  return (
    <div className="home">
      <div className="home-bar">
        <PeriodPicker state={state} go={go} zone={zone} />
        <ScopePicker state={state} go={go} siteName={site.data?.name} />
        <span className="home-bar-end"><LiveNote />
          {big
            ? <Button icon={<FullscreenExitOutlined aria-hidden />} onClick={toggleBig}>{t('home.big_leave')}</Button>
            : <Button icon={<FullscreenOutlined aria-hidden />} onClick={toggleBig} title={t('home.big')} aria-label={t('home.big')} />}
          {!big && arrange}</span>
      </div>
      {layout.data.blocks.length === 0
        ? <Blank title={t('home.empty')} next={t('home.empty_next')} action={arrange} />
        : <div className="home-grid">{layout.data.blocks.map(block)}</div>}
      {arranging && <Arrange layout={layout.data} onClose={() => setArranging(false)} />}
    </div>
  )
}

function PeriodPicker({ state, go, zone }: { state: HomeState; go: (s: HomeState) => void; zone: string }) {
  const { t } = useTranslation()
  const today = dateTime(new Date(useNow()), zone).slice(0, 10)
  const now = inPeriod(state.period, today)
  const date = state.date ?? now
  const at = (d: string) => go({ ...state, date: d === now ? undefined : d })
  const periods: Period[] = ['day', 'month', 'year']
  return (
    <div className="home-period">
      <Segmented value={state.period} aria-label={t('home.period')} options={periods.map((p) => ({ value: p, label: t(`home.period_${p}`) }))}
        onChange={(p) => go({ ...state, period: p, date: state.date ? inPeriod(p, state.date) : undefined })} />
      <span className="home-date">
        <Button icon={<LeftOutlined aria-hidden />} aria-label={t('home.before')} title={t('home.before')} onClick={() => at(step(state.period, date, -1))} />
        {state.period === 'year'
          ? <Select value={date} aria-label={t('home.date')} options={years(now, date)} onChange={at} />
          : <Input className="home-day" type={state.period === 'day' ? 'date' : 'month'} value={date} max={now} aria-label={t('home.date')}
              onChange={(e) => { const d = readHome(new URLSearchParams({ period: state.period, date: e.target.value })).date; if (d) at(d) }} />}
        <Button icon={<RightOutlined aria-hidden />} aria-label={t('home.after')} title={t('home.after')} disabled={date >= now} onClick={() => at(step(state.period, date, 1))} />
      </span>
      {state.date && <Button type="link" onClick={() => go({ ...state, date: undefined })}>{t('home.today')}</Button>}
    </div>
  )
}

function years(now: string, date: string) {
  const last = Math.max(Number(now), Number(date))
  return Array.from({ length: 10 }, (_, i) => String(last - i)).map((y) => ({ value: y, label: y }))
}

function ScopePicker({ state, go, siteName }: { state: HomeState; go: (s: HomeState) => void; siteName?: string }) {
  const { t } = useTranslation()
  const me = useSignedIn()
  const may = useMay()
  const [typed, setTyped] = useState('')
  const sites = useQuery({
    queryKey: ['sites', 'pick', typed, state.sub],
    queryFn: ({ signal }) => take(api.GET('/api/v1/sites', { signal, params: { query: { name: typed || undefined, limit: 50 } } })),
    enabled: may('assets.read'),
    staleTime: 30_000,
  })
  const subs = useQuery({
    queryKey: ['sub-operators', 'pick'],
    queryFn: ({ signal }) => take(api.GET('/api/v1/sub-operators', { signal, params: { query: { limit: 100 } } })),
    enabled: may('operators.read') && !me.sub_operator,
    staleTime: 60_000,
  })
  const options = (sites.data?.items ?? []).filter((s) => !state.sub || s.sub_operator_id === state.sub).map((s) => ({ value: s.id, label: s.name }))
  if (state.site && siteName && !options.some((o) => o.value === state.site)) options.unshift({ value: state.site, label: siteName })
  return (
    <div className="home-scope">
      {may('assets.read') && (
        <Select className="home-site" allowClear value={state.site} placeholder={t('home.all_sites')} aria-label={t('home.site')} options={options}
          showSearch={{ filterOption: false, onSearch: setTyped }} loading={sites.isFetching} popupMatchSelectWidth={280}
          onChange={(v: string | undefined) => { setTyped(''); go({ ...state, site: v }) }} />
      )}
      {(subs.data?.items.length ?? 0) > 0 && (
        <Select className="home-sub" allowClear value={state.sub} placeholder={t('home.all_subs')} aria-label={t('home.sub_operator')}
          options={(subs.data?.items ?? []).map((s) => ({ value: s.id, label: s.name }))} onChange={(v: string | undefined) => go({ ...state, sub: v, site: undefined })} />
      )}
      <Select className="home-current" allowClear value={state.current} placeholder={t('home.ac_and_dc')} aria-label={t('home.current')}
        options={[{ value: 'AC', label: 'AC' }, { value: 'DC', label: 'DC' }]} onChange={(v: 'AC' | 'DC' | undefined) => go({ ...state, current: v })} />
    </div>
  )
}
