import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { faults, openWindow, phone, picture, settled, signIn, wide, type Window } from './browser'
import { startServer } from './server'

// Which price applies where and for whom: groups, assignments, the matrix, the price test
// that explains the winner, and what other prices would have come to.

let w: Window

/** Calls the API as the page would. */
const call = (method: string, path: string, body?: object) => w.page.evaluate(async ([m, p, b]) => {
  const me = await (await fetch('/api/v1/me')).json() as { csrf_token: string }
  const init: RequestInit = { method: m, headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': me.csrf_token } }
  if (b) init.body = b
  const r = await fetch(`/api/v1/${p}`, init)
  if (!r.ok) throw new Error(`${m} ${p}: ${await r.text()}`)
  return r.status === 204 ? {} : await r.json() as Record<string, unknown>
}, [method, path, body && JSON.stringify(body)] as const)

const plan = (name: string, price: string) => call('POST', 'plans', { name, currency: 'EUR', vat_permille: 200, electricity: [{ from: '00:00', to: '24:00', price }] })

let point: { id: string; name: string; site_id: string; site_name: string }

beforeAll(async () => {
  w = await openWindow({ size: wide })
  await signIn(w.page, 'admin', '/finance/plans')
  await settled(w.page)
  point = ((await call('GET', 'charge-points?limit=1')).items as (typeof point)[])[0]!
})

beforeEach(() => w.page.setViewportSize(wide))

afterAll(async () => {
  expect(w.errors).toEqual([])
  await w.close()
})

const choose = async (label: string, text: string) => {
  const { page } = w
  const box = page.getByRole('combobox', { name: new RegExp(`^\\W*${label}( \\(|$)`) }).last() // a mark before it says that it is needed
  await box.click()
  if (await box.isEditable()) await box.fill(text)
  await page.locator('.ant-select-item-option', { hasText: text }).last().click()
}

test('a group is made, gets members and can be left again', async () => {
  const { page } = w
  await page.goto(`${new URL(page.url()).origin}/users/groups`)
  await settled(page)
  await page.getByRole('button', { name: 'Add', exact: true }).first().click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Group Name').fill('Couriers')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await dialog.waitFor({ state: 'hidden' })
  await page.getByRole('link', { name: 'Couriers' }).click()
  await page.getByRole('button', { name: 'Add members' }).first().click()
  const account = ((await call('GET', 'drivers?limit=1')).items as { account: string }[])[0]!.account
  await choose('Profiles', account)
  await dialog.getByText('Add members to Couriers').click() // the list of drivers closes
  await dialog.getByRole('button', { name: 'Add members' }).click()
  await dialog.waitFor({ state: 'hidden' })
  await page.locator('[data-id]', { hasText: account }).waitFor()
  expect(await faults(page)).toEqual([])
  await picture(page, 'group-1440')
})

test('FIN-A10 the price test explains why a plan wins, on a desk and on a phone', async () => {
  const { page } = w
  const group = ((await call('GET', 'groups?name=Couriers')).items as { id: string }[])[0]!.id
  const fleet = await plan('Courier price', '0.20')
  const gold = await plan('Gold price', '0.25')
  await call('POST', 'plan-assignments', { plan_id: fleet.id, audience: 'GROUP', group_id: group, places: [{ site_id: point.site_id }] })
  await call('POST', 'plan-assignments', { plan_id: gold.id, audience: 'LEVEL', membership_level: 'Gold', places: [{}] })
  await page.goto(`${new URL(page.url()).origin}/finance/plans`)
  await settled(page)
  await page.getByRole('tab', { name: 'Price test' }).click()
  await choose('Point Name', point.name)
  await choose('Who charges', 'A member of a group')
  await choose('Group', 'Couriers')
  await page.getByLabel('Energy', { exact: true }).fill('10')
  await page.getByRole('button', { name: 'Show the price' }).click()
  const result = page.getByRole('region', { name: 'Result' })
  await result.getByText('Courier price, version 1').waitFor()
  await result.getByText('Because it is for the group of the driver.').waitFor()
  const rows = result.getByRole('table', { name: 'Why this plan' }).getByRole('row')
  expect(await rows.nth(1).innerText()).toMatch(/Courier price\s+Group Couriers\s+Charging Station\s+This one/)
  await rows.filter({ hasText: 'Gold price' }).getByText('It is for others').waitFor()
  await result.getByText('2.40 EUR', { exact: true }).waitFor() // 10 kWh at 0.20, 20 % of VAT
  expect(await faults(page), 'the price test').toEqual([])
  await picture(page, 'price-test-1440')
  await page.setViewportSize(phone)
  await expect.poll(() => page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth), { message: 'nothing sticks out of a phone' }).toBeLessThanOrEqual(0)
  expect(await faults(page), 'on a phone').toEqual([])
  await picture(page, 'price-test-390')
  await page.setViewportSize(wide)
  await choose('Who charges', 'Ad hoc, without a profile')
  await page.getByRole('button', { name: 'Show the price' }).click()
  await rows.filter({ hasText: 'Courier price' }).getByText('It is for others').waitFor()
})

