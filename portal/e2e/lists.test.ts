// Cards that a charge point lets in while it is offline, and a connector that is kept for
// somebody: made, changed by two people at once, taken back; at a desk and in a hand.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { ask as askAPI, base, faults, openWindow, phone, picture, settled, signIn, wide, type Window } from './browser'
import { device, type Device } from './device'

let w: Window
let box: Device
let point: string
let version = 0

const ask = <T>(method: string, path: string, body?: object, match?: number) => askAPI<T>(w.page, method, path, body, match)

async function looked(what: string) {
  for (const size of [phone, wide]) {
    await w.page.setViewportSize(size)
    await settled(w.page)
    // Rows become cards a moment after the width has changed.
    await expect.poll(() => w.page.locator('main').evaluate((m) => m.scrollWidth - m.clientWidth), { message: `${what} at ${size.width}: nothing sticks out` }).toBeLessThanOrEqual(0)
    await picture(w.page, `${what}-${size.width}`)
    expect(await faults(w.page), `${what} at ${size.width}`).toEqual([])
  }
}

beforeAll(async () => {
  w = await openWindow()
  await signIn(w.page)
  const sites = await ask<{ items: { id: string }[] }>('GET', 'sites?limit=1')
  const made = await ask<{ charge_point: { id: string }; key: string }>('POST', 'charge-points', {
    site_id: sites.items[0]!.id, name: 'Gate box', identity: 'GATE-BOX', charger_type: 'AC', connectors: [{ number: 1, type: 'Type 2', max_power_w: 22_000 }, { number: 2, type: 'Type 2', max_power_w: 22_000 }],
  })
  point = made.charge_point.id
  box = await device(base, 'GATE-BOX', made.key, {
    GetConfiguration: () => ({ configurationKey: [
      { key: 'SupportedFeatureProfiles', readonly: true, value: 'Core,LocalAuthListManagement,Reservation' },
      { key: 'LocalAuthListEnabled', readonly: false, value: 'true' },
      { key: 'LocalAuthListMaxLength', readonly: true, value: '100' },
      { key: 'SendLocalListMaxLength', readonly: true, value: '50' },
    ] }),
    SendLocalList: (p) => {
      version = p.listVersion as number
      return { status: 'Accepted' }
    },
    GetLocalListVersion: () => ({ listVersion: version }),
    ReserveNow: () => ({ status: 'Accepted' }),
    CancelReservation: () => ({ status: 'Accepted' }),
  })
  await box.call('BootNotification', { chargePointVendor: 'Vendor', chargePointModel: 'Gate', firmwareVersion: '1' })
  for (const connectorId of [0, 1, 2]) await box.call('StatusNotification', { connectorId, errorCode: 'NoError', status: 'Available' })
})

afterAll(async () => {
  box.drop()
  expect(w.errors).toEqual([])
  await w.close()
})

test('a list of chosen cards goes to a charge point', async () => {
  const { page } = w
  await page.goto(`${base}/users/local-lists`)
  await page.getByRole('button', { name: 'Add' }).first().click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await dialog.getByText('This is needed.').waitFor()
  await dialog.getByLabel('Name').fill('Gate')
  await dialog.getByLabel('Cards', { exact: true }).click()
  await page.getByTitle('Chosen cards').click()
  await dialog.getByLabel('RFID Cards').fill('144E7EDA')
  await page.locator('.ant-select-item-option', { hasText: '144E7EDA' }).click()
  await dialog.getByLabel('Charge points').fill('Gate box')
  await page.locator('.ant-select-item-option', { hasText: 'Gate box' }).click()
  await dialog.locator('.ant-modal-title').click()
  await page.locator('.ant-select-dropdown:visible').waitFor({ state: 'hidden' })
  expect(await faults(page), 'the dialog').toEqual([])
  await dialog.getByRole('button', { name: 'Save' }).click()
  await dialog.waitFor({ state: 'hidden' })
  await page.getByRole('link', { name: 'Gate', exact: true }).click()
  await page.locator('.record-head h2', { hasText: 'Gate' }).waitFor()
  await page.locator('.record-head').getByText('Done', { exact: true }).waitFor()
  expect(version, 'the charge point has it').toBeGreaterThan(0)
  await looked('local-list')
})

