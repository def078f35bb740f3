import { expect, test } from 'vitest'
import type { Frame } from '@ccms/shared/api'
import { brief, readFrames } from './frames'

const frame = (direction: 'in' | 'out', message_id: string, payload: unknown, action = ''): Frame =>
  ({ direction, message_id, payload, action, received_at: '2026-01-01T00:00:00Z', flaws: [] }) as unknown as Frame

test('an answer takes the name of its call, by id and direction', () => {
  const out = readFrames([
    frame('in', '1', [2, '1', 'Authorize', { idTag: 'A' }], 'Authorize'),
    frame('out', '1', [2, '1', 'RemoteStopTransaction', { transactionId: 7 }], 'RemoteStopTransaction'),
    frame('out', '1', [3, '1', { idTagInfo: { status: 'Accepted' } }]),
    frame('in', '1', [3, '1', { status: 'Rejected' }]),
  ])
  expect(out.map((m) => `${m.kind} ${m.action}`)).toEqual(['call Authorize', 'call RemoteStopTransaction', 'result Authorize', 'result RemoteStopTransaction'])
  expect(out[2]!.payload).toEqual({ idTagInfo: { status: 'Accepted' } })
})

test('a refusal says its code', () => {
  const [, m] = readFrames([frame('out', '9', [2, '9', 'Reset', {}], 'Reset'), frame('in', '9', [4, '9', 'NotImplemented', 'no', {}])])
  expect([m!.kind, m!.action, m!.errorCode]).toEqual(['error', 'Reset', 'NotImplemented'])
})

test('what is no frame is shown as it came', () => {
  const [m] = readFrames([frame('in', '', '{broken')])
  expect([m!.kind, m!.payload]).toEqual(['other', '{broken'])
})

test('the brief leaves out the times, which stand beside it', () => {
  expect(brief({ connectorId: 1, timestamp: 't', meterValue: [{}, {}], idTagInfo: { status: 'Accepted' } })).toBe('connectorId 1 · meterValue ×2 · status Accepted')
  expect(brief(null)).toBe('')
})
