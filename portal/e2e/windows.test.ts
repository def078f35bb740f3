import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { base, faults, openWindow, phone, picture, settled, signIn, wide, type Window } from './browser'

// A window of maintenance from its plan to its end, the levels of warnings, and the
// commands that many points got.

let w: Window
let point: { id: string; name: string; site_name: string }

beforeAll(async () => {
  w = await openWindow({ size: wide })
  await signIn(w.page, 'admin', '/live/points')
  await settled(w.page)
  point = await w.page.evaluate(async () => {
    const { items } = await (await fetch('/api/v1/charge-points?online=true&limit=1')).json() as { items: typeof point[] }
    return items[0]!
  })
})

beforeEach(() => w.page.setViewportSize(wide))

afterAll(async () => {
  expect(w.errors).toEqual([])
  await w.close()
})

/** On a phone: nothing that axe finds, and nothing sticks out. At a desk looks.test.ts looks. */
async function looked(name: string) {
  const { page } = w
  await page.setViewportSize(phone)
  await settled(page)
  await expect.poll(() => page.locator('main').evaluate((m) => m.scrollWidth - m.clientWidth), { message: `${name}: nothing sticks out` }).toBeLessThanOrEqual(0)
  expect(await faults(page), name).toEqual([])
  await picture(page, `${name}-390`)
  await page.setViewportSize(wide)
}