test('which price applies where, and one plan for many at once', async () => {
  const { page } = w
  const guests = await plan('Guest price', '0.70')
  await page.getByRole('tab', { name: 'Which price applies where' }).click()
  const matrix = page.getByRole('table', { name: 'Which price applies where' })
  await matrix.getByRole('columnheader', { name: 'Group Couriers' }).waitFor()
  await matrix.getByRole('row', { name: new RegExp(point.site_name) }).getByText('Courier price').waitFor()
  expect(await faults(page), 'the matrix').toEqual([])
  await picture(page, 'price-matrix-1440')
  await matrix.getByRole('link', { name: point.site_name }).click()
  await matrix.getByRole('row', { name: new RegExp(point.name) }).first().waitFor()
  await page.getByRole('checkbox', { name: 'Choose all on this page' }).check()
  await page.getByRole('button', { name: /^Assign a plan to \d+$/ }).click()
  const dialog = page.getByRole('dialog')
  await choose('For', 'Ad hoc, without a profile')
  await choose('Plan', 'Guest price')
  await picture(page, 'price-assign-1440')
  expect(await faults(page), 'the dialog').toEqual([])
  await dialog.getByRole('button', { name: 'Save' }).click()
  await dialog.waitFor({ state: 'hidden' })
  await matrix.getByRole('row', { name: new RegExp(point.name) }).first().getByText('Guest price').waitFor()
  await page.setViewportSize(phone)
  expect(await faults(page), 'on a phone').toEqual([])
  await picture(page, 'price-matrix-390')
  const l = await call('GET', `plan-assignments?plan_id=${String(guests.id)}&limit=100`)
  expect((l.items as unknown[]).length).toBe(l.total)
  await page.setViewportSize(wide)
  await page.getByRole('tab', { name: 'Assigned' }).click()
  await page.locator('[data-id]', { hasText: 'Guest price' }).first().waitFor()
  await page.getByRole('button', { name: 'Take Gold price away: Level Gold' }).click()
  await page.getByRole('button', { name: 'Take away', exact: true }).last().click()
  await page.locator('[data-id]', { hasText: 'Gold price' }).waitFor({ state: 'detached' })
  await picture(page, 'price-assigned-1440')
})

