import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { base, openWindow, phone, picture, seriousFaults, settled, signIn, wide, type Window } from './browser'
import { device, type Device, stranger } from './device'

// A person at the desk: trouble shows by itself, is looked at, and is ended with a reason.

let w: Window
let box: Device

beforeAll(async () => {
  w = await openWindow({ size: wide })
  await signIn(w.page, 'admin', '/live/warnings')
  // A charge point of the test's own, made as staff make one.
  const made = await w.page.evaluate(async () => {
    const me = await (await fetch('/api/v1/me')).json() as { csrf_token: string }
    const sites = await (await fetch('/api/v1/sites?limit=1')).json() as { items: { id: string }[] }
    const answer = await fetch('/api/v1/charge-points', {
      method: 'POST', headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': me.csrf_token },
      body: JSON.stringify({ site_id: sites.items[0]!.id, identity: 'TROUBLE-1', name: 'Trouble_1', charger_type: 'AC', connectors: [{ number: 1 }, { number: 2 }] }),
    })
    return await answer.json() as { key: string }
  })
  box = await device(base, 'TROUBLE-1', made.key)
  await box.call('BootNotification', { chargePointVendor: 'Test', chargePointModel: 'T1' })
})

afterAll(async () => {
  box.drop()
  expect(w.errors).toEqual([])
  await w.close()
})

const row = (text: string) => w.page.locator('tr[data-id]', { hasText: text })

test('LIVE-A4: a ground fault shows on the open screen, CRITICAL and of its connector', async () => {
  const { page } = w
  await settled(page)
  await box.call('StatusNotification', { connectorId: 2, status: 'Faulted', errorCode: 'GroundFailure', vendorErrorCode: '0x41', timestamp: new Date().toISOString() })
  const fault = row('ground fault')
  await fault.waitFor()
  expect(await fault.innerText()).toMatch(/Trouble_1[\s\S]*2[\s\S]*ground fault · 0x41[\s\S]*CRITICAL[\s\S]*Connector Error/)
  await page.getByRole('link', { name: /^Live Warning.*nobody has looked at/ }).waitFor()
})

test('a knock of a device that nobody knows is told', async () => {
  expect(await stranger(base, 'NOBODY-7'), 'it may say who it is').toBe(101)
  await row('NOBODY-7 wants to connect').waitFor()
})

