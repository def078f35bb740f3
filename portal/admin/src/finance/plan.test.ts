import type { Plan, PlanBody } from '@ccms/shared/api'
import { expect, test } from 'vitest'
import { bodyOf, consecutive, toPermille, type Values, valuesOf, week } from './plan'

test('VAT as people write it', () => {
  expect(['20', '5.5', '0', '100'].map(toPermille)).toEqual([200, 55, 0, 1000])
})

const values: Values = {
  name: ' Night ', electricity: [{ from: '00:00', to: '24:00', price: ' 0.30 ', when: 'always' }], service_per_kwh: ' ', vat: '20', prices_include_tax: false, reservation_on: false,
  idle_on: true, idle: { per_minute: '0.20', grace_min: '15', cap: '10.00' }, hold: '50.00', min_balance: '',
}

test('days that follow each other are told as one stretch', () => {
  expect([consecutive(['mon', 'tue', 'wed', 'thu', 'fri']), consecutive(['wed', 'mon', 'tue']), consecutive(['sat', 'mon']), consecutive(['fri'])]).toEqual([true, true, false, true])
})

test('what is left empty is absent, and money carries the currency', () => {
  expect(JSON.parse(JSON.stringify(bodyOf(values, 'EUR')))).toEqual({
    name: 'Night', currency: 'EUR', prices_include_tax: false, vat_permille: 200, electricity: [{ from: '00:00', to: '24:00', price: '0.30' }],
    idle: { per_minute: '0.20', grace_s: 900, cap: { amount: '10.00', currency: 'EUR' } }, hold: { amount: '50.00', currency: 'EUR' },
  })
})

test('an idle fee that is switched off is absent', () => {
  expect(bodyOf({ ...values, idle_on: false }, 'EUR').idle).toBeUndefined()
})

const stored: PlanBody = {
  name: 'All of it', currency: 'JPY', prices_include_tax: true, vat_permille: 100,
  electricity: [
    { from: '00:00', to: '24:00', price: '20', holidays: 'ONLY' }, { from: '00:00', to: '24:00', price: '35', season_from: '11-01', season_to: '03-01', days: ['mon'] },
    { from: '00:00', to: '24:00', price: '25', energy_from_wh: 20500 }, { from: '00:00', to: '24:00', price: '30', name: 'flat' },
  ],
  service_per_kwh: '1', service_per_minute: '2', service_after_s: 1800, service_flat: '3', start_fee: '4', start_from_wh: 500,
  reservation: { per_minute: '5', flat: '6', free_s: 300, longest_s: 3600, refund_from_wh: 10000 },
  idle: { per_minute: '7', grace_s: 900, cap: { amount: '2000', currency: 'JPY' }, exempt_from: '22:00' },
  min: { gross: { amount: '100', currency: 'JPY' }, net: { amount: '90', currency: 'JPY' } }, max: { gross: { amount: '9000', currency: 'JPY' } },
  hold: { amount: '5000', currency: 'JPY' }, holidays: ['2026-12-25'], energy_step_wh: 100, time_step_s: 60,
}

test('what is stored goes through the form unchanged, midnight written out', () => {
  const plan = { ...stored, id: 'plan_1', plan_version: 1, saved_at: '2026-01-01T00:00:00Z', version: 1 } as Plan
  const back: unknown = JSON.parse(JSON.stringify(bodyOf(valuesOf(plan) as Values, 'JPY', plan)))
  expect(back).toEqual({ ...stored, idle: { ...stored.idle, exempt_to: '00:00' } })
})

test('FIN-A8 a plan in yen has no decimals in its form, one in dinar has three', () => {
  const served = { ...stored, electricity: [{ from: '00:00', to: '24:00', price: '35.00' }], service_per_kwh: '1.50', start_fee: '4.00', idle: { per_minute: '7.00', grace_s: 0 }, reservation: { per_minute: '5.00', flat: '6.00' } } as Plan
  const yen = valuesOf(served) as Values
  expect([yen.electricity[0]!.price, yen.service_per_kwh, yen.start_fee, yen.idle?.per_minute, yen.reservation?.per_minute, yen.reservation?.flat]).toEqual(['35', '1.5', '4', '7', '5', '6'])
  const dinar = valuesOf({ ...served, currency: 'KWD', electricity: [{ from: '00:00', to: '24:00', price: '0.02' }] }) as Values
  expect([dinar.electricity[0]!.price, dinar.start_fee]).toEqual(['0.020', '4.000'])
})

test('another choice of when takes the old condition away', () => {
  const plan = { ...stored } as Plan
  const v = valuesOf(plan) as Values
  v.electricity[2] = { ...v.electricity[2]!, when: 'power', tier_from: '11', tier_to: '22.5' }
  expect(JSON.parse(JSON.stringify(bodyOf(v, 'JPY', plan).electricity[2]))).toEqual({ from: '00:00', to: '24:00', price: '25', power_from_w: 11000, power_to_w: 22500 })
})

test('the week: over midnight, days, and a gap', () => {
  const w = week([{ from: '22:00', to: '06:00', price: '1', when: 'always' }, { from: '06:00', to: '22:00', price: '2', when: 'always', days: ['mon'] }])
  expect([w[0]![0], w[0]![11], w[0]![12], w[0]![43], w[0]![44], w[1]![12]]).toEqual([0, 0, 1, 1, 0, -1])
})
