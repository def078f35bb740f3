// A billing plan as the form holds it, and as the API wants it.

import type { Plan, PlanBody } from '@ccms/shared/api'
import { plainPercent, plainRate, scaled, watts } from '@ccms/shared/format'

export type Band = PlanBody['electricity'][number]
export type Day = NonNullable<Band['days']>[number]
export const weekdays: Day[] = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']

/** When a band holds, beside its hours: one of these, as the form has it. */
export const whens = ['always', 'holidays', 'workdays', 'season', 'dates', 'energy', 'power'] as const
export type When = (typeof whens)[number]

/** A band with the ends of its tier as people write them. What the form does not show stays in it. */
export type BandValues = Band & { when: When; tier_from?: string; tier_to?: string }

export interface Values {
  name: string
  electricity: BandValues[]
  service_per_kwh?: string
  service_per_minute?: string
  service_after_min?: string
  service_flat?: string
  start_fee?: string
  start_from_kwh?: string
  vat: string
  prices_include_tax: boolean
  reservation_on: boolean
  reservation?: { per_minute?: string; flat?: string; free_min?: string; longest_min?: string; refund_kwh?: string }
  idle_on: boolean
  idle?: { per_minute?: string; grace_min?: string; cap?: string; exempt_from?: string; exempt_to?: string }
  least?: string
  most?: string
  hold?: string
  min_balance?: string
  holidays?: string[]
  energy_step_wh?: string
  time_step_s?: string
}

/** 200 ↔ "20", 55 ↔ "5.5": VAT as people write it. */
export const toPermille = (v: string) => {
  const [whole = '0', tenth = ''] = v.split('.')
  return Number(whole) * 10 + Number((tenth || '0')[0])
}

const thousandth = (n: number | undefined) => (n ? scaled(n, 3, 3).replace(/\.?0+$/, '') : undefined)
const minutes = (s: number | undefined) => (s ? String(s / 60) : undefined)

/** Do the days follow each other within a week? */
export const consecutive = (days: readonly Day[]) => {
  const at = weekdays.flatMap((d, i) => (days.includes(d) ? [i] : []))
  return at.every((n, i) => n === at[0]! + i)
}

export function whenOf(b: Band): When {
  if (b.holidays) return b.holidays === 'ONLY' ? 'holidays' : 'workdays'
  if (b.season_from && b.season_to) return 'season'
  if (b.since ?? b.before) return 'dates'
  if (b.energy_from_wh ?? b.energy_to_wh) return 'energy'
  return b.power_from_w ?? b.power_to_w ? 'power' : 'always'
}

function bandValues(b: Band, currency: string): BandValues {
  const when = whenOf(b)
  const [from, to] = when === 'energy' ? [b.energy_from_wh, b.energy_to_wh] : [b.power_from_w, b.power_to_w]
  return { ...b, price: plainRate(b.price, currency) ?? '', when, tier_from: thousandth(from), tier_to: thousandth(to) }
}

/** The fields that belong to a choice of when; of the others the form's choice takes none along. */
const fieldsOf: Record<When, (keyof Band)[]> = {
  always: [], holidays: ['holidays'], workdays: ['holidays'], season: ['season_from', 'season_to'], dates: ['since', 'before'],
  energy: ['energy_from_wh', 'energy_to_wh'], power: ['power_from_w', 'power_to_w'],
}

function bandBody({ when, tier_from, tier_to, ...b }: BandValues, was: When | undefined): Band {
  const out: Band = { ...b, name: b.name?.trim() || undefined, price: b.price.trim(), days: b.days?.length ? b.days : undefined }
  // A band from the API may have several conditions: those that the form does not show stay.
  if (was !== undefined && was !== when) for (const f of fieldsOf[was]) if (!fieldsOf[when].includes(f)) out[f] = undefined as never
  if (when === 'holidays' || when === 'workdays') out.holidays = when === 'holidays' ? 'ONLY' : 'NOT'
  if (when === 'energy') [out.energy_from_wh, out.energy_to_wh] = [watts(tier_from), watts(tier_to)]
  if (when === 'power') [out.power_from_w, out.power_to_w] = [watts(tier_from), watts(tier_to)]
  for (const f of ['season_from', 'season_to', 'since', 'before'] as const) out[f] ||= undefined
  return out
}

