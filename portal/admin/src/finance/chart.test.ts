import { expect, test } from 'vitest'
import type { Sample } from '@ccms/shared/api'
import { allSeries, line } from './chart'

const at = (minute: number) => new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString()
const power = allSeries.find((s) => s.key === 'power')!
const energy = allSeries.find((s) => s.key === 'energy')!
const values = (samples: Sample[], s = power) => line(samples, s).map((p) => p[1])

test('a silent meter is a gap, not a straight line', () => {
  const samples = [0, 1, 2, 3, 20, 21].map((m) => ({ at: at(m), power_w: 1000 * (m + 1) }))
  expect(values(samples)).toEqual([1, 2, 3, 4, null, 21, 22])
})

test('a sample without this value is left out', () => {
  expect(values([{ at: at(0), power_w: 1000 }, { at: at(1), soc_permille: 500 }, { at: at(2), power_w: 2000 }])).toEqual([1, 2])
})

test('energy counts from the first register', () => {
  expect(values([{ at: at(0), energy_wh: 1_204_113 }, { at: at(1), energy_wh: 1_205_113 }], energy)).toEqual([0, 1])
})
