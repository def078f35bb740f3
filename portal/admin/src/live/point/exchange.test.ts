import { expect, test } from 'vitest'
import type { PointFrame } from '@ccms/shared/api'
import { chosen, held, inside, passed, readFlaw, together } from './exchange'

const frame = (kind: PointFrame['kind'], direction: 'in' | 'out', id: string, at: string, more: Partial<PointFrame> = {}): PointFrame => ({
  kind, direction, message_id: id, received_at: `2026-05-01T10:00:${at}Z`, action: kind === 'call' ? 'Heartbeat' : '', payload: [], flaws: [], ...more,
})

test('an answer that passes goes to its call, and no other', () => {
  let list: PointFrame[] = []
  for (const f of [
    frame('call', 'in', '1', '00'), frame('call', 'out', '1', '01'), frame('result', 'in', '1', '03'), frame('result', 'out', '1', '04'), frame('result', 'out', 'x', '05'),
  ]) list = passed(list, f)
  expect(list.map((f) => [f.kind, f.direction, f.message_id, f.round_trip_ms])).toEqual([
    ['result', 'out', 'x', undefined], ['call', 'out', '1', 2000], ['call', 'in', '1', 4000],
  ])
})

test('what passed and what was kept is shown once', () => {
  const kept = [frame('call', 'out', '2', '10', { id: 'evt_2' }), frame('call', 'in', '1', '05', { id: 'evt_1', answer: { received_at: '2026-05-01T10:00:06Z', kind: 'result', payload: [], flaws: [] } })]
  const live = [frame('result', 'in', '2', '12'), frame('call', 'out', '2', '10'), frame('result', 'out', '1', '06'), frame('call', 'in', '3', '20')]
  const out = together(live, kept)
  expect(out.map((f) => f.message_id)).toEqual(['3', '2', '1'])
  expect(out[1]!.round_trip_ms).toBe(2000)
})

test('what passed has an end', () => {
  let list: PointFrame[] = []
  for (let i = 0; i < held + 5; i++) list = passed(list, frame('call', 'in', String(i), '00'))
  expect(list.length).toBe(held)
})

test('the choice narrows what passes', () => {
  const f = frame('call', 'in', '1', '00', { flaws: ['missing /x'] })
  expect(chosen(f, {})).toBe(true)
  expect(chosen(f, { action: 'Heartbeat', direction: 'in', flawed: true })).toBe(true)
  for (const c of [{ action: 'Reset' }, { direction: 'out' as const }]) expect(chosen(f, c)).toBe(false)
  expect(chosen({ ...f, flaws: [] }, { flawed: true })).toBe(false)
})

test('a frame is opened, a flaw is read', () => {
  expect(inside('call', [2, '1', 'Reset', { type: 'Soft' }]).payload).toEqual({ type: 'Soft' })
  expect(inside('error', [4, '1', 'NotImplemented', 'no', {}])).toEqual({ kind: 'error', code: 'NotImplemented', payload: { description: 'no', details: {} } })
  expect(inside('other', 'broken')).toEqual({ kind: 'other', payload: 'broken' })
  expect(readFlaw('too long /info')).toEqual({ kind: 'too long', place: 'info' })
  expect(readFlaw('bad value /meterValue/0/timestamp')).toEqual({ kind: 'bad value', place: 'meterValue › 0 › timestamp' })
  expect(readFlaw('something else')).toBeUndefined()
})
