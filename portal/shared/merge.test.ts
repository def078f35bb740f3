import { expect, test } from 'vitest'
import { mergeItem, mergeList } from './merge'

const row = (id: string, version: number, sample_at?: string, note = '') => ({ id, version, sample_at, note })

test('a streamed row takes the place of its older self', () => {
  const list = [row('a', 1), row('b', 1), row('c', 1)]
  expect(mergeItem(list, row('b', 2)).map((r) => `${r.id}${r.version}`)).toEqual(['a1', 'b2', 'c1'])
})

test('an older version changes nothing, not even the identity of the list', () => {
  const list = [row('a', 3)]
  expect(mergeItem(list, row('a', 2))).toBe(list)
})

test('a sample without a new version counts by its time', () => {
  const list = [row('a', 3, '2026-01-01T00:00:10Z')]
  expect(mergeItem(list, row('a', 3, '2026-01-01T00:00:20Z', 'new'))[0]!.note).toBe('new')
  expect(mergeItem(list, row('a', 3, '2026-01-01T00:00:05Z', 'late'))).toBe(list)
})

test('a row the list does not have is left out: its place is the server\'s to say', () => {
  const list = [row('a', 1)]
  expect(mergeItem(list, row('z', 1))).toBe(list)
})

test('an answer that was on its way does not undo what the stream brought meanwhile', () => {
  const streamed = [row('a', 5, undefined, 'streamed'), row('gone', 1)]
  const fresh = [row('new', 1), row('a', 4, undefined, 'answer')]
  expect(mergeList(streamed, fresh).map((r) => `${r.id} ${r.note}`.trim())).toEqual(['new', 'a streamed'])
})
