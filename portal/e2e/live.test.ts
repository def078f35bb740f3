import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { base, openWindow, phone, picture, settled, signIn, wide, type Window } from './browser'

let w: Window
beforeAll(async () => {
  w = await openWindow()
  await signIn(w.page, 'admin', '/live/charging')
  await w.page.locator('tr[data-id]').first().waitFor()
})
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') await picture(w.page, `failed-${task.name.slice(0, 40).replaceAll(/\W+/g, '-')}`)
  await w.page.unrouteAll()
})
afterAll(async () => {
  expect(w.errors).toEqual([])
  await w.close()
})

test('the columns are those of the guide, in its order; the type of the car is there for the asking', async () => {
  const titles = await w.page.locator('thead th').allInnerTexts()
  expect(titles.map((t) => t.replace(/\n.*\/.*/, '').replaceAll('\n', ' ').trim())).toEqual([
    'Charging Station', 'Name', 'Transaction ID', 'User', 'Mobile Number', 'Start Time', 'Current(A)', 'Voltage(V)', 'SOC(%)',
    'Connector Status', 'Operation',
  ])
  await expect.poll(() => w.page.locator('.list-rows').evaluate((e) => e.scrollWidth - e.clientWidth), { message: 'with the menu open, none is cut off' }).toBeLessThanOrEqual(0)
  expect(titles.find((t) => t.startsWith('Start Time')), 'the zone is the site\'s and named').toContain('America/Santiago')
  await picture(w.page, 'live-charging-1440')
})

test('values change in place by the event stream alone', async () => {
  const { page } = w
  await page.reload()
  await page.locator('tr[data-id]').first().waitFor()
  await page.getByText('Live', { exact: true }).waitFor()
  // From here on no list can be asked for: what changes came by the stream.
  await page.route('**/api/v1/sessions?*', (r) => r.abort())
  const rows = () => page.locator('tbody tr[data-id]').evaluateAll((all) => all.map((r) => ({
    id: r.getAttribute('data-id')!,
    values: [...r.querySelectorAll('td')].slice(6, 9).map((c) => c.textContent).join(' '),
  })))
  const before = await rows()
  await expect.poll(async () => {
    const now = await rows()
    return now.some((r) => before.some((b) => b.id === r.id && b.values !== r.values))
  }, { timeout: 120_000, interval: 250 }).toBe(true)
  expect((await rows()).slice(0, before.length).map((r) => r.id), 'no row moved').toEqual(before.map((b) => b.id))
  await page.unroute('**/api/v1/sessions?*')
}, 150_000)

test('a lost connection is a quiet bar, and goes when it is back', async () => {
  const { page } = w
  await page.route('**/api/v1/live?*', (r) => r.abort())
  await page.reload()
  await page.getByText('The live connection is lost.').waitFor({ timeout: 20_000 })
  expect(await page.getByRole('dialog').count()).toBe(0)
  expect(await page.locator('tr[data-id]').count(), 'the rows are there all the same').toBeGreaterThan(0)
  await picture(page, 'live-lost-1440')
  await page.unroute('**/api/v1/live?*')
  await page.getByText('The live connection is lost.').waitFor({ state: 'detached', timeout: 30_000 })
})

test('Refresh says what came of it', async () => {
  const { page } = w
  const row = page.locator('tr[data-id]', { has: page.getByRole('button', { name: /^Refresh/ }) }).first()
  await row.getByRole('button', { name: /^Refresh/ }).click()
  await row.getByText(/New values at \d\d:\d\d:\d\d/).waitFor({ timeout: 40_000 })
})

