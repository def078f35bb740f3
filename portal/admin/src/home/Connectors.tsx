import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { api, take } from '@ccms/shared/client'
import { grouped, percent, clock } from '@ccms/shared/format'
import { ConnectorTag } from '../parts/Status'
import { useMay, useZone } from '../login/me'
import { points } from './links'
import { Card, Figure, Loaded, useBlock } from './parts'
import type { HomeState } from './state'

export function Connectors({ state: s, siteName }: { state: HomeState; siteName?: string }) {
  const { t } = useTranslation()
  const may = useMay()
  const zone = useZone()
  const query = useBlock('connectors', { site: s.site, sub: s.sub, current: s.current }, (signal) =>
    take(api.GET('/api/v1/home/connectors', { signal, params: { query: { site_id: s.site, sub_operator_id: s.sub, current: s.current } } })), 30_000)
  const count = (n: number) => grouped(String(n))
  return (
    <Card title={t('home.connectors')} note={query.data && t('list.as_of', { time: clock(query.data.as_of, zone) })}>
      <Loaded query={query}>
        {(c) => {
          const states = new Map<string, number>()
          for (const x of c.slices) states.set(x.state, (states.get(x.state) ?? 0) + x.count)
          const open = (state: string) => (may('live.read')
            ? points({ site: siteName, ...(state === 'OFFLINE' ? { online: 'false' as const } : { connector: state }) })
            : undefined)
          return (
            <>
              <dl className="figures">
                <Figure name={t('home.connectors_count')} value={count(c.total)} to={may('live.read') ? points({ site: siteName }) : undefined}
                  small={t('home.ac_dc', { ac: count(c.ac), dc: count(c.dc) })} />
                <Figure name={t('home.usable')} value={c.usable_permille === undefined ? '–' : percent(c.usable_permille)} unit={c.usable_permille === undefined ? undefined : '%'}
                  small={t('home.usable_what', { usable: count(c.usable), total: count(c.total) })} />
                <Figure name={t('home.offline')} value={count(c.offline)} to={c.offline > 0 ? open('OFFLINE') : undefined} />
                <Figure name={t('home.faulted')} value={count(c.faulted)} tone={c.faulted > 0 ? 'bad' : undefined} to={c.faulted > 0 ? open('Faulted') : undefined} />
                <Figure name={t('home.occupied')} value={count(c.idle_occupied)} to={c.idle_occupied > 0 ? open('Finishing') : undefined} />
              </dl>
              {c.total > 0 && (
                <ul className="slices" aria-label={t('home.connectors')}>
                  {[...states].map(([state, n]) => (
                    <li key={state}>
                      <ConnectorTag value={state} />
                      <span className="slice-bar" aria-hidden="true"><i className={`slice-${state}`} style={{ inlineSize: `${Math.max(1, (n * 100) / c.total)}%` }} /></span>
                      <span className="num">{open(state) ? <Link to={open(state)!}>{count(n)}</Link> : count(n)}</span>
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
