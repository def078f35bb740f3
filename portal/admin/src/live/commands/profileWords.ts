import type { TFunction } from 'i18next'
import type { Profile, ProfileFilter } from '@ccms/shared/api'
import { amps, kw } from '@ccms/shared/format'

/** A limit with its unit: 16.0 A, 7.4 kW. */
export const limitText = (limit: number, unit: 'A' | 'W') => (unit === 'A' ? `${amps(limit)} A` : `${kw(Math.round(limit / 1000), 2)} kW`)

/** A profile in a few words. */
export function profileWords(t: TFunction, p: Profile): string {
  const { unit, periods } = p.schedule
  return [
    t(`profile.purpose.${p.purpose}`), t('profile.no', { id: p.id }),
    periods.length === 1 ? limitText(periods[0]!.limit_milli, unit) : t('profile.limits', { count: periods.length }),
  ].join(' · ')
}

export function filterWords(t: TFunction, f: ProfileFilter): string {
  const out = [
    f.id ? t('profile.no', { id: f.id }) : '', f.purpose ? t(`profile.purpose.${f.purpose}`) : '',
    f.connector === undefined ? '' : f.connector === 0 ? t('trigger.whole') : t('record.connector_no', { number: f.connector }),
    f.stack_level === undefined ? '' : t('profile.stack_no', { level: f.stack_level }),
  ].filter(Boolean)
  return out.length > 0 ? out.join(' · ') : t('profile.all')
}
