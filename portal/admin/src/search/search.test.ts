import { afterEach, describe, expect, test } from 'vitest'
import type { Hit } from '@ccms/shared/api'
import { forgetSeen, keepSeen, readSeen } from './recent'
import { targetOf } from './target'

const hit = (id: string): Hit => ({ id, title: 'a & b', find: 'Köln & =1' })

describe('what was found leads', () => {
  test.each([
    ['session', '/finance/records/x'], ['recharge', '/finance/recharges?q=K%C3%B6ln+%26+%3D1'], ['card', '/users/cards?q=K%C3%B6ln+%26+%3D1'],
    ['driver', '/users/profiles?q=K%C3%B6ln+%26+%3D1'], ['charge_point', '/live/points/x'], ['site', '/assets/stations?name=K%C3%B6ln+%26+%3D1'],
  ] as const)('%s → %s', (kind, to) => expect(targetOf(kind, hit('x'), () => true)).toBe(to))
  test('nobody to a screen that is closed to them', () => {
    expect(targetOf('session', hit('x'), (p) => p === 'live.read')).toBe('/live/charging')
    expect(targetOf('charge_point', hit('x'), () => false)).toBe('/assets/points?q=K%C3%B6ln+%26+%3D1')
  })
})

describe('what was found lately', () => {
  afterEach(() => sessionStorage.clear())
  test('stands newest first, once, and is no long list', () => {
    for (const id of ['1', '2', '3', '4', '5', '6', '7', '8', '9', '3']) keepSeen('me', { kind: 'site', hit: hit(id), to: '/' })
    expect(readSeen('me').map((s) => s.hit.id)).toEqual(['3', '9', '8', '7', '6', '5', '4', '2'])
  })
  test('belongs to one login, and goes with it', () => {
    keepSeen('me', { kind: 'site', hit: hit('1'), to: '/' })
    expect(readSeen('other')).toEqual([])
    forgetSeen()
    expect(readSeen('me')).toEqual([])
  })
  test('that cannot be read is nothing', () => {
    sessionStorage.setItem('ccms.found.me', '{')
    expect(readSeen('me')).toEqual([])
  })
})