export function valuesOf(p: Plan | undefined): Partial<Values> {
  if (!p) return { electricity: [{ from: '00:00', to: '24:00', price: '', when: 'always' }], vat: '20', prices_include_tax: false, reservation_on: false, idle_on: false, idle: { grace_min: '15' } }
  const price = (x: string | undefined) => plainRate(x, p.currency)
  const limit = (l: Plan['min']) => (p.prices_include_tax ? l?.gross ?? l?.net : l?.net ?? l?.gross)?.amount
  return {
    name: p.name, electricity: p.electricity.map((b) => bandValues(b, p.currency)), service_per_kwh: price(p.service_per_kwh), service_per_minute: price(p.service_per_minute),
    service_after_min: minutes(p.service_after_s), service_flat: price(p.service_flat), start_fee: price(p.start_fee), start_from_kwh: thousandth(p.start_from_wh),
    vat: plainPercent(p.vat_permille), prices_include_tax: p.prices_include_tax ?? false,
    reservation_on: p.reservation !== undefined,
    reservation: p.reservation && {
      per_minute: price(p.reservation.per_minute), flat: price(p.reservation.flat), free_min: minutes(p.reservation.free_s), longest_min: minutes(p.reservation.longest_s),
      refund_kwh: thousandth(p.reservation.refund_from_wh),
    },
    idle_on: p.idle !== undefined,
    idle: { per_minute: price(p.idle?.per_minute), grace_min: p.idle ? String(p.idle.grace_s / 60) : '15', cap: p.idle?.cap?.amount, exempt_from: exempt(p)?.[0], exempt_to: exempt(p)?.[1] },
    least: limit(p.min), most: limit(p.max), hold: p.hold?.amount, min_balance: p.min_balance?.amount, holidays: p.holidays ?? [],
    energy_step_wh: p.energy_step_wh ? String(p.energy_step_wh) : undefined, time_step_s: p.time_step_s ? String(p.time_step_s) : undefined,
  }
}

/** Midnight is absent in the API, beside another time. */
const exempt = (p: Plan): [string, string] | undefined => {
  const { exempt_from: from, exempt_to: to } = p.idle ?? {}
  return from ?? to ? [from ?? '00:00', to ?? '00:00'] : undefined
}

/** What the form does not show stays as it was. */
export function bodyOf(v: Values, currency: string, before?: Plan): PlanBody {
  const amount = (x?: string) => (x?.trim() ? { amount: x.trim(), currency } : undefined)
  const text = (x?: string) => x?.trim() || undefined
  const seconds = (x?: string) => (x?.trim() ? Math.round(Number(x) * 60) : undefined)
  // A limit that names the other side of the tax, too, keeps it while it is not changed.
  const limit = (x: string | undefined, was: Plan['min'], shown: string | undefined) => {
    if (x === shown && was) return was
    const a = amount(x)
    return a && (v.prices_include_tax ? { gross: a } : { net: a })
  }
  const shown = before && valuesOf(before)
  return {
    name: v.name.trim(), currency, prices_include_tax: v.prices_include_tax, vat_permille: toPermille(v.vat),
    electricity: v.electricity.map((b) => bandBody(b, whenOf(b))),
    service_per_kwh: text(v.service_per_kwh), service_per_minute: text(v.service_per_minute), service_after_s: seconds(v.service_after_min),
    service_flat: text(v.service_flat), start_fee: text(v.start_fee), start_from_wh: watts(v.start_from_kwh),
    reservation: v.reservation_on
      ? {
        per_minute: text(v.reservation?.per_minute), flat: text(v.reservation?.flat), free_s: seconds(v.reservation?.free_min),
        longest_s: seconds(v.reservation?.longest_min), refund_from_wh: watts(v.reservation?.refund_kwh),
      }
      : undefined,
    idle: v.idle_on
      ? {
        per_minute: text(v.idle?.per_minute) ?? '0', grace_s: seconds(v.idle?.grace_min) ?? 0, cap: amount(v.idle?.cap),
        exempt_from: text(v.idle?.exempt_from), exempt_to: text(v.idle?.exempt_to),
      }
      : undefined,
    min: limit(v.least, before?.min, shown?.least), max: limit(v.most, before?.max, shown?.most),
    hold: amount(v.hold), min_balance: amount(v.min_balance), holidays: v.holidays?.length ? [...v.holidays].sort() : undefined,
    energy_step_wh: Number(text(v.energy_step_wh) ?? 0) || undefined, time_step_s: Number(text(v.time_step_s) ?? 0) || undefined,
  }
}

/** The band of each half hour of a week by its index, for the picture; −1: none. Special bands are left out. */
export function week(bands: BandValues[]): number[][] {
  const at = (clock: string | undefined) => {
    const m = /^(\d\d):(\d\d)$/.exec(clock ?? '')
    return m ? Number(m[1]) * 60 + Number(m[2]) : undefined
  }
  return weekdays.map((day) => Array.from({ length: 48 }, (_, half) => bands.findIndex((b) => {
    const [from, to] = [at(b?.from), at(b?.to)]
    if (from === undefined || to === undefined || (b.when ?? 'always') !== 'always' || (b.days?.length && !b.days.includes(day))) return false
    const m = half * 30
    return from === to || (from < to ? from <= m && m < to : m >= from || m < to)
  })))
}
