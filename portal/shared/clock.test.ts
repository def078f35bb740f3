import { expect, test } from 'vitest'
import { observe, serverNow } from './clock'

test('ages follow the server\'s clock when the browser\'s is minutes wrong', () => {
  const browser = Date.now()
  observe(new Response(null, { headers: { Date: new Date(browser + 300_000).toUTCString() } }), browser)
  expect(serverNow() - Date.now()).toBeGreaterThan(298_000)
  observe(new Response(null, { headers: { Date: new Date(browser + 1000).toUTCString() } }), browser)
  expect(serverNow() - Date.now(), 'a second is only the header\'s rounding').toBeLessThan(1000)
  observe(new Response(null))
  expect(serverNow() - Date.now()).toBeLessThan(1000)
})
