import { expect, test } from 'vitest'
import { bodyOf, toPermille } from './plan'

test('VAT as people write it', () => {
  expect(['20', '5.5', '0', '100'].map(toPermille)).toEqual([200, 55, 0, 1000])
})

test('what is left empty is absent, and money carries the currency', () => {
  expect(bodyOf({
    name: ' Night ', electricity: [{ from: '00:00', to: '24:00', price: ' 0.30 ' }], service_per_kwh: ' ', vat: '20', prices_include_tax: false,
    idle_on: true, idle: { per_minute: '0.20', grace_min: '15', cap: '10.00' }, hold: '50.00', min_balance: '',
  }, 'EUR')).toEqual({
    name: 'Night', currency: 'EUR', prices_include_tax: false, vat_permille: 200, electricity: [{ from: '00:00', to: '24:00', price: '0.30' }],
    service_per_kwh: undefined, start_fee: undefined, idle: { per_minute: '0.20', grace_s: 900, cap: { amount: '10.00', currency: 'EUR' } },
    hold: { amount: '50.00', currency: 'EUR' }, min_balance: undefined,
  })
})

test('an idle fee that is switched off is absent', () => {
  expect(bodyOf({ name: 'x', electricity: [], vat: '0', prices_include_tax: false, idle_on: false, idle: { per_minute: '1' } }, 'EUR').idle).toBeUndefined()
})
