// Where the sites are and how they are, as somebody sees it who looks after them.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { base, faults, logins, openWindow, phone, picture, settled, signIn, wide, type Window } from './browser'
import { startServer } from './server'

let w: Window
const asked = new Set<string>()
beforeAll(async () => {
  w = await openWindow()
  w.page.on('request', (r) => asked.add(new URL(r.url()).origin))
  await signIn(w.page, 'admin', '/live/map')
  await w.page.locator('.map-row').first().waitFor()
})
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') await picture(w.page, `failed-${task.name.slice(0, 40).replaceAll(/\W+/g, '-')}`)
})
afterAll(async () => {
  expect(w.errors).toEqual([])
  await w.close()
})

const post = (path: string, body: object) => w.page.evaluate(async ([p, b]) => {
  const me = await (await fetch('/api/v1/me')).json() as { csrf_token: string }
  const a = await fetch(p as string, {
    method: 'POST', body: JSON.stringify(b),
    headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': me.csrf_token, 'Idempotency-Key': `${Math.random()}` },
  })
  return { status: a.status, body: await a.json() as Record<string, unknown> }
}, [path, body] as const)

test('sites are pins with how many connectors are free, and nobody else is asked for the map', async () => {
  const { page } = w
  await page.locator('.pin').first().waitFor()
  const status = await page.evaluate(async () => (await (await fetch('/api/v1/site-status')).json()) as { items: { name: string; free: number; connectors: number }[] })
  const site = status.items.find((s) => s.name === 'A3E_station')!
  await page.getByRole('button', { name: new RegExp(`^A3E_station: \\d+/${site.connectors} connectors free$`) }).waitFor()
  await expect.poll(() => asked.size).toBe(1)
  expect([...asked]).toEqual([base])
  await picture(page, 'map-pins-1440')
})

test('a pin, and by keyboard a name of the list, opens the site with the way to its rows', async () => {
  const { page } = w
  await page.locator('.pin', { hasText: '/' }).first().click()
  const card = page.getByRole('region', { name: 'A3E_station' })
  await card.waitFor()
  expect(await faults(page)).toEqual([])
  await picture(page, 'map-chosen-1440')
  await card.getByRole('button', { name: 'Close' }).click()
  await card.waitFor({ state: 'detached' })
  await page.locator('.map-row', { hasText: 'A3E_station' }).focus()
  await page.keyboard.press('Enter')
  await card.getByRole('link', { name: 'Charge points' }).click()
  await page.waitForURL(`${base}/live/points?site=A3E_station`)
  await page.locator('tr[data-id]').first().waitFor()
  await page.goto(`${base}/live/map`)
})

test('a position is entered as it is copied, a wrong one is said at the field, and the site comes onto the map', async () => {
  const { page } = w
  await page.goto(`${base}/assets/stations`)
  await settled(page)
  await page.getByRole('button', { name: 'Add', exact: true }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name', { exact: true }).fill('Depot at the harbour')
  await dialog.getByLabel('Position').fill('53,5 9,9')
  await dialog.getByRole('button', { name: 'Save', exact: true }).click()
  await dialog.getByText('Write latitude, longitude').waitFor()
  expect(await dialog.getByLabel('Position').inputValue(), 'nothing typed is lost').toBe('53,5 9,9')
  await dialog.getByLabel('Position').fill('(53.5413, 9.9841)')
  await dialog.getByRole('button', { name: 'Save', exact: true }).click()
  await dialog.waitFor({ state: 'detached' })
  await page.goto(`${base}/live/map`)
  await page.locator('.map-row', { hasText: 'Depot at the harbour' }).filter({ hasText: 'No connector yet' }).waitFor()
  await page.getByRole('button', { name: 'Depot at the harbour: 0/0 connectors free' }).waitFor()
  expect((await post('/api/v1/sites', { name: 'x', time_zone: 'UTC', position: { latitude: '91', longitude: '0' } })).body)
    .toMatchObject({ errors: [{ pointer: '/position/latitude' }] })
})

test('what happens at a site is on the open map by the event stream', async () => {
  const { page } = w
  await page.getByText('Live', { exact: true }).waitFor()
  const counts = () => page.locator('.map-row', { hasText: 'A3E_station' }).locator('.map-counts').innerText()
  const before = await counts()
  // One more connector in use or free: the points of the demo come and go by themselves,
  // and one is taken out of order here.
  const point = await page.evaluate(async () => {
    const { items } = (await (await fetch('/api/v1/charge-points?online=true&limit=100')).json()) as { items: { id: string; point_status: string }[] }
    return (items.find((p) => p.point_status === 'AVAILABLE') ?? items[0])!.id
  })
  await post('/api/v1/commands', { charge_point_id: point, type: 'change_availability', connector: 0, availability: 'inoperative', reason: 'looked at' })
  await expect.poll(counts, { timeout: 30_000 }).not.toBe(before)
})

test('the map is narrowed by name and state, and the address keeps it', async () => {
  const { page } = w
  await page.getByLabel('Name or address').fill('harbour')
  await page.waitForURL(/name=harbour/)
  await expect.poll(() => page.locator('.map-row').count()).toBe(1)
  await page.goto(`${base}/live/map?state=UNKNOWN`)
  await page.locator('.map-row', { hasText: 'Depot at the harbour' }).waitFor()
  expect(await page.locator('.map-row', { hasText: 'A3E_station' }).count()).toBe(0)
  await page.goto(`${base}/live/map?state=<script>&name=${encodeURIComponent('=1+1')}`)
  await page.getByText(/No row matches|Nothing matches|No Data/).first().waitFor()
})

test('at 390 px the map is above its list, in the dark and in German', async () => {
  const p = await openWindow({ size: phone, dark: true, language: 'de' })
  await p.page.goto(`${base}/login`)
  await p.page.locator('input').first().fill('admin')
  await p.page.locator('input[type=password]').fill(logins.admin!)
  await p.page.keyboard.press('Enter')
  await p.page.locator('.top').waitFor()
  await p.page.goto(`${base}/live/map`)
  await p.page.locator('.pin').first().waitFor()
  await expect.poll(() => p.page.evaluate(() => document.scrollingElement!.scrollWidth - innerWidth)).toBeLessThanOrEqual(0)
  expect(await faults(p.page)).toEqual([])
  await picture(p.page, 'map-390-dark-de-open')
  expect(p.errors).toEqual([])
  await p.close()
})

test('pictures come from where the operator says, with whom they are by', async () => {
  const seen: string[] = []
  const from = new Set<string>()
  const pixel = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==', 'base64')
  const pictures = createServer((req, res) => {
    seen.push(req.url ?? '')
    from.add(req.headers.referer ?? 'nobody')
    res.setHeader('Content-Type', 'image/png')
    res.end(pixel)
  })
  await new Promise<void>((r) => { pictures.listen(0, '127.0.0.1', r) })
  const { port } = pictures.address() as AddressInfo
  const server = await startServer('--map-tiles', `http://127.0.0.1:${port}/{z}/{x}/{y}.png`, '--map-credit', '© the mapmakers')
  const p = await openWindow({ size: wide })
  await signIn(p.page, 'admin', '/live/map', server)
  await p.page.getByText('© the mapmakers').waitFor()
  await p.page.locator('.leaflet-tile-loaded').first().waitFor()
  expect(seen.every((u) => /^\/\d+\/\d+\/\d+\.png$/.test(u))).toBe(true)
  expect([...from], 'map servers want to know whose page asks').toEqual([`${server.base}/`])
  expect(p.errors).toEqual([])
  await p.close()
  await server.stop()
  pictures.close()
}, 120_000)
