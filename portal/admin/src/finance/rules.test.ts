import { expect, test } from 'vitest'
import { monthBefore } from './CloseDialog'
import { typedAmounts, typedBonus } from './RulesDialog'

test('amounts and bonus rules are read as people type them', () => {
  expect(typedAmounts('10; 20,50  100')).toEqual(['10', '20.50', '100'])
  expect(typedAmounts('')).toEqual([])
  expect(typedBonus('50 = 2;100,00=5,50')).toEqual([['50', '2'], ['100.00', '5.50']])
  expect(typedBonus('50')).toEqual([['50', '']])
})

test('the month that can be closed is the one before, across the year, too', () => {
  expect(monthBefore('2026-11-30 10:00:00')).toBe('2026-10')
  expect(monthBefore('2027-01-02')).toBe('2026-12')
})
