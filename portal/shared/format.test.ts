import { afterEach, describe, expect, test } from 'vitest'
import { age, amount, amps, clock, dateTime, dayStart, decimals, duration, grouped, instant, isZero, kilobytes, kw, kwh, money, none, percent, rate, scaled, shownDecimal, soc, speakNumbers, spoken, typedDecimal, viewerZone, volts, zoneName } from './format'

test.each([
  ['the guide prints 55.800000 A', amps(55800), '55.8'],
  ['half a tenth goes up', amps(55850), '55.9'],
  ['and down below it', amps(55849), '55.8'],
  ['volts from millivolts', volts(339300), '339.3'],
  ['a car without a state of charge is not at 0', soc(undefined), none],
  ['an empty car is', soc(0), '0'],
  ['permille to whole percent', soc(835), '84'],
  ['energy keeps every watt hour', kwh(18437), '18.437'],
  ['below one', kwh(7), '0.007'],
  ['exported energy', kwh(-12000), '-12.000'],
  ['nothing below zero rounds to a minus', scaled(-4, 3, 1), '0.0'],
  ['more digits than a float has', scaled(9007199254740993n, 3, 3), '9007199254740.993'],
  ['VAT of a whole percent', percent(200), '20'],
  ['VAT of half a percent', percent(55), '5.5'],
])('%s', (_why, got, want) => expect(got).toBe(want))

describe('money is a decimal string from end to end', () => {
  test('groups and keeps every digit', () => expect(grouped('12345678901234567.89')).toBe('12,345,678,901,234,567.89'))
  test('a currency without decimals has none', () => expect(money({ amount: '1200', currency: 'JPY' })).toBe('1,200 JPY'))
  test('each currency has its own decimals', () => expect(['EUR', 'JPY', 'KWD'].map(decimals)).toEqual([2, 0, 3]))
  test('minus', () => expect(amount({ amount: '-1234.50', currency: 'EUR' })).toBe('-1,234.50'))
  test('nothing known is no 0', () => expect(money(undefined)).toBe(none))
  test('zero in any exponent', () => {
    expect([isZero({ amount: '0.00', currency: 'EUR' }), isZero({ amount: '0', currency: 'JPY' }), isZero({ amount: '0.010', currency: 'KWD' })]).toEqual([true, true, false])
  })
})

describe('numbers are written as the language writes them', () => {
  afterEach(() => speakNumbers('en'))
  test('German has a comma, and points between thousands', () => {
    speakNumbers('de')
    expect([money({ amount: '10000.00', currency: 'EUR' }), amount({ amount: '-1234.50', currency: 'EUR' }), money({ amount: '1200', currency: 'JPY' })])
      .toEqual(['10.000,00 EUR', '-1.234,50', '1.200 JPY'])
    expect([kwh(18437), amps(55800), percent(55), soc(835), grouped('18.437')]).toEqual(['18,437', '55,8', '5,5', '84', '18,437'])
    expect([kw(12_160_000), kwh(1_234_567_890), kilobytes(1_234_567)], 'thousands are grouped').toEqual(['12.160,0', '1.234.567,890', '1.234,6'])
    expect([spoken('0.30'), spoken('×1'), spoken(none)]).toEqual(['0,30', '×1', none])
  })
  test('what is typed with a comma travels with a point', () => {
    speakNumbers('de')
    expect([typedDecimal('25,50'), shownDecimal('25.50'), typedDecimal('7')]).toEqual(['25.50', '25,50', '7'])
    speakNumbers('en')
    expect([typedDecimal('25,50'), shownDecimal('25.50')], 'where the point is the mark a comma stays, and is refused').toEqual(['25,50', '25.50'])
  })
  test('what programs read keeps the point', () => {
    speakNumbers('de')
    expect(scaled(18437, 3, 3)).toBe('18.437')
  })
})

