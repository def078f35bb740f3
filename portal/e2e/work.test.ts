import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { base, openWindow, picture, settled, signIn, type Window } from './browser'

let w: Window
beforeAll(async () => {
  w = await openWindow()
  await signIn(w.page)
})
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') await picture(w.page, `failed-${task.name.slice(0, 40).replaceAll(/\W+/g, '-')}`)
  await w.page.unrouteAll()
})
afterAll(async () => {
  expect(w.errors).toEqual([])
  await w.close()
})

test('a new charge point: errors at the field, then its key, once', async () => {
  const { page } = w
  await page.goto(`${base}/assets/points`)
  await settled(page)
  await page.getByRole('button', { name: 'Add' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name', { exact: true }).fill('Point_9')
  await dialog.getByLabel('Serial Number').fill('no spaces please')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await dialog.getByText('Use letters, digits and').waitFor()
  // One that exists: the server's answer stands at its field or above the form.
  await dialog.getByLabel('Serial Number').fill('IOC_CL_A3E_1')
  await dialog.getByLabel('Max power').fill('7.4')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await dialog.locator('.ant-form-item-explain-error, [role="alert"]').first().waitFor()
  await picture(page, 'point-error-1440')
  expect(await dialog.getByLabel('Name', { exact: true }).inputValue(), 'nothing typed is lost').toBe('Point_9')
  await dialog.getByLabel('Serial Number').fill('IOC_CL_A3E_9')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await page.getByText('It is shown only this once.').waitFor()
  const key = await page.getByRole('dialog').locator('.mono').last().innerText()
  expect(key).toMatch(/^[0-9a-f]{32,40}$/i)
  await picture(page, 'point-key-1440')
  await page.getByRole('button', { name: 'I have entered it' }).click()
  await page.locator('tr[data-id]', { hasText: 'IOC_CL_A3E_9' }).filter({ hasText: '7.4' }).waitFor()
})

test('a new driver gets a card and money, and the recharge is on record', async () => {
  const { page } = w
  await page.goto(`${base}/users/profiles`)
  await settled(page)
  await page.getByRole('button', { name: 'Add' }).click()
  await page.getByRole('dialog').getByLabel('Account', { exact: true }).fill('13900000001')
  await page.getByRole('button', { name: 'Save' }).click()
  const row = page.locator('tr[data-id]', { hasText: '13900000001' })
  await row.waitFor()
  await row.getByRole('button', { name: 'Recharge account 13900000001' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Amount').fill('25,5')
  await dialog.getByLabel('Reason').fill('Cash at the desk')
  await dialog.getByRole('button', { name: 'Recharge' }).click()
  await dialog.getByText('Enter a number such as 0.30.').waitFor()
  await dialog.getByLabel('Amount').fill('25.50')
  await dialog.getByRole('button', { name: 'Recharge' }).click()
  await row.getByText('25.50', { exact: true }).waitFor()

  await page.goto(`${base}/users/cards`)
  await settled(page)
  await page.getByRole('button', { name: 'Add' }).click()
  await page.getByRole('dialog').getByLabel('Account').click()
  await page.keyboard.type('13900000001')
  await page.locator('.ant-select-item-option', { hasText: '13900000001' }).click()
  await page.getByRole('dialog').getByLabel('RFID Card').fill('0a:1b:2c:3d')
  await page.getByRole('button', { name: 'Save' }).click()
  const card = page.locator('tr[data-id]', { hasText: '0A1B2C3D' })
  await card.waitFor()
  await card.getByRole('button', { name: 'Disable card 0A1B2C3D' }).click()
  await page.getByText('It cannot start a charge any more.').waitFor()
  await page.getByRole('dialog').getByRole('button', { name: 'Disable' }).click()
  await card.getByText('DISABLE', { exact: true }).waitFor()

  await page.goto(`${base}/finance/recharges`)
  await page.locator('tr[data-id]', { hasText: 'Cash at the desk' }).filter({ hasText: '25.50' }).waitFor()
})

test('a plan is made and changed, and keeps count of its versions', async () => {
  const { page } = w
  await page.goto(`${base}/finance/plans`)
  await settled(page)
  await page.getByRole('button', { name: 'Add' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name').first().fill('Evening')
  await dialog.getByLabel('Price', { exact: true }).first().fill('0.42')
  await dialog.locator('#service_per_kwh').fill('0.10')
  await picture(page, 'plan-new-1440')
  await dialog.getByRole('button', { name: 'Save' }).click()
  const row = page.locator('tr[data-id]', { hasText: 'Evening' })
  await row.getByText('00:00–24:00 0.42').waitFor()
  await row.getByRole('button', { name: 'Change Evening' }).click()
  await dialog.getByLabel('Price', { exact: true }).first().fill('0.45')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await row.getByText('00:00–24:00 0.45').waitFor()
  expect(await row.locator('td').nth(1).innerText()).toBe('2')
})

test('leaving a form with something typed in it asks first', async () => {
  const { page } = w
  await page.goto(`${base}/assets/stations`)
  await settled(page)
  await page.getByRole('button', { name: 'Add' }).click()
  await page.getByRole('dialog').getByLabel('Name', { exact: true }).fill('Half a')
  await page.keyboard.press('Escape')
  await page.getByRole('dialog', { name: 'Discard what you typed?' }).waitFor()
  await page.getByRole('button', { name: 'Keep editing' }).click()
  expect(await page.getByRole('dialog').getByLabel('Name', { exact: true }).inputValue()).toBe('Half a')
})

test('an id of nobody is missing, not broken', async () => {
  const { page } = w
  await page.goto(`${base}/finance/records/ses_00000000000000000000000000`)
  await page.getByText('This does not exist, or it belongs to another operator.').waitFor()
  await page.goto(`${base}/no/such/page`)
  await page.getByText('There is no such page').waitFor()
})
