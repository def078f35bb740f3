// A person sends commands: from the list, from the page of a charge point, to many.

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { base, logins, openWindow, phone, picture, seriousFaults, settled, signIn, wide, type Window } from './browser'

const digits = async (w: Window) => (/\d{4}/.exec(await w.page.getByRole('dialog').getByText(/^Type \d{4} to confirm/).innerText()))![0]

/** Opens the page of a charge point that is online. */
async function openPoint(w: Window): Promise<string> {
  await w.page.goto(`${base}/live/points?online=true`)
  await settled(w.page)
  const link = w.page.locator('tr[data-id] a[href^="/live/points/"]').first()
  const name = await link.innerText()
  await link.click()
  await w.page.locator('.record-head h2', { hasText: name }).waitFor()
  return name
}

describe('the commands of a charge point', () => {
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

  test('the columns are those of the guide, others can be chosen', async () => {
    const { page } = w
    await page.goto(`${base}/live/points`)
    await settled(page)
    await page.locator('thead th', { hasText: 'Serial Number' }).waitFor()
    const titles = (await page.locator('thead th').allInnerTexts()).map((x) => x.trim()).filter((x) => x !== '' && x !== 'Connectors')
    expect(titles.filter((x) => x !== 'Details')).toEqual([
      'Charging Station', 'Name', 'Serial Number', 'Connector Numbers', 'Online Status', 'Charger Type', 'Point Status', 'Operation',
    ])
    await page.getByRole('button', { name: 'Columns' }).click()
    await page.getByRole('checkbox', { name: 'Firmware' }).click() // not check: the tick comes with the answer
    await page.keyboard.press('Escape')
    await page.locator('thead th', { hasText: 'Firmware' }).waitFor()
  })

  test('unlock says what will happen, wants a reason, and shows what did', async () => {
    const { page } = w
    const name = await openPoint(w)
    await picture(page, 'point-connectors-1440')
    await page.getByRole('button', { name: `Commands for ${name}` }).click()
    await page.getByRole('menuitem', { name: 'Unlock…' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText('The point opens the lock of the connector').waitFor()
    await dialog.getByRole('button', { name: 'Unlock' }).click()
    await dialog.getByText('This is needed.').waitFor()
    await dialog.getByLabel('Reason').fill('The cable is stuck')
    await picture(page, 'point-unlock-1440')
    await dialog.getByRole('button', { name: 'Unlock' }).click()
    await dialog.getByText('The connector is unlocked').waitFor({ timeout: 40_000 })
    await picture(page, 'point-unlock-result-1440')
    await dialog.getByRole('button', { name: 'Close' }).last().click()
    await page.getByRole('tab', { name: 'Commands' }).click()
    await page.getByText('because: The cable is stuck').waitFor()
    await page.getByRole('tab', { name: 'Messages' }).click()
    const unlock = page.locator('.timeline b', { hasText: /^UnlockConnector$/ }).first()
    await expect.poll(async () => { // the journal is written in batches
      if (await unlock.count() === 0) await page.reload()
      return unlock.waitFor({ timeout: 5_000 }).then(() => true, () => false)
    }, { timeout: 40_000 }).toBe(true)
    await picture(page, 'point-frames-1440')
  })

  test('a setting shows its old and its new value before and after it is changed', async () => {
    const { page } = w
    await openPoint(w)
    await page.getByRole('tab', { name: 'Settings' }).click()
    await page.getByRole('button', { name: /^Read/ }).first().click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('button', { name: 'Read', exact: true }).click()
    await dialog.getByText('The settings were read').waitFor({ timeout: 40_000 })
    await dialog.getByRole('button', { name: 'Close' }).last().click()
    const row = page.locator('tr[data-key="MeterValueSampleInterval"]')
    await row.waitFor()
    const before = await row.locator('td').nth(1).innerText()
    const after = before === '45' ? '50' : '45'
    await row.getByRole('button', { name: 'Change MeterValueSampleInterval' }).click()
    await dialog.getByLabel('New value').fill(after)
    await dialog.getByLabel('Reason').fill('Finer curves')
    expect(await dialog.locator('p.diff').innerText()).toBe(`${before} → ${after}`)
    await picture(page, 'point-setting-1440')
    await dialog.getByRole('button', { name: 'Change' }).click()
    await dialog.getByText('The point uses the new value').waitFor({ timeout: 40_000 })
    expect(await dialog.locator('.diff').first().innerText()).toContain(`${before} → ${after}`)
    await dialog.getByRole('button', { name: 'Close' }).last().click()
    await row.locator('del', { hasText: before }).waitFor()
    expect(await row.locator('td').nth(1).innerText()).toBe(after)
    await picture(page, 'point-settings-1440')
  })

  test('LIVE-A3: a point that cannot be asked shows its last value, and no error', async () => {
    const { page } = w
    const name = await openPoint(w)
    await page.route('**/api/v1/charge-points/*/commands', (r) => r.fulfill({
      status: 422, contentType: 'application/problem+json',
      body: JSON.stringify({ type: 'urn:ccms:problem:command_unsupported', status: 422, title: 'Unprocessable Entity', code: 'command_unsupported', detail: 'The charge point says that it cannot be asked for messages.' }),
    }))
    await page.getByRole('button', { name: `Refresh the status of ${name}` }).click()
    await page.getByText(/^last value \d\d:\d\d:\d\d$/).waitFor()
    expect(await page.getByRole('alert').count(), 'no error').toBe(0)
    expect(await page.locator('.ant-message-error').count(), 'no error').toBe(0)
    await picture(page, 'point-last-value-1440')
  })

  test('an id of nobody is missing, not broken', async () => {
    await w.page.goto(`${base}/live/points/cp_00000000000000000000000000`)
    await w.page.getByText('This does not exist, or it belongs to another operator.').waitFor()
    await w.page.goto(`${base}/live/bulks/bulk_00000000000000000000000000`)
    await w.page.getByText('This does not exist, or it belongs to another operator.').waitFor()
  })
})

/** A sub-operator with staff, a site and charge points that nobody plugged in. */
async function makeSub(w: Window, points: number): Promise<{ login: string; password: string }> {
  const { page } = w
  const me = await (await page.request.get(`${base}/api/v1/me`)).json() as { csrf_token: string }
  const make = async <T extends { id: string }>(path: string, data: object): Promise<T> => {
    const r = await page.request.post(`${base}/api/v1/${path}`, { data, headers: { 'X-CSRF-Token': me.csrf_token } })
    expect(r.ok(), `${path}: ${await r.text()}`).toBe(true)
    return await r.json() as T
  }
  const login = `sub-${Date.now()}`
  const password = 'four-digits-first'
  const sub = await make('sub-operators', { name: login })
  await make('staff', { login, name: 'Sub Operations', role: 'op_ops', password, sub_operator_id: sub.id })
  const site = await make('sites', { name: 'Sub_station', time_zone: 'UTC', sub_operator_id: sub.id })
  for (let i = 1; i <= points; i++) {
    const r = await page.request.post(`${base}/api/v1/charge-points`, { data: { site_id: site.id, identity: `${login}-${i}`, name: `Sub ${i}`, charger_type: 'AC' }, headers: { 'X-CSRF-Token': me.csrf_token } })
    expect(r.ok(), await r.text()).toBe(true)
  }
  return { login, password }
}

const subPoints = 12

describe('LIVE-A8: a sub-operator\'s staff reset many', () => {
  let w: Window
  beforeAll(async () => {
    const admin = await openWindow()
    await signIn(admin.page)
    const { login, password } = await makeSub(admin, subPoints)
    await admin.close()
    logins[login] = password
    w = await openWindow()
    await signIn(w.page, login, '/live/points')
    await settled(w.page)
  })
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') await picture(w.page, `failed-${task.name.slice(0, 40).replaceAll(/\W+/g, '-')}`)
  })
  afterAll(async () => {
    expect(w.errors).toEqual([])
    await w.close()
  })

  test('four digits and a reason first; then a result for each row', async () => {
    const { page } = w
    await page.getByRole('checkbox', { name: 'Choose all on this page' }).check()
    await page.getByText(/^\d+ chosen/).waitFor()
    const count = Number(/\d+/.exec(await page.getByText(/^\d+ chosen/).innerText())![0])
    expect(count, 'its own, and no more').toBe(subPoints)
    await page.getByRole('button', { name: 'Send a command' }).click()
    await page.getByRole('menuitem', { name: 'Soft reset…' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText(`${count} points at 1 site get it.`).waitFor()
    await dialog.getByLabel('Between two points of one site').click()
    await page.locator('.ant-select-item-option', { hasText: 'No pause' }).click()
    await dialog.getByLabel('Reason').fill('New firmware')
    await dialog.getByLabel(/^Type \d{4}/).fill('0000'.slice(0, 3))
    await dialog.getByRole('button', { name: /^Send to/ }).click()
    await dialog.getByText('These are not the four digits.').waitFor()
    expect(await seriousFaults(page)).toEqual([])
    await picture(page, 'bulk-asks-1440')
    await dialog.getByLabel(/^Type \d{4}/).fill(await digits(w))
    await dialog.getByRole('button', { name: /^Send to/ }).click()
    await page.waitForURL(/\/live\/bulks\/bulk_/)
    // None of them was ever connected: each row says so, and the whole is done.
    await expect.poll(() => page.locator('tr[data-id]', { hasText: 'Not sent' }).filter({ hasText: 'is offline' }).count(), { timeout: 40_000 }).toBe(count)
    await page.locator('.record-head').getByText('Sent', { exact: true }).waitFor()
    expect(await seriousFaults(page)).toEqual([])
    await picture(page, 'bulk-1440')
    await page.setViewportSize(phone)
    await expect.poll(() => page.locator('main').evaluate((m) => m.scrollWidth - m.clientWidth), { message: 'nothing sticks out' }).toBeLessThanOrEqual(0)
    await picture(page, 'bulk-390')
    await page.setViewportSize(wide)
  })
})

describe.each([
  ['at 1440 px', wide, false, '1440'],
  ['at 390 px', phone, false, '390'],
  ['at 390 px in the dark', phone, true, '390-dark'],
] as const)('the page of a charge point %s', (_name, size, dark, suffix) => {
  let w: Window
  beforeAll(async () => {
    w = await openWindow({ size, dark })
    await signIn(w.page)
  })
  afterAll(async () => {
    expect(w.errors).toEqual([])
    await w.close()
  })

  test('has no serious fault and fits', async () => {
    const { page } = w
    await page.goto(`${base}/live/points?online=true`)
    await settled(page)
    await page.locator('a[href^="/live/points/"]').first().click()
    await page.locator('.record-head').waitFor()
    for (const tab of ['connectors', 'sessions', 'reservations', 'commands', 'configuration', 'security', 'files', 'firmware', 'frames', 'vendor', 'warnings', 'hardware']) {
      await page.goto(`${page.url().split('?')[0]}?tab=${tab}`)
      await page.locator('.record-tabs').waitFor()
      await page.locator('.skeleton').waitFor({ state: 'detached' })
      await picture(page, `point-${tab}-${suffix}`)
      expect(await seriousFaults(page), tab).toEqual([])
      await expect.poll(() => page.locator('main').evaluate((m) => m.scrollWidth - m.clientWidth), { message: `${tab}: nothing sticks out` }).toBeLessThanOrEqual(0)
    }
  })
})