test('a warning is opened, acknowledged by keyboard, and cleared with a reason', async () => {
  const { page } = w
  const fault = row('ground fault')
  await fault.getByRole('button', { name: /^Show/ }).click()
  await page.getByRole('table', { name: 'History' }).getByText('Raised').waitFor()
  await picture(page, 'live-warnings-1440')
  expect(await seriousFaults(page)).toEqual([])
  await expect.poll(() => page.locator('main').evaluate((m) => m.scrollWidth - m.clientWidth), { message: 'nothing sticks out' }).toBeLessThanOrEqual(0)

  await fault.getByRole('button', { name: /^Acknowledge/ }).focus()
  await page.keyboard.press('Enter')
  await fault.getByText('Acknowledged').waitFor()
  await page.getByRole('table', { name: 'History' }).getByText('Acknowledged').waitFor()

  await fault.getByRole('button', { name: /^Clear/ }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText('about safety').waitFor()
  expect(await seriousFaults(page), 'the dialog').toEqual([])
  await picture(page, 'warning-clear-1440')
  await dialog.getByRole('button', { name: 'Clear', exact: true }).click()
  await dialog.getByText('Needed').or(dialog.locator('.ant-form-item-explain-error')).first().waitFor() // not without a reason
  await dialog.getByLabel('Reason').fill('insulation measured <b>twice</b>')
  await dialog.getByRole('button', { name: 'Clear', exact: true }).click()
  await dialog.waitFor({ state: 'hidden' })
  await fault.getByText('Cleared', { exact: true }).waitFor()
  await page.goto(`${base}/live/warnings?state=CLEARED`)
  await row('ground fault').getByRole('button', { name: /^Show/ }).click()
  await page.getByText('insulation measured <b>twice</b>').first().waitFor()
})

test('many are chosen and ended at once', async () => {
  const { page } = w
  for (const code of ['ReaderFailure', 'WeakSignal']) {
    await box.call('StatusNotification', { connectorId: code === 'WeakSignal' ? 1 : 2, status: 'Faulted', errorCode: code, timestamp: new Date().toISOString() })
  }
  await page.goto(`${base}/live/warnings?point=Trouble`)
  await row('weak radio signal').waitFor()
  await row('card reader failed').waitFor()
  await page.getByRole('checkbox', { name: 'Choose all of this page' }).or(page.locator('th .ant-checkbox-input')).first().check()
  await page.locator('.bulk-bar').getByRole('button', { name: /^Clear:/ }).click()
  await page.getByRole('dialog').getByLabel('Reason').fill('done')
  await page.getByRole('dialog').getByRole('button', { name: 'Clear', exact: true }).click()
  await page.getByRole('dialog').waitFor({ state: 'hidden' })
  await page.getByRole('button', { name: 'Refresh' }).click()
  await page.locator('.blank').waitFor()
  // The point's own page keeps them all.
  await page.goto(`${base}/live/warnings?state=CLEARED`)
  await row('weak radio signal').getByRole('link', { name: 'Trouble_1' }).click()
  await page.getByRole('tab', { name: 'Warnings', selected: true }).waitFor()
  await row('weak radio signal').waitFor()
  await picture(page, 'point-warnings-1440')
  expect(await seriousFaults(page)).toEqual([])
})

test('AUTH-R5: why a card was refused is found by the card', async () => {
  const { page } = w
  await box.call('Authorize', { idTag: 'UNKNOWN-CARD' })
  await page.goto(`${base}/live/attempts?q=unknown-card&decision=refused`)
  const attempt = row('UNKNOWN-CARD')
  await attempt.waitFor()
  expect(await attempt.innerText()).toMatch(/Trouble_1[\s\S]*Invalid[\s\S]*card/i)
  await picture(page, 'live-attempts-1440')
  expect(await seriousFaults(page)).toEqual([])
})

test('all warnings and start attempts of the filter go into a file', async () => {
  const { page } = w
  for (const [path, name, column, value] of [
    ['live/warnings?point=Trouble&state=CLEARED', 'warnings', 'code', 'GroundFailure'], ['live/attempts?q=unknown-card', 'attempts', 'token_uid', 'UNKNOWN-CARD'],
  ] as const) {
    await page.goto(`${base}/${path}`)
    await page.locator('tr[data-id]').first().waitFor()
    for (const format of ['CSV', 'Excel (XLSX)']) {
      await page.getByRole('button', { name: 'Export' }).click()
      const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('menuitem', { name: format }).click()])
      expect(file.suggestedFilename()).toMatch(new RegExp(`^${name}-\\d{4}-\\d\\d-\\d\\d\\.(csv|xlsx)$`))
      if (format !== 'CSV') continue
      const [head, ...rows] = readFileSync(await file.path(), 'utf8').trimEnd().split('\r\n')
      expect(head!.split(',')).toContain(column)
      expect(rows.join('\n')).toContain(value)
      expect(rows.length, 'the filter, not the page and not all').toBe(await page.locator('tr[data-id]').count())
    }
  }
})

test('at 390 px a warning is a card with its actions, in the dark and in German', async () => {
  await box.call('StatusNotification', { connectorId: 2, status: 'Faulted', errorCode: 'OverVoltage', timestamp: new Date().toISOString() })
  const small = await openWindow({ size: phone, dark: true, language: 'de' })
  const { page } = small
  await page.goto(`${base}/login?next=${encodeURIComponent('/live/warnings')}`)
  await page.locator('input').first().fill('admin')
  const { logins } = await import('./browser')
  await page.locator('input[type=password]').fill(logins.admin!)
  await page.keyboard.press('Enter')
  const card = page.locator('li[data-id]', { hasText: 'Überspannung' })
  await card.waitFor()
  await card.getByRole('button', { name: /^Quittieren/ }).click()
  await card.getByText('Quittiert', { exact: true }).waitFor()
  await picture(page, 'live-warnings-390-dark')
  expect(await seriousFaults(page)).toEqual([])
  await expect.poll(() => page.evaluate(() => document.scrollingElement!.scrollWidth - innerWidth), { message: 'nothing sticks out' }).toBeLessThanOrEqual(0)
  expect(small.errors).toEqual([])
  await small.close()
})
