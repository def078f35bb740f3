import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { ask, base, faults, openWindow, phone, picture, settled, signIn, wide, type Window } from './browser'
import { device, type Device } from './device'

// Charges that cannot be billed without a person: each is opened from the warning that
// tells of it, decided with a reason, and the record, the books and the warning follow.

let w: Window
let box: Device
let driver: { id: string; account: string; charging_account: string }
const card = 'FEED0001'

beforeAll(async () => {
  w = await openWindow({ size: wide })
  const { page } = w
  await signIn(page, 'admin', '/live/warnings')
  const sites = await ask<{ items: { id: string }[] }>(page, 'GET', 'sites?limit=1')
  const made = await ask<{ key: string }>(page, 'POST', 'charge-points', {
    site_id: sites.items[0]!.id, identity: 'DOUBT-1', name: 'Doubtful post', charger_type: 'AC', max_power_w: 22_000,
    connectors: [{ number: 1, type: 'Type 2', max_power_w: 22_000 }],
  })
  driver = await ask(page, 'POST', 'drivers', { account: '13900000401', name: 'Rosa Reading' })
  await ask(page, 'POST', 'tokens', { driver_id: driver.id, uid: card })
  await ask(page, 'POST', `drivers/${driver.id}/recharges`, { amount: { amount: '100.00', currency: 'EUR' }, reason: 'to charge with' })
  box = await device(base, 'DOUBT-1', made.key)
  await box.call('BootNotification', { chargePointVendor: 'Test', chargePointModel: 'T1' })
})

beforeEach(() => w.page.setViewportSize(wide))

afterAll(async () => {
  box.drop()
  expect(w.errors).toEqual([])
  await w.close()
})

const minutesAgo = (n: number) => new Date(Date.now() - n * 60_000).toISOString()

/** A charge of 5 kWh by its samples, whose stop is far below its start. */
async function doubtful(): Promise<string> {
  const { transactionId } = await box.call('StartTransaction', { connectorId: 1, idTag: card, meterStart: 9000, timestamp: minutesAgo(60) })
  await box.call('MeterValues', { connectorId: 1, transactionId, meterValue: [{ timestamp: minutesAgo(30), sampledValue: [{ value: '14000', measurand: 'Energy.Active.Import.Register', unit: 'Wh' }] }] })
  await box.call('StopTransaction', { transactionId, idTag: card, meterStop: 100, timestamp: minutesAgo(5) })
  await box.call('StatusNotification', { connectorId: 1, errorCode: 'NoError', status: 'Available' })
  const { items } = await ask<{ items: { id: string }[] }>(w.page, 'GET', 'sessions?point=Doubtful&record_state=ABNORMAL&sort=-started_at&limit=1')
  return items[0]!.id
}

async function looked(name: string) {
  const { page } = w
  for (const [size, suffix] of [[phone, '390'], [wide, '1440']] as const) {
    await page.setViewportSize(size)
    await expect.poll(() => page.evaluate(() => document.scrollingElement!.scrollWidth - innerWidth), { message: `${name} ${suffix}: nothing sticks out` }).toBeLessThanOrEqual(0)
    expect(await faults(page), `${name} ${suffix}`).toEqual([])
    await picture(page, `${name}-${suffix}`)
  }
}

test('a bill is decided with another energy, once; record, books and warning follow', async () => {
  const { page } = w
  const dialog = page.getByRole('dialog')
  await doubtful()
  await page.goto(`${base}/live/warnings?point=Doubtful`)
  const warning = page.locator('tr[data-id]', { hasText: 'Abnormal bill' })
  await warning.getByRole('button', { name: /^Show/ }).click()
  await page.getByRole('link', { name: 'Open the record' }).click()
  await page.locator('.record-head').getByText('Abnormal bill').waitFor()
  await page.getByRole('button', { name: 'Review' }).click()
  await looked('review')
  // Nothing is decided without a reason, or with more than the connector can give.
  await dialog.getByRole('button', { name: 'Decide' }).click()
  await dialog.getByText('This is needed.').waitFor()
  await dialog.getByLabel('Reason').fill('Read off the meter')
  await dialog.getByLabel(/^Energy delivered/).fill('900')
  await dialog.getByRole('button', { name: 'Decide' }).click()
  await dialog.locator('.ant-form-item-explain-error', { hasText: 'than the connector can give' }).waitFor()
  expect(await dialog.getByLabel('Reason').inputValue(), 'nothing typed is lost').toBe('Read off the meter')
  await dialog.getByLabel(/^Energy delivered/).fill('10')
  await dialog.getByRole('button', { name: 'Decide' }).click()
  await dialog.waitFor({ state: 'hidden' })

  await page.locator('.record-head').getByText('Adjusted', { exact: true }).waitFor()
  await page.locator('.record-main').getByText('10.000 kWh').waitFor()
  await page.locator('.record-facts').getByText('Read off the meter').waitFor()
  await page.locator('.record-facts').getByText('Ada Admin').waitFor()
  await page.locator('.record-facts').getByText('5.000 kWh').waitFor()
  expect(await page.getByRole('button', { name: 'Review' }).count(), 'once').toBe(0)
  const total = (await page.locator('.record-total').innerText()).split(' ')[0]!
  expect(Number(total), 'something is owed').toBeGreaterThan(0)
  await looked('reviewed')
  await page.getByRole('tab', { name: 'Books' }).click()
  await page.locator('.record-tabs').getByText(total).first().waitFor()

  // Nobody has to clear the warning beside.
  await page.goto(`${base}/live/warnings?point=Doubtful&state=CLEARED`)
  await warning.waitFor()
  await page.goto(`${base}/live/warnings?point=Doubtful`)
  await page.locator('.blank').waitFor()
})

test('nothing is taken of another, in German, in the dark and on a phone', async () => {
  const { page } = w
  const id = await doubtful()
  const before = await ask<{ balance: { amount: string } }>(page, 'GET', `drivers/${driver.id}`)
  await page.emulateMedia({ colorScheme: 'dark' })
  await page.evaluate(() => localStorage.setItem('ccms.language', 'de'))
  await page.goto(`${base}/finance/records/${id}`)
  await page.getByRole('button', { name: 'Prüfen' }).click()
  await looked('review-dark-de')
  await page.setViewportSize(phone)
  const dialog = page.getByRole('dialog')
  await dialog.getByText('Nichts berechnen').click()
  expect(await dialog.getByLabel(/Energie/).count(), 'nothing is corrected then').toBe(0)
  await dialog.getByLabel('Grund').fill('Das Fahrzeug stand nur')
  await picture(page, 'review-void-390-dark-de')
  await dialog.getByRole('button', { name: 'Entscheiden' }).click()
  await dialog.waitFor({ state: 'hidden' })
  await page.locator('.record-facts').getByText('Das Fahrzeug stand nur').waitFor()
  await looked('reviewed-dark-de')
  expect((await ask<{ balance: { amount: string } }>(page, 'GET', `drivers/${driver.id}`)).balance, 'nothing was taken').toEqual(before.balance)
  await page.goto(`${base}/finance/records`)
  await settled(page)
})