describe('times are those of the place', () => {
  test('the zone is the one given, not that of the browser', () => {
    expect(viewerZone()).toBe('Pacific/Auckland')
    expect(dateTime('2019-09-18T18:47:36Z', 'America/Santiago')).toBe('2019-09-18 15:47:36')
  })
  test('midnight is 00, not 24', () => expect(dateTime('2026-01-01T00:00:00Z', 'UTC')).toBe('2026-01-01 00:00:00'))
  test('the repeated hour of October shows twice', () => {
    expect(clock('2026-10-25T00:30:00Z', 'Europe/Paris')).toBe('02:30:00')
    expect(clock('2026-10-25T01:30:00Z', 'Europe/Paris')).toBe('02:30:00')
  })
  test('an unknown zone becomes UTC and says so', () => {
    expect(dateTime('2026-01-01T12:00:00Z', 'Mars/Base')).toBe('2026-01-01 12:00:00')
    expect(zoneName('Mars/Base')).toBe('UTC')
  })
  test('a picked day begins at midnight of the zone, whatever the viewer\'s is', () => {
    expect([rate('35.00', 'JPY'), rate('35.50', 'JPY'), rate('0.30', 'EUR'), rate('0.3125', 'EUR'), rate('0.025', 'KWD'), rate('0.20', 'KWD'), rate(undefined, 'EUR')], 'prices')
      .toEqual(['35', '35.5', '0.30', '0.3125', '0.025', '0.200', ''])
    expect(dayStart('2026-01-15', 'Pacific/Auckland'), 'in summer').toBe('2026-01-14T11:00:00Z')
    expect(dayStart('2026-07-15', 'Pacific/Auckland'), 'in winter').toBe('2026-07-14T12:00:00Z')
    expect(dayStart('2026-01-31', 'America/Santiago', 1), 'the day after the last').toBe('2026-02-01T03:00:00Z')
    expect(dayStart('2026-03-29', 'Europe/Berlin'), 'the day that loses an hour').toBe('2026-03-28T23:00:00Z')
    expect(dayStart('2026-03-29', 'Europe/Berlin', 1), 'and the one after it').toBe('2026-03-29T22:00:00Z')
    expect(dayStart('2026-10-25', 'Europe/Berlin', 1), 'the day that has one more').toBe('2026-10-25T23:00:00Z')
    expect(dayStart('15.1.2026', 'UTC')).toBeUndefined()
    expect(instant('2026-07-15', '12:30', 'Europe/Berlin'), 'a time of day').toBe('2026-07-15T10:30:00Z')
    expect(instant('2026-10-25', '12:00', 'Europe/Berlin'), 'behind the change').toBe('2026-10-25T11:00:00Z')
    expect(instant('2026-01-15', '18:30:59', 'America/Santiago'), 'with seconds').toBe('2026-01-15T21:30:59Z')
    expect(instant('2026-03-29', '03:00', 'Europe/Berlin'), 'right after the lost hour').toBe('2026-03-29T01:00:00Z')
    expect(instant('2026-07-15', '24:00', 'UTC')).toBeUndefined()
  })
})

test('a duration reads the same in every language', () => {
  expect([duration(0), duration(3723), duration(360000), duration(-5), duration(undefined)]).toEqual(['0:00:00', '1:02:03', '100:00:00', '0:00:00', none])
})

test('age takes the coarsest unit that still says something', () => {
  const now = Date.parse('2026-01-02T00:00:00Z')
  expect(['2026-01-01T23:59:30Z', '2026-01-01T23:01:00Z', '2026-01-01T01:00:00Z', '2025-12-30T00:00:00Z', '2026-01-03T00:00:00Z'].map((at) => age(at, now)))
    .toEqual([{ unit: 'seconds', count: 30 }, { unit: 'minutes', count: 59 }, { unit: 'hours', count: 23 }, { unit: 'days', count: 3 }, { unit: 'seconds', count: 0 }])
})
