import { describe, expect, test } from 'vitest'
import { pointerPath, Problem, problemOf, splitByField } from './problem'

test.each([
  ['/name', ['name']],
  ['/electricity/0/price', ['electricity', 0, 'price']],
  ['/a~1b/c~0d', ['a/b', 'c~d']],
  ['/codes/007', ['codes', '007']],
  ['', []],
])('pointer %s', (pointer, want) => expect(pointerPath(pointer)).toEqual(want))

describe('errors go to their fields', () => {
  const fields = [['name'], ['amount'], ['electricity'], ['electricity', 1, 'price']]
  const split = (errors: { pointer: string; detail: string }[], detail = 'Some fields are not right.') =>
    splitByField(new Problem(422, { code: 'invalid_input', detail, errors }), fields)

  test('the deepest field wins', () => {
    expect(split([{ pointer: '/electricity/1/price', detail: 'too high' }])).toEqual({ fields: [{ name: ['electricity', 1, 'price'], detail: 'too high' }], rest: [] })
  })
  test('money is one field on the form', () => {
    expect(split([{ pointer: '/amount/amount', detail: 'two decimals' }]).fields).toEqual([{ name: ['amount'], detail: 'two decimals' }])
  })
  test('an error without a field is said above the form, never dropped', () => {
    expect(split([{ pointer: '/name', detail: 'taken' }, { pointer: '/hidden', detail: 'odd' }]).rest).toEqual(['odd'])
  })
  test('a problem without fields says its detail', () => {
    expect(split([], 'The account is closed.').rest).toEqual(['The account is closed.'])
  })
})

describe('a problem from an answer', () => {
  test('carries what support asks for', () => {
    const p = problemOf(new Response(null, { status: 409 }), { code: 'stale_version', detail: 'Changed meanwhile.', request_id: 'req_7' })
    expect([p.status, p.code, p.detail, p.requestId]).toEqual([409, 'stale_version', 'Changed meanwhile.', 'req_7'])
  })
  test('survives a proxy that answers in HTML', () => {
    const p = problemOf(new Response(null, { status: 502 }), '<h1>Bad gateway</h1>')
    expect([p.status, p.code]).toEqual([502, 'http_502'])
  })
  test('reads how long to wait', () => {
    expect(problemOf(new Response(null, { status: 429, headers: { 'Retry-After': '30' } }), {}).retryAfterSeconds).toBe(30)
  })
})
