import { describe, expect, test } from 'vitest'
import { defaultLimit, type Filter, readState, sortOf, withFilter, withSort, writeState } from './state'

const filters: Filter[] = [
  { key: 'site', kind: 'text', label: '' },
  { key: 'state', kind: 'select', label: '', options: [{ value: 'running', label: '' }] },
  { key: 'from', kind: 'day', label: '' },
]
const read = (text: string) => readState(new URLSearchParams(text), filters, ['started_at'])

describe('the address', () => {
  test('says everything, and comes back the same', () => {
    const text = 'site=A3E&state=running&from=2026-01-31&sort=-started_at&limit=20&cursor=abc'
    const state = read(text)
    expect(state).toEqual({ filters: { site: 'A3E', state: 'running', from: '2026-01-31' }, sort: '-started_at', limit: 20, cursor: 'abc' })
    expect(Object.fromEntries(writeState(state))).toEqual(Object.fromEntries(new URLSearchParams(text)))
  })
  test('of a list as it opens is empty', () => {
    expect(writeState({ filters: { site: '  ' }, limit: defaultLimit }).toString()).toBe('')
  })
  test.each([
    ['an option that does not exist', 'state=flying'],
    ['a day that is none', 'from=yesterday'],
    ['an order the server does not know', 'sort=password'],
    ['a page of a million', 'limit=1000000'],
    ['a filter of another list', 'colour=red'],
    ['blanks', 'site=%20%20'],
  ])('ignores %s', (_why, text) => expect(read(text)).toEqual({ filters: {}, limit: defaultLimit }))
  test('keeps what belongs to others, such as the tab', () => {
    expect(writeState({ filters: { site: 'x' }, limit: defaultLimit }, new URLSearchParams('tab=meter&site=old'), filters).toString()).toBe('tab=meter&site=x')
  })
})

describe('another filter or order', () => {
  const deep = { filters: { site: 'a' }, limit: 20, cursor: 'page3' }
  test('begins on the first page: a cursor belongs to its list', () => {
    expect(withFilter(deep, 'site', 'b')).toEqual({ filters: { site: 'b' }, limit: 20, cursor: undefined })
    expect(withSort(deep, 'started_at').cursor).toBeUndefined()
  })
  test('an emptied filter is gone', () => expect(withFilter(deep, 'site', ' ').filters).toEqual({}))
  test('a second click turns the order round', () => {
    const once = withSort(deep, 'started_at', '-started_at')
    expect(sortOf(once, '-started_at', 'started_at')).toBe('ascending')
    expect(sortOf(withSort(once, 'started_at', '-started_at'), '-started_at', 'started_at')).toBe('descending')
    expect(sortOf(deep, '-started_at', 'name')).toBeUndefined()
  })
})
