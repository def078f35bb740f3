import { beforeEach, expect, test, vi } from 'vitest'
import { Refusal, surely, Unreached } from './api'
import { end, ended, keep, kept, newSecret } from './kept'
import { age, lasted } from './say'

beforeEach(() => localStorage.clear())

test('a secret is 32 bytes in base64url, and never the same', () => {
  const all = new Set(Array.from({ length: 50 }, newSecret))
  expect(all.size).toBe(50)
  for (const s of all) expect(s).toMatch(/^[A-Za-z0-9_-]{43}$/)
})

test('a charge that is over is kept for its receipt, one that never was is not', () => {
  keep({ secret: 'a', code: '1', at: 1 })
  expect(kept()?.secret).toBe('a')
  end('Harbour')
  expect(kept()).toBeUndefined()
  keep({ secret: 'b', code: '1', at: 2 })
  end()
  expect(ended().map((x) => [x.secret, x.place])).toEqual([['a', 'Harbour']])
  localStorage.setItem('ccms.charges', '{')
  expect(ended()).toEqual([])
})

test('a browser that keeps nothing has its charge until the page is closed', () => {
  vi.spyOn(Storage.prototype, 'setItem').mockImplementation(() => { throw new Error('no room') })
  keep({ secret: 'c', code: '1', at: 3 })
  expect(kept()?.secret).toBe('c')
  end()
  expect(kept()).toBeUndefined()
})

test('what does not arrive is sent again, what is refused is not', async () => {
  vi.useFakeTimers()
  let calls = 0
  let lost = 0
  const call = async () => {
    calls++
    if (calls < 3) throw new Unreached('x')
    return calls
  }
  const got = surely(call, () => { lost++ })
  await vi.runAllTimersAsync()
  expect([await got, lost]).toEqual([3, 2])
  await expect(surely(async () => { throw new Refusal(409, 'connector_busy', '') }, () => { lost++ })).rejects.toThrow(Refusal)
  expect(lost).toBe(2)
  vi.useRealTimers()
})

test('ages and times read as people say them', () => {
  expect(age('2026-03-01T10:00:00Z', '2026-03-01T10:03:30Z')).toBe('3 minutes ago')
  expect(age('2026-03-01T10:00:00Z', '2026-03-01T09:59:00Z')).toBe('now')
  expect(lasted(3_727_000)).toBe('1:02:07')
})
