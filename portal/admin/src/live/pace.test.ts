import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { gatherMs, mayBegin, paced, unseenMs } from './pace'

beforeEach(() => { vi.useFakeTimers() })
afterEach(() => { vi.useRealTimers() })

describe('events that ask for the same fetch', () => {
  test('make one soon, and after it one in five seconds however many come', () => {
    const later = paced()
    let asked = 0
    const at: number[] = []
    const begin = Date.now()
    for (let ms = 0; ms < 20_000; ms += 50) {
      later('sessions', unseenMs, () => { asked++; at.push(Date.now() - begin) })
      vi.advanceTimersByTime(50)
    }
    expect(at[0]).toBe(gatherMs)
    expect(asked).toBe(4)
  })
  test('do not wait where nothing was asked for a while, nor for others', () => {
    const later = paced()
    const asked: string[] = []
    later('a', unseenMs, () => asked.push('a'))
    vi.advanceTimersByTime(gatherMs)
    later('b', unseenMs, () => asked.push('b'))
    vi.advanceTimersByTime(gatherMs)
    expect(asked).toEqual(['a', 'b'])
    vi.advanceTimersByTime(unseenMs)
    later('a', unseenMs, () => asked.push('a'))
    vi.advanceTimersByTime(gatherMs)
    expect(asked).toEqual(['a', 'b', 'a'])
  })
})

describe('a row that nobody has seen', () => {
  test('may belong to the first page of a list', () => {
    expect(mayBegin(['sessions', 'running', { filters: {}, sort: 'x', cursor: undefined }])).toBe('all')
    expect(mayBegin(['sessions', 'running', { filters: { site: 's' } }])).toBe('chosen')
  })
  test('is not fetched for later pages and what is no list', () => {
    expect(mayBegin(['sessions', 'running', { filters: {}, cursor: 'abc' }])).toBeUndefined()
    expect(mayBegin(['charge-points'])).toBeUndefined()
    expect(mayBegin(['charge-points', 'one', 'id'])).toBeUndefined()
  })
})
