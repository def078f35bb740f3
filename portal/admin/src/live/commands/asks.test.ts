import { expect, test } from 'vitest'
import { asks, bodyOf, bulkAsks, fourDigits, isDangerous, mayWait, needs, needsReason } from './asks'

test('what ends a charge or opens a lock has a permission of its own, and a reason', () => {
  expect(asks.filter((a) => needs(a) !== 'live.command')).toEqual(['data_transfer', 'get_diagnostics', 'get_log', 'set_profile', 'clear_profile', 'in_service', 'out_of_service', 'unlock', 'hard_reset'])
  expect(asks.filter((a) => isDangerous(a) && !needsReason(a))).toEqual([])
})

test('a start does not wait for a point to come online', () => {
  expect(asks.filter((a) => !mayWait(a))).toEqual(['remote_start', 'reserve', 'trigger', 'composite'])
})

test('many points are asked for nothing that is about one connector or one driver', () => {
  expect(bulkAsks.map((a) => bodyOf(a).type)).not.toContain('remote_start')
  expect(bulkAsks.map((a) => bodyOf(a).type)).not.toContain('unlock')
})

test('the digits to type are four, also small ones', () => {
  const seen = new Set(Array.from({ length: 200 }, fourDigits))
  for (const d of seen) expect(d).toMatch(/^\d{4}$/)
  expect(seen.size).toBeGreaterThan(100)
})
