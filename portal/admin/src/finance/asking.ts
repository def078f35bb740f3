// The price test as the form holds it, and as the API wants it.

import type { PriceTestBody } from '@ccms/shared/api'
import { instant, watts } from '@ccms/shared/format'

type Who = 'registered' | 'driver' | 'level' | 'group' | 'ad_hoc'

export interface Values {
  of: 'point' | 'site'
  point?: string
  site?: string
  connector?: number
  who: Who
  driver?: string
  level?: string
  group?: string
  code?: string
  day: string
  clock: string
  kwh: string
  charging: string
  idle: string
  reserved: string
}

const seconds = (minutes: string | undefined) => Number(minutes ?? '0') * 60

/** Undefined where day, time or energy are none. */
export function bodyOf(v: Values, zone: string): PriceTestBody | undefined {
  const at = instant(v.day, v.clock, zone)
  const wh = watts(v.kwh)
  if (at === undefined || wh === undefined) return undefined
  return {
    ...(v.of === 'point' ? { charge_point_id: v.point, connector: v.connector } : { site_id: v.site }),
    ...(v.who === 'driver' ? { driver_id: v.driver } : v.who === 'ad_hoc' ? { ad_hoc: true } : v.who === 'level' ? { membership_level: v.level?.trim() } : v.who === 'group' ? { group_id: v.group } : {}),
    promotion_code: v.code?.trim() || undefined,
    at, energy_wh: wh, charging_s: seconds(v.charging), idle_s: seconds(v.idle), reserved_s: seconds(v.reserved),
  }
}
