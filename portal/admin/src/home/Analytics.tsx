import { Segmented } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, take } from '@ccms/shared/client'
import { duration, grouped, kwh, percent, scaled, zoneName } from '@ccms/shared/format'
import { useMay } from '../login/me'
import { Chart } from './Chart'
import { ended, running } from './links'
import { Card, Change, Figure, Loaded, useBlock } from './parts'
import type { HomeState } from './state'

type Shown = 'energy' | 'sessions'

export function Analytics({ state: s }: { state: HomeState }) {
  const { t } = useTranslation()
  const may = useMay()
  const [shown, setShown] = useState<Shown>('energy')
  const query = useBlock('analytics', s, (signal) => take(api.GET('/api/v1/home/analytics', { signal, params: { query: {
    period: s.period, date: s.date, site_id: s.site, sub_operator_id: s.sub, current: s.current,
  } } })))
  return (
    <Card title={t('home.analytics')} wide note={query.data && `${query.data.label} · ${zoneName(query.data.time_zone)}`}>
      <Loaded query={query}>
        {(a) => {
          const c = a.compared
          const count = (n: number) => grouped(String(n))
          const rows = may('live.read') ? ended(s) : undefined
          const energy = shown === 'energy'
          const label = energy ? t('home.energy_chart', { label: a.label, total: grouped(scaled(a.total.energy_wh, 3, 3)) }) : t('home.sessions_chart', { label: a.label, total: count(a.total.sessions) })
          return (
            <>
              <dl className="figures">
                <Figure name={t('home.sessions')} value={count(a.total.sessions)} to={a.total.sessions > 0 ? rows : undefined}
                  change={c && <Change now={c.now.sessions} before={c.before.sessions} />} />
                <Figure name={t('home.energy')} value={grouped(scaled(a.total.energy_wh, 3, 3))} unit="kWh" to={a.total.sessions > 0 ? rows : undefined}
                  change={c && <Change now={c.now.energy_wh} before={c.before.energy_wh} />} />
                <Figure name={t('home.avg_energy')} value={kwh(a.total.average_energy_wh)} unit={a.total.average_energy_wh === undefined ? undefined : 'kWh'} />
                <Figure name={t('home.avg_duration')} value={duration(a.total.average_duration_s)} />
                <Figure name={t('home.success')} value={a.total.success_permille === undefined ? '–' : percent(a.total.success_permille)}
                  unit={a.total.success_permille === undefined ? undefined : '%'} small={a.total.failed > 0 ? t('home.failed', { count: a.total.failed }) : undefined} />
                <Figure name={t('home.drivers')} value={count(a.unique_drivers)} />
                <Figure name={t('home.co2')} value={grouped(scaled(a.co2_avoided_g, 3, 1))} unit="kg"
                  small={t('home.co2_what', { fuel: a.co2_factors.fuel_g_per_kwh, grid: a.co2_factors.grid_g_per_kwh })} />
                <Figure name={t('home.running_now')} value={count(a.running)} to={may('live.read') && a.running > 0 ? running() : undefined} small={t('home.running_what')} />
              </dl>
              <Segmented<Shown> size="small" value={shown} onChange={(v) => setShown(v)} aria-label={t('home.shown')}
                options={[{ value: 'energy', label: t('home.energy') }, { value: 'sessions', label: t('home.sessions') }]} />
              <Chart label={label} file={`charging-${a.label}`} tone={energy ? 2 : 0}
                head={[t('home.when'), t('home.sessions'), `${t('home.energy')} kWh`, t('home.avg_duration')]}
                plot={{ kind: 'bar', unit: energy ? 'kWh' : '', labels: a.parts.map((p) => short(p.label)),
                  values: a.parts.map((p) => (energy ? p.energy_wh / 1000 : p.sessions)),
                  exact: a.parts.map((p) => `${kwh(p.energy_wh)} kWh · ${t('home.sessions_n', { count: p.sessions })}`) }}
                rows={a.parts.map((p) => [p.label, String(p.sessions), scaled(p.energy_wh, 3, 3), p.average_duration_s === undefined ? '' : duration(p.average_duration_s)])} />
            </>
          )
        }}
      </Loaded>
    </Card>
  )
}

/** Of a day in its month the day is enough, of a month in its year the month. */
export const short = (label: string) => (label.length === 10 ? label.slice(8) : label.length === 7 ? label.slice(5) : label)