/** What a field for a time takes, in the zone of the browser. */
const inHours = (hours: number) => w.page.evaluate((h) => {
  const d = new Date(Date.now() + h * 3_600_000)
  return new Date(d.getTime() - d.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}, hours)

test('a window is planned, shows beside the charge point and its station, and is ended', async () => {
  const { page } = w
  await page.goto(`${base}/upkeep/windows`)
  await page.getByText('No maintenance window was planned yet').waitFor()
  await page.getByRole('button', { name: 'Plan a window' }).first().click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Charging Station').click()
  await page.getByTitle(point.site_name, { exact: true }).click()
  await dialog.getByLabel('What is done').fill('Transformer is replaced')
  await dialog.getByRole('button', { name: 'Plan it' }).click()
  await dialog.getByText('This is needed.').waitFor()
  await dialog.getByLabel('Until').fill(await inHours(-2))
  await dialog.getByRole('button', { name: 'Plan it' }).click()
  await dialog.getByText(/must be later than now/).waitFor()
  expect(await faults(page), 'the dialog').toEqual([])
  await picture(page, 'window-dialog-1440')
  await dialog.getByLabel('Until').fill(await inHours(2))
  await dialog.getByRole('button', { name: 'Plan it' }).click()
  await dialog.waitFor({ state: 'hidden' })
  await page.locator('tr[data-id]', { hasText: 'Transformer is replaced' }).getByText('Running').waitFor()

  await page.goto(`${base}/live/points/${point.id}`)
  await page.locator('.record-head').getByText(/^Maintenance until/).waitFor()
  // One that begins later, from the charge point's own page.
  await page.getByRole('button', { name: `Plan maintenance of ${point.name}` }).click()
  await dialog.getByLabel('From').fill(await inHours(3))
  await dialog.getByLabel('Until').fill(await inHours(4))
  await dialog.getByLabel('What is done').fill('Cable')
  await dialog.getByRole('button', { name: 'Plan it' }).click()
  await dialog.waitFor({ state: 'hidden' })
  expect(await faults(page), 'beside the charge point').toEqual([])
  await picture(page, 'window-point-1440')
  await looked('window-point')
  await page.goto(`${base}/assets/stations`)
  await page.locator('tr[data-id]', { hasText: point.site_name }).getByText(/^Maintenance until/).click()
  await page.waitForURL(/\/upkeep\/windows\?state=RUNNING&site=/)
  await page.locator('tr[data-id]').first().waitFor()
  expect(await page.locator('tr[data-id]').count(), 'only what runs').toBe(1)

  await page.goto(`${base}/upkeep/windows`)
  await looked('windows')
  await page.getByRole('button', { name: `Call off: ${point.name}` }).click()
  await dialog.getByRole('button', { name: 'Call off' }).click()
  await page.getByRole('button', { name: `End now: all of ${point.site_name}` }).click()
  expect(await faults(page), 'the question').toEqual([])
  await picture(page, 'window-end-1440')
  await dialog.getByRole('button', { name: 'End now' }).click()
  await page.locator('tr[data-id]', { hasText: 'Transformer is replaced' }).getByText('Over').waitFor()
  await page.locator('tr[data-id]', { hasText: 'Cable' }).getByText('Over').waitFor()
})

test('Live Warning says how many are kept aside, and shows them', async () => {
  const { page } = w
  // In the demo nothing fails when it should: the server's answer is made here.
  const at = new Date().toISOString()
  await page.route((u) => u.pathname === '/api/v1/warnings' && u.searchParams.get('state') === 'SUPPRESSED', (r) => r.fulfill({ json: { total: 1, total_capped: false, items: [{
    id: 'wrn_00000000000000000000000001', charge_point_id: point.id, charge_point_name: point.name, site_name: point.site_name, connector: 0, type: 'OFFLINE',
    level: 'ERROR', state: 'SUPPRESSED', count: 1, first_at: at, at, received_at: at, version: 1,
  }] } }))
  await page.goto(`${base}/live/warnings`)
  await page.getByRole('link', { name: '1 warning kept aside' }).click()
  await page.waitForURL(`${base}/live/warnings?state=SUPPRESSED`)
  await page.locator('tr[data-id]', { hasText: point.name }).getByText('Kept aside', { exact: true }).waitFor()
  expect(await faults(page), 'kept aside').toEqual([])
  await picture(page, 'warnings-aside-1440')
  await looked('warnings-aside')
  await page.unrouteAll()
})

test('a type of warnings has a level of the operator, also when somebody saved meanwhile', async () => {
  const { page } = w
  await page.goto(`${base}/upkeep/levels`)
  const row = page.locator('tr[data-id]', { hasText: 'Flapping' })
  await row.getByText('WARN').waitFor()
  await page.locator('tr[data-id]', { hasText: 'Connector Error' }).getByText('Safety stays CRITICAL').waitFor()
  const choose = async (level: string) => {
    await row.getByRole('button', { name: 'Level of: Flapping' }).click()
    await page.getByRole('dialog').getByLabel('Your level').click()
    await page.getByTitle(level, { exact: true }).last().click()
  }
  const elsewhere = (levels: object) => page.evaluate(async (l) => {
    const me = await (await fetch('/api/v1/me')).json() as { csrf_token: string }
    const now = await fetch('/api/v1/warning-levels')
    return (await fetch('/api/v1/warning-levels', {
      method: 'PUT', headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': me.csrf_token, 'If-Match': now.headers.get('ETag')! }, body: JSON.stringify({ levels: l }),
    })).status
  }, levels)
  const save = page.getByRole('dialog').getByRole('button', { name: 'Save' })

  await choose('ERROR')
  expect(await faults(page), 'the dialog').toEqual([])
  await picture(page, 'levels-dialog-1440')
  // Another type: nobody is asked, and both hold.
  expect(await elsewhere({ OFFLINE: 'NOTICE' })).toBe(200)
  await save.click()
  await page.getByRole('dialog').waitFor({ state: 'hidden' })
  await row.getByText('ERROR').waitFor()
  await page.locator('tr[data-id]', { hasText: 'OFFLINE' }).getByText('NOTICE').waitFor()

  // The same type: both are shown, and one is chosen.
  await choose('INFO')
  expect(await elsewhere({ OFFLINE: 'NOTICE', FLAPPING: 'NOTICE' })).toBe(200)
  await save.click()
  await page.getByRole('dialog').getByText(/Meanwhile somebody else saved this/).waitFor()
  await save.click()
  await page.getByRole('dialog').waitFor({ state: 'hidden' })
  await row.getByText('INFO').waitFor()
  await looked('levels')
})

test('the commands that many points got are listed and open', async () => {
  const { page } = w
  expect(await page.evaluate(async (id) => {
    const me = await (await fetch('/api/v1/me')).json() as { csrf_token: string }
    return (await fetch('/api/v1/command-bulks', {
      method: 'POST', headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': me.csrf_token, 'Idempotency-Key': crypto.randomUUID() },
      body: JSON.stringify({ type: 'clear_cache', reason: 'Cards were exchanged', charge_point_ids: [id] }),
    })).status
  }, point.id)).toBe(202)
  await page.goto(`${base}/live/charging`)
  await page.getByRole('link', { name: 'Bulk commands' }).click()
  const row = page.locator('tr[data-id]', { hasText: 'Cards were exchanged' })
  await row.getByText('Ada Admin').waitFor()
  await looked('bulks')
  await row.getByRole('link', { name: 'Clear the cache' }).click()
  await page.locator('.record-head h2', { hasText: 'Clear the cache' }).waitFor()
  await page.getByRole('link', { name: 'Bulk commands' }).last().click()
  await page.waitForURL(`${base}/live/bulks`)
})
