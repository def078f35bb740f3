import { expect, test } from 'vitest'
import { boundsOf, milli, profileOf, renamedProfile, seconds, span } from './profile'

test('limits are exact integers, whatever the unit', () => {
  expect(milli('16', 'A')).toBe(16_000)
  expect(milli('16.5', 'A')).toBe(16_500)
  expect(milli('7.4', 'W')).toBe(7_400_000)
  expect(milli('0', 'W')).toBe(0)
  for (const bad of ['', '-1', '16.55', '1e3', 'x']) expect(milli(bad, 'A'), bad).toBeUndefined()
})

test('times of a schedule are hours and minutes', () => {
  expect(seconds('0:00')).toBe(0)
  expect(seconds('25:30')).toBe(91_800)
  expect(seconds('1:60')).toBeUndefined()
  expect(span(91_800)).toBe('25:30')
  expect(span(10)).toBe('0:00:10')
})

test('a form becomes a profile', () => {
  expect(profileOf({
    purpose: 'tx', session: 'ses_1', connector: 0, id: '7', stack: '1', kind: 'relative', start: '2026-05-01T10:00', unit: 'A', duration: '2:00',
    periods: [{ start: '0:00', limit: '16' }, { start: '1:00', limit: '6', phases: 1 }],
  })).toEqual({
    id: 7, stack_level: 1, purpose: 'tx', kind: 'relative', session_id: 'ses_1',
    schedule: { unit: 'A', duration_s: 7200, periods: [{ start_s: 0, limit_milli: 16_000 }, { start_s: 3600, limit_milli: 6000, phases: 1 }] },
  })
})

test('an error of the server finds its field', () => {
  expect(renamedProfile(['profile', 'schedule', 'periods', 1, 'limit_milli'])).toEqual(['periods', 1, 'limit'])
  expect(renamedProfile(['profile', 'stack_level'])).toEqual(['stack'])
  expect(renamedProfile(['profile', 'session_id'])).toEqual(['session'])
  expect(renamedProfile(['profile', 'schedule', 'unit'])).toEqual(['unit'])
  expect(renamedProfile(['connector'])).toEqual(['connector'])
})

test('what the point told bounds the form; what it did not tell does not', () => {
  const told = (...keys: [string, string][]) => ({ items: keys.map(([key, value]) => ({ key, value, read_only: true })) })
  expect(boundsOf(undefined)).toEqual({ periods: 100, stack: 100, units: ['A', 'W'], smart: true })
  expect(boundsOf(told(['chargingschedulemaxperiods', '6'], ['ChargeProfileMaxStackLevel', '0'], ['ChargingScheduleAllowedChargingRateUnit', "'W'"], ['SupportedFeatureProfiles', 'Core'])))
    .toEqual({ periods: 6, stack: 0, units: ['W'], smart: false })
})
