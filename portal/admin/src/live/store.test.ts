import { describe, expect, test } from 'vitest'
import type { Command, Session } from '@ccms/shared/api'
import { intoPage, isEnded, isSettled, keepEnded, keptForMs, laterCommand, type LiveRow } from './store'

const row = (id: string, more: Partial<LiveRow> = {}): LiveRow => ({ id, version: 1, state: 'CHARGING', ...more }) as LiveRow
const order = (rows: readonly Session[]) => rows.map((r) => r.id).join(' ')

describe('a session that ended', () => {
  test('keeps its place among those that go on', () => {
    const before = [row('a'), row('b'), row('c')]
    const after = keepEnded(before, [row('a'), row('c')], 1000)
    expect(order(after)).toBe('a b c')
    expect(after[1]!.gone_at).toBe(1000)
  })
  test('keeps it when the first, the last or all others go too', () => {
    expect(order(keepEnded([row('a'), row('b'), row('c')], [row('b')], 0))).toBe('a b c')
    expect(order(keepEnded([row('a'), row('b')], [], 0))).toBe('a b')
  })
  test('new sessions stand where the server puts them', () => {
    expect(order(keepEnded([row('a'), row('b')], [row('a'), row('new')], 0))).toBe('a b new')
  })
  test('goes after a while', () => {
    const kept = keepEnded([row('a'), row('b')], [row('a')], 0)
    expect(order(keepEnded(kept, [row('a')], keptForMs - 1))).toBe('a b')
    expect(order(keepEnded(kept, [row('a')], keptForMs))).toBe('a')
  })
  test('that comes back is running again', () => {
    const kept = keepEnded([row('a')], [], 0)
    expect(keepEnded(kept, [row('a')], 1)[0]!.gone_at).toBeUndefined()
  })
  test('is one by its state, its end, or by having left', () => {
    expect([row('a'), row('a', { state: 'IDLE', ended_at: '2026-01-01T00:00:00Z' }), row('a', { state: 'COMPLETED' }), row('a', { gone_at: 1 })].map(isEnded))
      .toEqual([false, true, true, true])
  })
})

describe('a streamed row', () => {
  test('changes in place', () => {
    const r = intoPage({ items: [row('a'), row('b')], total: 2 }, row('b', { version: 2 }))
    expect(r.known).toBe(true)
    expect(r.page.items.map((x) => x.version)).toEqual([1, 2])
    expect(r.page.total).toBe(2)
  })
  test('that the page does not have leaves it as it is', () => {
    const page = { items: [row('a')] }
    expect(intoPage(page, row('z'))).toEqual({ page, known: false })
  })
})

describe('a command', () => {
  const command = (state: Command['state'], effect?: 'pending' | 'seen'): Command =>
    ({ id: 'c', state, effect: effect && { state: effect } }) as Command
  test.each([
    ['sent after queued', command('queued'), command('sent'), 'b'],
    ['a late queued', command('sent'), command('queued'), 'a'],
    ['the effect before the answer was read', command('accepted', 'seen'), command('accepted', 'pending'), 'a'],
    ['the same again', command('sent'), command('sent'), 'b'],
  ] as const)('only goes forward: %s', (_why, a, b, want) => expect(laterCommand(a, b)).toBe(want === 'a' ? a : b))
  test('is settled when nothing more will come', () => {
    expect([command('queued'), command('sent'), command('accepted'), command('accepted', 'pending'), command('accepted', 'seen'), command('rejected'), command('offline')]
      .map(isSettled)).toEqual([false, false, false, false, true, true, true])
  })
})
