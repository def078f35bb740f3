import { afterAll, beforeAll, expect, test } from 'vitest'
import { base, openWindow, phone, picture, seriousFaults, settled, signIn, wide, type Window } from './browser'
import { device, type Device } from './device'

// A new charge point is plugged in somewhere; the desk takes it in.

let w: Window
let box: Device
const key = '00112233445566778899aabbccddeeff00112233'

beforeAll(async () => {
  w = await openWindow({ size: wide })
  await signIn(w.page, 'admin', '/assets/inbox')
  box = await device(base, 'NEW-BOX', key)
  await box.call('BootNotification', { chargePointVendor: 'Vendor', chargePointModel: 'Model 3', chargePointSerialNumber: 'SN-7', firmwareVersion: '1.2' })
})

afterAll(async () => {
  box.drop()
  expect(w.errors).toEqual([])
  await w.close()
})

test('AST-R2: an unknown charge point is in the inbox and is adopted with the password that was seen', async () => {
  const { page } = w
  await page.reload()
  await settled(page)
  await page.locator('tr[data-id]', { hasText: 'NEW-BOX' }).getByText('Vendor Model 3 1.2').waitFor()
  expect(await seriousFaults(page)).toEqual([])
  await picture(page, 'inbox-1440')
  await page.setViewportSize(phone)
  await page.getByText('NEW-BOX').first().waitFor()
  await expect.poll(() => page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth), { message: 'nothing sticks out' }).toBeLessThanOrEqual(0)
  await page.setViewportSize(wide)

  await page.getByRole('button', { name: 'Adopt NEW-BOX' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name').fill('Adopted')
  await dialog.getByText(/^Keep the password it presented/).click()
  expect(await seriousFaults(page)).toEqual([])
  await dialog.getByRole('button', { name: 'Adopt' }).click()
  await page.waitForURL(/\/live\/points\/cp_/)
  await page.getByRole('heading', { name: 'Adopted' }).waitFor()
  box.drop()
  box = await device(base, 'NEW-BOX', key)
  await box.call('BootNotification', { chargePointVendor: 'Vendor', chargePointModel: 'Model 3', chargePointSerialNumber: 'SN-7', firmwareVersion: '1.2' })
})

test('AST-R1: another device in its place is shown until somebody says that it is right', async () => {
  const { page } = w
  await box.call('BootNotification', { chargePointVendor: 'Vendor', chargePointModel: 'Model 3', chargePointSerialNumber: 'SN-8', firmwareVersion: '1.2' })
  await page.reload()
  await page.getByRole('tab', { name: 'Hardware' }).click()
  await page.getByText(/SN-8 instead of SN-7/).waitFor()
  expect(await seriousFaults(page)).toEqual([])
  await page.getByRole('button', { name: 'Replace the device…' }).click()
  await page.getByRole('dialog').getByLabel('Reason').fill('replaced on Monday')
  await page.getByRole('dialog').getByRole('button', { name: 'Replace the device…' }).click()
  await page.getByText('replaced on Monday').waitFor()
  expect(await page.getByText(/SN-8 instead of SN-7/).count()).toBe(0)
})

test('AST-R4: a template begins with the default settings, as a draft', async () => {
  const { page } = w
  await page.goto(`${base}/assets/templates`)
  await page.getByRole('button', { name: 'Add' }).first().click()
  await page.getByRole('dialog').getByRole('button', { name: 'Next' }).click()
  const edit = page.getByRole('dialog', { name: 'Edit Default' })
  await edit.waitFor()
  expect(await edit.getByLabel('Setting 1', { exact: true }).inputValue()).toBe('HeartbeatInterval')
  expect(await seriousFaults(page)).toEqual([])
  await edit.getByLabel('Value 1', { exact: true }).fill('240')
  await edit.getByRole('button', { name: 'Save' }).click()
  await page.locator('tr[data-id]', { hasText: 'Draft' }).waitFor()
})

test('what staff know of a model is said once', async () => {
  const { page } = w
  await page.goto(`${base}/assets/models`)
  await page.getByRole('button', { name: 'Add' }).first().click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Vendor').fill('ABB')
  await dialog.getByLabel('Model').fill('Terra AC')
  expect(await seriousFaults(page)).toEqual([])
  await dialog.getByRole('button', { name: 'Save' }).click()
  await page.locator('tr[data-id]', { hasText: 'ABB Terra AC' }).waitFor()
})
