import { expect, test } from 'vitest'
import { positionOf, positionText } from './position'

test.each<[string, ReturnType<typeof positionOf>, string]>([
  ['-33.4489, -70.6693', { latitude: '-33.4489', longitude: '-70.6693' }, 'as a map gives it'],
  ['48.1371,11.5754', { latitude: '48.1371', longitude: '11.5754' }, 'without a blank'],
  ['(48.1371 11.5754)', { latitude: '48.1371', longitude: '11.5754' }, 'in brackets, without a comma'],
  ['48.1371°; 11.5754°', { latitude: '48.1371', longitude: '11.5754' }, 'with signs'],
  [' 1, 2 ', { latitude: '1', longitude: '2' }, 'whole degrees'],
  ['', null, 'nothing'],
  ['   ', null, 'blanks'],
  ['48,1371, 11,5754', undefined, 'decimal commas cannot be told from the one between'],
  ['91, 0.5', undefined, 'beyond the pole'],
  ['0.5, 181', undefined, 'beyond the date line'],
  ['0, 0', undefined, 'in the sea: what maps give for nothing'],
  ['here', undefined, 'words'],
  ['48.1371', undefined, 'half of it'],
  ['<script>', undefined, 'markup'],
])('%s (%#)', (typed, want, _why) => expect(positionOf(typed)).toEqual(want))

test('it is written as short as it is', () => {
  expect(positionText({ latitude: '-33.448900', longitude: '100.000000' })).toBe('-33.4489, 100')
  expect(positionText(undefined)).toBe('')
})