test('two people change it: both versions are shown, nothing that was typed is lost', async () => {
  const { page } = w
  const id = page.url().split('/').at(-1)!.split('?')[0]!
  await page.getByRole('button', { name: 'Edit' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name').fill('Gate, south')
  const now = await ask<{ version: number }>('GET', `local-lists/${id}`)
  await ask('PATCH', `local-lists/${id}`, { name: 'Gate, north', without_balance: true }, now.version)
  await dialog.getByRole('button', { name: 'Save' }).click()
  await dialog.getByText('Meanwhile somebody else saved this.').waitFor()
  await dialog.getByText('Gate, north').waitFor()
  const mine = dialog.getByRole('group', { name: 'Name' }).getByRole('radio', { name: /Yours: Gate, south/ })
  expect(await mine.isChecked()).toBe(true)
  expect(await dialog.getByRole('group', { name: 'Also cards without balance' }).getByRole('radio', { name: /Saved meanwhile: Yes/ }).isChecked()).toBe(true)
  expect(await faults(page), 'both versions').toEqual([])
  await dialog.getByRole('button', { name: 'Save' }).click()
  await dialog.waitFor({ state: 'hidden' })
  await page.locator('.record-head h2', { hasText: 'Gate, south' }).waitFor()
  await page.locator('.record-facts').getByText('Yes', { exact: true }).waitFor()
})

test('a list goes once its cards are off the charge points', async () => {
  const { page } = w
  await page.getByRole('button', { name: 'Delete' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
  await page.locator('.ant-message-error').first().waitFor()
  await page.getByRole('button', { name: 'Edit' }).click()
  await page.getByRole('dialog').getByLabel('Status').click()
  await page.getByTitle('INVALID').click()
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
  await page.getByRole('dialog').waitFor({ state: 'hidden' })
  await page.locator('.record-head').getByText('INVALID').waitFor()
  await expect.poll(async () => {
    const id = page.url().split('/').at(-1)!.split('?')[0]!
    const l = await ask<{ points_leaving: number; users_pushed: number; push_state: string }>('GET', `local-lists/${id}`)
    return l.points_leaving + l.users_pushed
  }, { timeout: 20_000 }).toBe(0)
  await page.reload()
  await page.getByRole('button', { name: 'Delete' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
  await page.waitForURL(`${base}/users/local-lists`)
  await page.getByText('There is no local list yet.').waitFor()
})

test('a connector is kept for a card, and given free', async () => {
  const { page } = w
  await page.goto(`${base}/live/points/${point}?tab=reservations`)
  await page.getByRole('tab', { name: 'Reservations', selected: true }).waitFor()
  await page.getByText('Nothing is reserved here.').waitFor()
  await page.getByRole('button', { name: 'Reserve' }).first().click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('button', { name: 'Reserve', exact: true }).click()
  await dialog.getByText('This is needed.').waitFor()
  await dialog.getByLabel('Card or driver').fill('13ADF65A')
  await page.locator('.ant-select-item-option', { hasText: '13ADF65A' }).first().click()
  await dialog.getByLabel('Reason').fill('on the way')
  expect(await faults(page), 'the dialog').toEqual([])
  await dialog.getByRole('button', { name: 'Reserve', exact: true }).click()
  await dialog.waitFor({ state: 'hidden' })
  const row = page.locator('tr[data-id]', { hasText: 'Elena Rojas' })
  await row.getByText('Active').waitFor()
  await row.getByText('on the way').waitFor()
  await looked('reservations')

  await page.setViewportSize(phone)
  await page.getByRole('button', { name: /^Cancel reservation/ }).click()
  await dialog.getByText('Anybody may charge there again.').waitFor()
  expect(await faults(page), 'in a hand').toEqual([])
  await dialog.getByRole('button', { name: 'Give it free' }).click()
  await dialog.waitFor({ state: 'hidden' })
  await page.locator('li[data-id]').getByText('Cancelled').waitFor()
  await page.setViewportSize(wide)
})