test('a click on Stop says what will happen, ends the session and shows the real result; the record has the bill', async () => {
  const { page } = w
  const row = page.locator('tr[data-id]', { has: page.locator('button:enabled', { hasText: 'Stop' }) }).first()
  const id = await row.getAttribute('data-id')
  const mine = page.locator(`tr[data-id="${id}"]`)
  const point = await mine.locator('td').nth(1).innerText()
  const transaction = (await mine.locator('td').nth(2).innerText()).trim()
  await mine.getByRole('button', { name: `Stop transaction ${transaction}` }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText(`${point} is told to end transaction ${transaction} now.`).waitFor()
  await picture(page, 'stop-asks-1440')

  // Escape lets it charge.
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'detached' })
  await mine.getByRole('button', { name: `Stop transaction ${transaction}` }).focus()
  await page.keyboard.press('Enter')
  await dialog.getByLabel('Reason').fill('Asked for by the driver')
  await dialog.getByRole('button', { name: 'Stop the charge' }).click()
  await dialog.getByText('Accepted', { exact: true }).waitFor({ timeout: 40_000 })
  await dialog.getByText('Session ended').waitFor({ timeout: 40_000 })
  await picture(page, 'stop-result-1440')
  await dialog.getByRole('button', { name: 'Close' }).last().click()
  await mine.getByText('Session ended').waitFor()

  await mine.getByRole('link', { name: `Open the record of transaction ${transaction}` }).click()
  await page.waitForURL(`${base}/finance/records/${id}`)
  await page.getByRole('heading', { name: `Transaction ${transaction}` }).waitFor()
  await page.getByText('Stopped remotely', { exact: true }).waitFor()
  // The plan has an idle fee, so the bill waits for the cable to be pulled.
  await page.locator('.bill-open').first().waitFor({ timeout: 180_000 })
  const cents = (text: string) => Math.round(Number(text.replace(/[^\d.-]/g, '')) * 100)
  const lines = await page.locator('.bill-table tbody tr td:last-child').allInnerTexts()
  const sums = (await page.locator('.bill-sums dd').allInnerTexts()).map(cents)
  const net = sums[0]!
  const total = sums.at(-1)!
  expect(lines.map(cents).reduce((a, b) => a + b, 0), 'the lines add up to the net').toBe(net)
  expect(sums.slice(0, -1).reduce((a, b) => a + b, 0), 'net and tax add up to the total').toBe(total)
  expect(cents(await page.locator('.record-total').innerText())).toBe(total)
  await page.getByRole('button', { name: /^Electricity/ }).first().click()
  await page.locator('.segments li').first().waitFor()
  expect((await page.locator('.segment-why').first().innerText()).length, 'each stretch says why').toBeGreaterThan(5)
  await picture(page, 'record-price-1440')
  await page.setViewportSize(phone)
  await expect.poll(() => page.locator('main').evaluate((m) => m.scrollWidth - m.clientWidth), { message: 'the bill fits on a phone' }).toBeLessThanOrEqual(0)
  await expect.poll(() => page.locator('.scroll-x').evaluate((m) => m.scrollWidth - m.clientWidth), { message: 'the bill fits on a phone' }).toBeLessThanOrEqual(0)
  await page.locator('.bill').scrollIntoViewIfNeeded()
  await picture(page, 'record-price-390')
  await page.setViewportSize(wide)

  await page.getByRole('tab', { name: 'Commands' }).click()
  await page.getByText('Asked for by the driver').waitFor()
  await page.getByRole('tab', { name: 'Start attempts' }).click()
  await page.locator('.history li').first().waitFor()
  await page.getByRole('tab', { name: 'Timeline' }).click()
  for (const action of ['StartTransaction', 'MeterValues', 'RemoteStopTransaction', 'StopTransaction']) {
    await page.locator('.timeline b', { hasText: new RegExp(`^${action}$`) }).first().waitFor()
  }
  await picture(page, 'record-timeline-1440')
  await page.getByRole('tab', { name: 'Meter' }).click()
  await page.locator('.chart canvas').waitFor()
  await page.getByText('Values as a table').click()
  expect(await page.locator('.scroll-table tbody tr').count()).toBeGreaterThan(1)
  const download = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Save as CSV' }).click()
  expect((await download).suggestedFilename()).toBe(`${transaction}-meter.csv`)
  await picture(page, 'record-meter-1440')
}, 300_000)

test('Charge Point Status opens to the connectors, and a message can be asked for', async () => {
  const { page } = w
  await page.goto(`${base}/live/points`)
  await settled(page)
  expect((await page.locator('thead th').allInnerTexts()).slice(2, 9).map((t) => t.replaceAll('\n', ' ').trim())).toEqual([
    'Charging Station', 'Name', 'Serial Number', 'Connector Numbers', 'Online Status', 'Charger Type', 'Point Status',
  ])
  await page.getByRole('button', { name: 'Show the connectors of Point_2' }).click()
  const inner = page.getByRole('table', { name: 'Connectors of Point_2' })
  await inner.waitFor()
  expect(await inner.locator('tbody tr').count()).toBe(2)
  await picture(page, 'live-points-1440')

  await page.getByRole('button', { name: 'Commands for Point_1' }).click()
  await page.getByText('Ask for a message…').click()
  await page.getByRole('button', { name: 'Ask', exact: true }).click()
  await page.getByText('The message came').waitFor({ timeout: 40_000 })
  await picture(page, 'trigger-result-1440')
})

test('filters live in the address and come back with it', async () => {
  const { page } = w
  await page.goto(`${base}/live/points`)
  await settled(page)
  await page.getByLabel('Name', { exact: true }).fill('Point_1')
  await page.waitForURL(`${base}/live/points?name=Point_1`)
  await expect.poll(() => page.locator('tr[data-id]').count()).toBe(1)
  await page.reload()
  await settled(page)
  expect(await page.locator('tr[data-id]').count()).toBe(1)
  expect(await page.getByLabel('Name', { exact: true }).inputValue()).toBe('Point_1')
  await page.goto(`${base}/live/points?name=zzz`)
  await page.getByText('Nothing matches these filters.').waitFor()
  await page.getByRole('button', { name: 'Clear the filters' }).first().click()
  await expect.poll(() => page.locator('tr[data-id]').count()).toBeGreaterThan(3)
})
