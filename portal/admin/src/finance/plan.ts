// A billing plan as the form holds it, and as the API wants it.

import type { Plan, PlanBody } from '@ccms/shared/api'
import { plainPercent } from '@ccms/shared/format'

export interface Values {
  name: string
  electricity: PlanBody['electricity'][number][]
  service_per_kwh?: string
  start_fee?: string
  vat: string
  prices_include_tax: boolean
  idle_on: boolean
  idle?: { per_minute?: string; grace_min?: string; cap?: string }
  hold?: string
  min_balance?: string
}

/** 200 ↔ "20", 55 ↔ "5.5": VAT as people write it. */
export const toPermille = (v: string) => {
  const [whole = '0', tenth = ''] = v.split('.')
  return Number(whole) * 10 + Number((tenth || '0')[0])
}

export function valuesOf(p: Plan | undefined): Partial<Values> {
  if (!p) return { electricity: [{ from: '00:00', to: '24:00', price: '' }], vat: '20', prices_include_tax: false, idle_on: false, idle: { grace_min: '15', cap: '20.00' }, hold: '50.00' }
  return {
    name: p.name, electricity: p.electricity, service_per_kwh: p.service_per_kwh, start_fee: p.start_fee, vat: plainPercent(p.vat_permille),
    prices_include_tax: p.prices_include_tax ?? false, idle_on: p.idle !== undefined,
    idle: { per_minute: p.idle?.per_minute, grace_min: p.idle ? String(p.idle.grace_s / 60) : '15', cap: p.idle?.cap?.amount ?? '20.00' },
    hold: p.hold?.amount, min_balance: p.min_balance?.amount,
  }
}

/** What the form does not show stays as it was. */
export function bodyOf(v: Values, currency: string, before?: Plan): PlanBody {
  const amount = (x?: string) => (x?.trim() ? { amount: x.trim(), currency } : undefined)
  const text = (x?: string) => x?.trim() || undefined
  const kept = before && {
    service_per_minute: before.service_per_minute, service_after_s: before.service_after_s, service_flat: before.service_flat, start_from_wh: before.start_from_wh,
    reservation: before.reservation, holidays: before.holidays, min: before.min, max: before.max, energy_step_wh: before.energy_step_wh, time_step_s: before.time_step_s,
  }
  return {
    ...kept, name: v.name.trim(), currency, prices_include_tax: v.prices_include_tax, vat_permille: toPermille(v.vat),
    electricity: v.electricity.map((b) => ({ ...b, price: b.price.trim() })),
    service_per_kwh: text(v.service_per_kwh), start_fee: text(v.start_fee),
    idle: v.idle_on ? { ...before?.idle, per_minute: text(v.idle?.per_minute) ?? '0', grace_s: Math.round(Number(v.idle?.grace_min ?? 0) * 60), cap: amount(v.idle?.cap) } : undefined,
    hold: amount(v.hold), min_balance: amount(v.min_balance),
  }
}
