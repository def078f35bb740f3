import { describe, expect, test } from 'vitest'
import { alike, differences, firstPicks, merged } from './conflict'

const before = { name: 'Depot', address: 'Street 1', care: undefined, zone: 'UTC' }
const mine = { name: 'Depot East', address: 'Street 1', care: '', zone: 'UTC' }
const theirs = { name: 'Depot West', address: 'Street 2', care: undefined, zone: 'UTC' }

describe('two people changed the same thing', () => {
  const ds = differences(before, mine, theirs)
  test('only what differs is asked', () => expect(ds.map((d) => d.name)).toEqual(['name', 'address']))
  test('what I did not touch stays as the other left it', () => expect(firstPicks(ds)).toEqual({ name: 'mine', address: 'theirs' }))
  test('each field is as it was chosen', () => {
    expect(merged(mine, ds, { name: 'mine', address: 'theirs' })).toEqual({ ...mine, address: 'Street 2' })
    expect(merged(mine, ds, { name: 'theirs', address: 'mine' })).toEqual({ ...mine, name: 'Depot West' })
  })
  test('the same change of both is none', () => expect(differences(before, theirs, theirs)).toEqual([]))
})

test('the order of what is in a field, and what is empty in it, make no difference', () => {
  expect(alike([{ from: '00:00', price: '1', name: undefined }], [{ price: '1', from: '00:00', days: '' }])).toBe(true)
  expect(alike([{ from: '00:00', price: '1' }], [{ price: '2', from: '00:00' }])).toBe(false)
})
