import { expect, test } from 'vitest'
import { Problem } from '@ccms/shared/problem'
import { retries, retryAfterMs } from './retry'

test('a fetch is tried again where the server could not or asks to wait, not where it said no', () => {
  const again = (status: number) => retries(0, new Problem(status))
  expect([0, 429, 502, 503, 504].map(again)).toEqual([true, true, true, true, true])
  expect([400, 401, 403, 404, 409, 422, 500].map(again)).toEqual([false, false, false, false, false, false, false])
  expect(retries(2, new Problem(429))).toBe(false)
  expect(retries(0, new Error('a defect'))).toBe(false)
})

test('it waits at least as long as the server says', () => {
  expect(retryAfterMs(0, new Problem(429, {}, 7), () => 0)).toBe(7000)
  expect(retryAfterMs(1, new Problem(503, {}, 7), () => 0.5)).toBe(8000)
  expect(retryAfterMs(0, new Problem(502))).toBe(1000)
  expect(retryAfterMs(1, new Problem(0))).toBe(2000)
})
