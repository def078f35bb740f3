import { describe, expect, test } from 'vitest'
import type { SiteStatus } from '@ccms/shared/api'
import { apart, around, type Box, byTrouble, isPlaced, Pins, type Placed } from './pins'

const site = (name: string, latitude: string, longitude: string, more: Partial<SiteStatus> = {}): Placed => ({
  id: name, name, address: '', state: 'FREE', connectors: 2, free: 1, in_use: 1, out_of_order: 0, unknown: 0, ...more,
  position: { latitude, longitude },
})
const world: Box = [-180, -85, 180, 85]
const santiago = [site('a', '-33.4372', '-70.642'), site('b', '-33.4266', '-70.6205', { out_of_order: 1, free: 0 }), site('c', '-33.4146', '-70.5977')]
const madrid = site('d', '40.416', '-3.685')

describe('pins', () => {
  test('what is close together is one pin far away, and counts what is in it', () => {
    const pins = new Pins([...santiago, madrid]).within(world, 3)
    expect(pins).toHaveLength(2)
    const many = pins.find((p) => p.kind === 'many')!
    expect(many).toMatchObject({ sites: 3, trouble: 1, free: 2, connectors: 6 })
    expect(pins.find((p) => p.kind === 'site')).toMatchObject({ key: 'd', at: [40.416, -3.685] })
    if (many.kind === 'many') expect(new Pins([...santiago, madrid]).within(world, many.openZoom).length).toBeGreaterThan(2)
  })

  test('nothing is counted twice or lost at any zoom', () => {
    const sites = Array.from({ length: 300 }, (_, i) => site(`s${i}`, String(-40 + (i * 37) % 80), String(-100 + (i * 61) % 200)))
    for (let zoom = 0; zoom <= 18; zoom++) {
      const n = new Pins(sites).within(world, zoom).reduce((sum, p) => sum + (p.kind === 'many' ? p.sites : 1), 0)
      expect(n, `zoom ${zoom}`).toBe(300)
    }
  })

  test('sites at the very same place part at the last zoom', () => {
    const pins = new Pins([site('a', '1.5', '1.5'), site('b', '1.5', '1.5')]).within(world, 18)
    expect(pins.map((p) => p.kind)).toEqual(['site', 'site'])
  })

  test('a site is found apart from the others at some zoom', () => {
    const zoom = apart([...santiago, madrid], santiago[0]!)
    expect(zoom).toBeGreaterThan(3)
    const alone = (z: number) => new Pins([...santiago, madrid]).within(world, z).some((p) => p.key === 'a')
    expect([alone(zoom - 1), alone(zoom)]).toEqual([false, true])
    expect(apart([madrid], madrid)).toBe(2)
  })

  test('only what is in view is drawn', () => {
    expect(new Pins([...santiago, madrid]).within([-10, 30, 10, 50], 10)).toHaveLength(1)
  })
})

test('the view holds all that have a place', () => {
  expect(around([...santiago, madrid])).toEqual([[-33.4372, -70.642], [40.416, -3.685]])
  expect(around([])).toBeUndefined()
  expect(isPlaced({ ...madrid, position: undefined })).toBe(false)
})

test('what needs somebody comes first', () => {
  const sites = [site('free', '1', '1'), site('off', '1', '1', { state: 'UNKNOWN' }), site('one', '1', '1', { state: 'OUT_OF_ORDER', out_of_order: 1 }),
    site('three', '1', '1', { state: 'OUT_OF_ORDER', out_of_order: 3 }), site('busy', '1', '1', { state: 'IN_USE' })]
  expect(byTrouble(sites).map((s) => s.name)).toEqual(['three', 'one', 'off', 'busy', 'free'])
})
