import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { faults, openWindow, phone, picture, settled, signIn, wide, type Window } from './browser'

// A billing plan: its bands and stages, what a charge would cost under it, and two people
// who change it at once.

let w: Window

beforeAll(async () => {
  w = await openWindow({ size: wide })
  await signIn(w.page, 'admin', '/finance/plans')
  await settled(w.page)
})

beforeEach(() => w.page.setViewportSize(wide))

afterAll(async () => {
  expect(w.errors).toEqual([])
  await w.close()
})

test('bands, stages and the price of a charge, before it is saved', async () => {
  const { page } = w
  const dialog = page.getByRole('dialog')
  await page.getByRole('button', { name: 'Add', exact: true }).first().click()
  await dialog.getByLabel('Name').first().fill('Peak and valley')
  await dialog.getByLabel('From', { exact: true }).first().fill('06:00')
  await dialog.getByLabel('To', { exact: true }).first().fill('22:00')
  await dialog.getByLabel('Price', { exact: true }).first().fill('0.40')
  const preview = dialog.getByRole('region', { name: 'What a charge would cost' })
  await preview.getByText('without a price').waitFor() // the night has none yet
  await dialog.getByRole('button', { name: 'Add a band' }).click()
  await dialog.getByLabel('From', { exact: true }).nth(1).fill('22:00')
  await dialog.getByLabel('To', { exact: true }).nth(1).fill('06:00')
  await dialog.getByLabel('Price', { exact: true }).nth(1).fill('0.20')
  await dialog.getByLabel('Start fee', { exact: true }).fill('1')
  // 20 kWh by day at 0.40, a start, 20 % VAT.
  await preview.getByText('10.80 EUR').first().waitFor()
  await preview.getByLabel('Start').fill('23:00')
  await preview.getByText('6.00 EUR').first().waitFor()
  expect(await dialog.getByRole('table', { name: 'The week' }).getByText('0.40').count()).toBe(7)
  await dialog.getByRole('switch', { name: 'Charge for keeping a connector' }).click()
  await dialog.locator('[id$="reservation_per_minute"]').fill('0.05') // the other fees have a field of that name too
  await preview.getByLabel('Reserved before').fill('12')
  await preview.getByText('6.72 EUR').first().waitFor()
  expect(await faults(page), 'the form').toEqual([])
  await picture(page, 'plan-form-1440')
  await page.setViewportSize(phone)
  expect(await faults(page), 'the form on a phone').toEqual([])
  await picture(page, 'plan-form-390')
  await page.setViewportSize(wide)
  await dialog.getByRole('button', { name: 'Save' }).click()
  await dialog.waitFor({ state: 'hidden' })
  await page.getByText('Peak and valley').first().waitFor()
})

test('two people change a plan: both versions are shown, and what is chosen is saved', async () => {
  const { page } = w
  const dialog = page.getByRole('dialog')
  await page.getByRole('button', { name: 'Change Peak and valley' }).first().click()
  await dialog.getByLabel('Start fee', { exact: true }).fill('2')
  await page.evaluate(async () => {
    const me = await (await fetch('/api/v1/me')).json() as { csrf_token: string }
    const plan = ((await (await fetch('/api/v1/plans?name=Peak%20and%20valley')).json()) as { items: Record<string, unknown>[] }).items[0]!
    const { id, version, plan_version, saved_at, sub_operator_id, ...body } = plan
    void [plan_version, saved_at, sub_operator_id]
    const done = await fetch(`/api/v1/plans/${id as string}`, {
      method: 'PUT', headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': me.csrf_token, 'If-Match': `"${String(version)}"` },
      body: JSON.stringify({ ...body, start_fee: '3', vat_permille: 190 }),
    })
    if (!done.ok) throw new Error(await done.text())
  })
  await dialog.getByRole('button', { name: 'Save' }).click()
  const fee = dialog.getByRole('group', { name: 'Start fee', exact: true })
  await fee.getByRole('radio', { name: / 2$/ }).waitFor()
  await fee.getByRole('radio', { name: / 3\.00$/ }).waitFor()
  await picture(page, 'plan-conflict-1440')
  await dialog.getByRole('group', { name: 'VAT' }).getByRole('radio', { name: / 19$/ }).waitFor()
  await dialog.getByRole('button', { name: 'Save' }).click()
  await dialog.waitFor({ state: 'hidden' })
  const saved = await page.evaluate(async () => ((await (await fetch('/api/v1/plans?name=Peak%20and%20valley')).json()) as { items: { start_fee: string; vat_permille: number }[] }).items[0]!)
  expect([saved.start_fee, saved.vat_permille], 'mine where I typed, theirs where I did not').toEqual(['2.00', 190])
})

test('the form in German and in the dark', async () => {
  const { page } = w
  await page.emulateMedia({ colorScheme: 'dark' })
  await page.evaluate(() => localStorage.setItem('ccms.language', 'de'))
  await page.reload()
  await settled(page)
  await page.getByRole('button', { name: 'Peak and valley ändern' }).first().click()
  await page.getByRole('dialog').getByText('Nach dem Laden').waitFor()
  await page.getByRole('dialog').getByText(/Gesamt|Summe/).first().waitFor()
  expect(await faults(page), 'German, dark').toEqual([])
  await picture(page, 'plan-form-de-dark')
  await page.setViewportSize(phone)
  await picture(page, 'plan-form-de-dark-390')
})
