import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { api, take } from '@ccms/shared/client'
import { clock, clockMinutes, dateTime, kw, percent, scaled, zoneName } from '@ccms/shared/format'
import { useMay } from '../login/me'
import { Chart } from './Chart'
import { running } from './links'
import { Card, Figure, Loaded, useBlock } from './parts'
import type { HomeState } from './state'

export function Power({ state: s }: { state: HomeState }) {
  const { t } = useTranslation()
  const may = useMay()
  const query = useBlock('power', { site: s.site, sub: s.sub, current: s.current }, (signal) =>
    take(api.GET('/api/v1/home/power', { signal, params: { query: { site_id: s.site, sub_operator_id: s.sub, current: s.current } } })), 30_000)
  return (
    <Card title={t('home.power')} wide note={query.data && t('list.as_of', { time: clock(query.data.as_of, query.data.time_zone) })}>
      <Loaded query={query}>
        {(p) => {
          const zone = p.time_zone
          const values = p.curve.map((x) => (x.power_w === undefined ? null : x.power_w / 1000))
          const exact = p.curve.map((x) => (x.power_w === undefined ? t('home.not_measured') : `${kw(x.power_w, 3)} kW`))
          const peak = p.peak ? p.curve.findIndex((x) => x.at === p.peak!.at) : -1
          const label = p.peak ? t('home.curve_label', { peak: kw(p.peak.power_w, 1), at: clockMinutes(p.peak.at, zone) }) : t('home.curve')
          return (
            <>
              <dl className="figures">
                <Figure name={t('home.power_now')} value={kw(p.power_w)} unit="kW" to={may('live.read') ? running() : undefined}
                  small={t('home.running', { count: p.running })} />
                <Figure name={t('home.peak')} value={p.peak ? kw(p.peak.power_w) : '–'} unit={p.peak ? 'kW' : undefined}
                  small={p.peak ? t('home.peak_at', { at: clockMinutes(p.peak.at, zone), zone: zoneName(zone) }) : t('home.peak_none')} />
                {p.contract && <Figure name={t('home.contracted')} value={p.contract.drawn_permille === undefined ? kw(p.contract.power_w) : percent(p.contract.drawn_permille)}
                  unit={p.contract.drawn_permille === undefined ? 'kW' : '%'} tone={(p.contract.drawn_permille ?? 0) > 950 ? 'bad' : undefined}
                  small={p.contract.drawn_permille === undefined
                    ? t('home.contracted_known', { known: p.contract.known, sites: p.contract.sites })
                    : t('home.contracted_of', { kw: kw(p.contract.power_w) })} />}
                {p.stale > 0 && <Figure name={t('home.stale')} value={p.stale} tone="wait" small={t('home.stale_what')} />}
              </dl>
              <Chart label={label} file="power-24h" head={[`${t('col.time')} (${zoneName(zone)})`, `${t('col.power')} kW`]}
                plot={{ kind: 'line', clock: true, unit: 'kW', labels: p.curve.map((x) => clockMinutes(x.at, zone)), values, exact, peak: peak >= 0 ? peak : undefined }}
                nothing={t('home.nothing_measured', { minutes: p.slot_s / 60 })} rows={p.curve.map((x) => [dateTime(x.at, zone), x.power_w === undefined ? '' : scaled(x.power_w, 3, 3)])} />
              {p.sites.length > 0 && !s.site && (
                <ul className="draws" aria-label={t('home.by_site')}>
                  {p.sites.map((x) => (
                    <li key={x.site_id} className={x.stale === x.running ? 'quiet' : undefined}>
                      <Link to={running(x.name)}><bdi>{x.name}</bdi></Link>
                      <span className="quiet small">{t('home.running', { count: x.running })}{x.stale > 0 && ` · ${t('home.stale_n', { count: x.stale })}`}</span>
                      <b className="num">{kw(x.power_w)} kW</b>
                      <span className="num quiet small">{x.drawn_permille !== undefined && <>{percent(x.drawn_permille)} %</>}</span>
                    </li>
                  ))}
                </ul>
              )}
            </>
          )
        }}
      </Loaded>
    </Card>
  )
}
