import { useTranslation } from 'react-i18next'
import { api, take } from '@ccms/shared/client'
import { dateTime, grouped } from '@ccms/shared/format'
import { operatorOf, useMay, useSignedIn } from '../login/me'
import { Card, Figure, Loaded, useBlock } from './parts'
import type { HomeState } from './state'

const tones = { good: 'free', soon: 'wait', urgent: 'bad', expired: 'bad' } as const

export function Network({ state: s, siteName }: { state: HomeState; siteName?: string }) {
  const { t } = useTranslation()
  const may = useMay()
  const zone = operatorOf(useSignedIn())?.time_zone ?? 'UTC'
  const query = useBlock('network', { site: s.site, sub: s.sub, current: s.current }, (signal) =>
    take(api.GET('/api/v1/home/network', { signal, params: { query: { site_id: s.site, sub_operator_id: s.sub, current: s.current } } })))
  const count = (n: number) => grouped(String(n))
  const list = (path: string, need: 'assets.read' | 'drivers.read') => (may(need) ? path : undefined)
  return (
    <Card title={t('home.network')}>
      <Loaded query={query}>
        {(n) => (
          <dl className="figures">
            <Figure name={t('home.licence')} value={n.licence.unlimited ? t('home.unlimited')
              : n.licence.effective_days ? t('home.days', { count: n.licence.effective_days }) : t('home.expired')}
              tone={n.licence.tone && tones[n.licence.tone]}
              small={n.licence.valid_to ? t('home.valid_to', { at: dateTime(n.licence.valid_to, zone) }) : t('home.unlimited_what')} />
            {n.sub_operators !== undefined && <Figure name={t('home.sub_operators')} value={count(n.sub_operators)} />}
            <Figure name={t('home.sites')} value={count(n.sites)} to={list('/assets/stations', 'assets.read')} />
            <Figure name={t('home.points')} value={count(n.charge_points)} to={list(siteName ? `/assets/points?site=${encodeURIComponent(siteName)}` : '/assets/points', 'assets.read')} />
            <Figure name={t('home.connectors_count')} value={count(n.connectors)} />
            <Figure name={t('home.users')} value={n.users_capped ? `${count(n.users)}+` : count(n.users)} to={list('/users/profiles', 'drivers.read')} />
            <Figure name={t('home.versions')}
              value={n.ocpp_versions.length > 0 ? n.ocpp_versions.map((v) => `${v.version}: ${count(v.charge_points)}`).join(' · ') : '–'}
              small={n.never_connected > 0 ? t('home.never_connected', { count: n.never_connected }) : undefined} />
          </dl>
        )}
      </Loaded>
    </Card>
  )
}
