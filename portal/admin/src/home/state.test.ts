import { describe, expect, test } from 'vitest'
import { delta, inPeriod, moved, readHome, step, writeHome } from './state'

const read = (text: string) => readHome(new URLSearchParams(text))
const site = 'site_06h05cp501w2150jf7wdeybr3r'

describe('the address of the home page', () => {
  test('says everything, and comes back the same', () => {
    const text = `period=month&date=2026-11&site=${site}&current=DC`
    expect(read(text)).toEqual({ period: 'month', date: '2026-11', site, sub: undefined, current: 'DC' })
    expect(writeHome(read(text)).toString()).toBe(text)
  })
  test('is empty for today', () => expect(writeHome(read('')).toString()).toBe(''))
  test.each([
    ['a period that is none', 'period=week'],
    ['a month for a day', 'date=2026-11'],
    ['a day that is none', 'date=2026-02-30'],
    ['a month that is none', 'period=month&date=2026-13'],
    ['a script', 'date=<script>&site=<script>&current=<script>'],
    ['an id of something else', 'site=drv_06h05cp501w2150jf7wdeybr3r'],
  ])('ignores %s', (_why, text) => {
    const s = read(text)
    expect([s.date, s.site, s.current]).toEqual([undefined, undefined, undefined])
  })
})

test('steps follow the calendar', () => {
  expect(step('day', '2026-03-01', -1)).toBe('2026-02-28')
  expect(step('day', '2026-12-31', 1)).toBe('2027-01-01')
  expect(step('month', '2026-01', -1)).toBe('2025-12')
  expect(step('year', '2026', 1)).toBe('2027')
  expect(inPeriod('month', '2026-11-30')).toBe('2026-11')
  expect(inPeriod('day', '2026')).toBe('2026-01-01')
  expect(inPeriod('day', '2026-11')).toBe('2026-11-01')
})

test('more than before, and never more than nothing', () => {
  expect(delta(150, 100)).toBe(500)
  expect(delta(0, 100)).toBe(-1000)
  expect(delta(5, 0)).toBeUndefined()
  expect(delta(Number.NaN, 1)).toBeUndefined()
  expect(delta(-5, -10)).toBe(500)
})

test('a block moves by one place and not out of the page', () => {
  expect(moved(['a', 'b', 'c'], 0, 1)).toEqual(['b', 'a', 'c'])
  expect(moved(['a', 'b', 'c'], 2, 1)).toEqual(['a', 'b', 'c'])
  expect(moved(['a'], 0, -1)).toEqual(['a'])
})
