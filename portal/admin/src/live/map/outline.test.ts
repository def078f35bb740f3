import { expect, test } from 'vitest'
import { unbroken } from './outline'

test('an island on the date line is not drawn around the world', () => {
  const island = [[179, -17], [-179, -17], [-179, -16], [179, -16], [179, -17]]
  const home = [[-71, -33], [-70, -33], [-70, -34], [-71, -33]]
  expect(unbroken({ type: 'MultiPolygon', coordinates: [[island], [home]] }).coordinates)
    .toEqual([[[[179, -17], [181, -17], [181, -16], [179, -16], [179, -17]]], [home]])
  expect(unbroken({ type: 'Polygon', coordinates: [home] }).coordinates).toEqual([home])
  expect(unbroken(null)).toBeNull()
})
