import { expect, test, vi } from 'vitest'
import { isNewRelease, releaseOf, runningRelease } from './release'

const page = (script: string) => `<!doctype html><html lang="en"><head><script type="module" crossorigin src="${script}"></script></head></html>`
const answer = (body: string, status = 200) => vi.fn(() => Promise.resolve(new Response(body, { status })))

test('a release is known by the name of its script', () => {
  expect(releaseOf(page('/static/index-a1.js'))).toBe('/static/index-a1.js')
  expect(releaseOf('<h1>Bad gateway</h1>')).toBeUndefined()
  const doc = new DOMParser().parseFromString(page('/static/index-a1.js'), 'text/html')
  expect(runningRelease(doc)).toBe('/static/index-a1.js')
})

test('only another script is another release', async () => {
  expect(await isNewRelease('/static/index-a1.js', answer(page('/static/index-a1.js')))).toBe(false)
  expect(await isNewRelease('/static/index-a1.js', answer(page('/static/index-b2.js')))).toBe(true)
  expect(await isNewRelease('/static/index-a1.js', answer('<h1>Bad gateway</h1>', 502)), 'a proxy speaks').toBe(false)
  expect(await isNewRelease('/static/index-a1.js', answer('<h1>Log in to the network</h1>')), 'a hotel speaks').toBe(false)
  expect(await isNewRelease('/static/index-a1.js', vi.fn(() => Promise.reject(new TypeError('offline'))))).toBe(false)
})