test('last week under another plan: by fee, beside what was billed', async () => {
  const past = await startServer('--history', '5')
  const own = await openWindow({ size: wide })
  const { page } = own
  try {
    await signIn(page, 'admin', '/finance/plans?tab=compare', past)
    // The past is written while the server runs.
    const billed = () => page.evaluate(async () => {
      const sums = await (await fetch('/api/v1/sessions/sums?state=COMPLETED')).json() as { count: number; items: { total: { amount: string } }[] }
      return { count: sums.count, total: sums.items[0]?.total.amount }
    })
    await expect.poll(async () => (await billed()).count, { timeout: 30_000 }).toBeGreaterThan(5)
    const box = page.getByRole('combobox', { name: 'Under this plan' })
    await box.click()
    await box.fill('Day')
    await page.locator('.ant-select-item-option', { hasText: 'Day and night' }).click()
    const result = page.getByRole('region', { name: 'Result' })
    await expect.poll(async () => {
      const before = await billed()
      await page.getByRole('button', { name: 'Compare' }).click()
      await result.getByText(`${before.count} sessions`).waitFor({ timeout: 2000 }).catch(() => undefined)
      const row = await result.getByRole('row', { name: /^Total/ }).innerText().catch(() => '')
      return { count: await result.getByText(`${before.count} sessions`).count(), billed: row.replaceAll(',', '').split(/\s+/)[1] === before.total }
    }, { timeout: 30_000 }).toEqual({ count: 1, billed: true })
    await result.getByText(/^Difference: /).waitFor()
    expect(await faults(page), 'the comparison').toEqual([])
    await picture(page, 'price-compare-1440')
    await page.setViewportSize(phone)
    expect(await faults(page), 'on a phone').toEqual([])
    await picture(page, 'price-compare-390')
    expect(own.errors).toEqual([])
  } finally {
    await own.close()
    await past.stop()
  }
})

test('in German, in the dark, on a phone', async () => {
  const { page } = w
  await page.emulateMedia({ colorScheme: 'dark' })
  await page.evaluate(() => localStorage.setItem('ccms.language', 'de'))
  await page.goto(`${new URL(page.url()).origin}/finance/plans?tab=test`)
  await page.getByRole('button', { name: 'Preis zeigen' }).waitFor()
  await choose('Ladepunkt', point.name)
  await page.getByRole('button', { name: 'Preis zeigen' }).click()
  await page.getByRole('region', { name: 'Ergebnis' }).getByText('Dieser', { exact: true }).waitFor()
  await page.setViewportSize(phone)
  expect(await faults(page), 'German, dark').toEqual([])
  await picture(page, 'price-test-de-dark-390')
})

test('FIN-A8 a plan in yen has no decimals in the list, the form and what a charge would cost', async () => {
  const own = await openWindow({ size: wide })
  const { page } = own
  try {
    await signIn(page, 'owner', '/finance/plans')
    await page.evaluate(async () => {
      const post = async (path: string, body: object) => {
        const me = await (await fetch('/api/v1/me')).json() as { csrf_token: string }
        const r = await fetch(`/api/v1/${path}`, { method: 'POST', headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': me.csrf_token }, body: JSON.stringify(body) })
        if (!r.ok) throw new Error(await r.text())
        return await r.json() as { id: string }
      }
      const o = await post('operators', { name: 'Kyoto', currency: 'JPY', time_zone: 'Asia/Tokyo' })
      await post('me/operator', { operator_id: o.id, reason: 'test' })
      await post('plans', { name: 'Yen', currency: 'JPY', vat_permille: 100, electricity: [{ from: '00:00', to: '24:00', price: '35' }], service_per_kwh: '5', start_fee: '100', idle: { per_minute: '10', grace_s: 0 } })
    })
    await page.reload()
    await settled(page)
    const row = await page.locator('[data-id]').first().innerText()
    expect(row).toMatch(/35/)
    expect(row, 'in the list').not.toMatch(/\d[.,]\d/)
    await page.getByRole('button', { name: 'Change Yen' }).first().click()
    const dialog = page.getByRole('dialog')
    expect(await dialog.getByLabel('Start fee', { exact: true }).inputValue()).toBe('100')
    expect(await dialog.getByLabel('Hold at start').inputValue()).toBe('5000')
    const preview = dialog.getByRole('region', { name: 'What a charge would cost' })
    await preview.getByText('990 JPY', { exact: true }).waitFor() // 20 kWh at 40 and a start, 10 % of VAT
    expect(await preview.getByRole('cell').allInnerTexts().then((all) => all.filter((c) => /^\d+[.,]\d+$/.test(c.trim()))), 'prices and amounts').toEqual([])
    await picture(page, 'plan-form-yen')
    expect(own.errors).toEqual([])
  } finally {
    await own.close()
  }
})
