import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { base, faults, logins, openWindow, phone, picture, settled, signIn, wide, type Window } from './browser'

// The limits of recharges, a second person above one of them, and the books that come of
// it: the journal, an entry, a recharge taken back, a month closed and opened again.

let w: Window
let driver: { id: string; account: string }
const chief = { login: 'chief', password: 'correct horse battery' }

beforeAll(async () => {
  w = await openWindow({ size: wide })
  await signIn(w.page, 'admin', '/finance/recharges')
  await settled(w.page)
  driver = await w.page.evaluate(async (c) => {
    const me = await (await fetch('/api/v1/me')).json() as { csrf_token: string }
    const made = await fetch('/api/v1/staff', {
      method: 'POST', headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': me.csrf_token, 'Idempotency-Key': 'chief' },
      body: JSON.stringify({ ...c, name: 'Carla Chief', role: 'op_admin' }),
    })
    if (!made.ok) throw new Error(await made.text())
    return ((await (await fetch('/api/v1/drivers?limit=1')).json()) as { items: typeof driver[] }).items[0]!
  }, chief)
})

beforeEach(() => w.page.setViewportSize(wide))

afterAll(async () => {
  expect(w.errors).toEqual([])
  await w.close()
})

/** Nothing that axe finds and nothing sticks out, at a desk and on a phone. */
async function looked(name: string) {
  const { page } = w
  for (const [size, suffix] of [[phone, '390'], [wide, '1440']] as const) {
    await page.setViewportSize(size)
    // Once the page has taken the new width.
    await expect.poll(() => page.locator('main').evaluate((m) => m.scrollWidth - m.clientWidth), { message: `${name} ${suffix}: nothing sticks out` }).toBeLessThanOrEqual(0)
    expect(await faults(page), `${name} ${suffix}`).toEqual([])
    await picture(page, `${name}-${suffix}`)
  }
}

async function recharge(amount: string, reason: string) {
  const { page } = w
  const dialog = page.getByRole('dialog')
  await page.getByRole('button', { name: 'Recharge an account' }).first().click()
  await dialog.getByLabel('Account').fill(driver.account)
  await page.locator('.ant-select-item-option', { hasText: driver.account }).first().click()
  await dialog.getByLabel('Amount').fill(amount)
  await dialog.getByLabel('Reason').fill(reason)
  await dialog.getByRole('button', { name: 'Recharge', exact: true }).click()
  await dialog.waitFor({ state: 'hidden' })
}

test('limits are saved as they were typed, and a wrong one says what is wrong', async () => {
  const { page } = w
  const dialog = page.getByRole('dialog')
  await page.getByRole('button', { name: 'Limits' }).click()
  await dialog.getByLabel('Suggestions').fill('15; 30,50')
  await dialog.getByLabel('Second person above').fill('100')
  await dialog.getByLabel('Bonus on recharges').fill('50 to 2')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await dialog.getByText('Like 50=2; 100=5').first().waitFor()
  await dialog.getByLabel('Bonus on recharges').fill('50=2')
  await looked('limits')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await dialog.waitFor({ state: 'hidden' })
  await page.reload()
  await settled(page)
  await page.getByRole('button', { name: 'Limits' }).click()
  expect(await dialog.getByLabel('Suggestions').inputValue()).toBe('15.00; 30.50')
  expect(await dialog.getByLabel('Second person above').inputValue()).toBe('100.00')
  expect(await dialog.getByLabel('Bonus on recharges').inputValue()).toBe('50.00=2.00')
  await dialog.getByRole('button', { name: 'Cancel' }).click()
})

test('what is above the limit waits for a second person, who approves it; the bonus comes on top', async () => {
  const { page } = w
  await recharge('120', 'Fleet card')
  const waits = page.getByRole('alert').filter({ hasText: 'wait for a second person' })
  await waits.getByText('You asked for it yourself.').waitFor()
  expect(await waits.getByRole('button', { name: 'Approve' }).count(), 'whoever asked does not approve').toBe(0)
  await looked('approval')

  const second = await openWindow({ size: wide })
  await signIn(second.page, chief.login, '/finance/recharges', { base, logins: { ...logins, [chief.login]: chief.password } })
  await second.page.getByRole('button', { name: 'Approve' }).click()
  await second.page.getByRole('dialog').getByText('Fleet card').waitFor()
  await second.page.getByRole('dialog').getByRole('button', { name: 'Approve' }).click()
  await second.page.locator('tr[data-id]', { hasText: 'Fleet card' }).getByText('120.00').waitFor()
  expect(second.errors).toEqual([])
  await second.close()

  await page.reload()
  await page.locator('tr[data-id]', { hasText: 'Fleet card' }).getByRole('link', { name: /^Details of recharge/ }).click()
  await page.locator('.record-main').getByText(/^2\.00/).waitFor()
  await looked('recharge')
})

test('the entry of a recharge has both sides; what is taken back is in the journal and in the sums', async () => {
  const { page } = w
  await page.getByRole('link', { name: 'Entry', exact: true }).click()
  await page.getByRole('table', { name: 'In the books' }).getByText('Bonus given').waitFor()
  await looked('entry')
  await page.goto(`${base}/finance/recharges`)
  await page.locator('tr[data-id]', { hasText: 'Fleet card' }).getByRole('button', { name: /^Take recharge/ }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Reason').fill('Wrong card')
  await dialog.getByRole('button', { name: 'Take back' }).click()
  await dialog.waitFor({ state: 'hidden' })
  await page.locator('tr[data-id]', { hasText: 'Wrong card' }).waitFor()

  await page.goto(`${base}/finance/ledger`)
  await page.getByText('Debit and credit are equal.').waitFor()
  await looked('ledger')
  await page.getByRole('link', { name: 'Charging account: bonus' }).click()
  await page.waitForURL(/\/finance\/ledger\/postings\?/)
  await page.locator('tr[data-id]').first().waitFor()
  expect(await page.locator('.ledger-head').innerText(), 'given and taken back').toMatch(/Debit\s+2\.00[\s\S]*Credit\s+2\.00[\s\S]*Closing\s+0\.00/)
  await page.getByText('Days of America/Santiago').waitFor()
  await looked('statement')
})

test('a month is closed and opened again, each with a reason; one that is not over is not', async () => {
  const { page } = w
  const dialog = page.getByRole('dialog')
  await page.goto(`${base}/finance/ledger`)
  await page.getByText('No month is closed.').waitFor()
  await page.getByRole('button', { name: 'Close a month' }).click()
  const last = await dialog.getByLabel('Month').inputValue()
  expect(last).toMatch(/^\d{4}-\d\d$/)
  await dialog.getByRole('button', { name: 'Close the month' }).click()
  await dialog.getByText('This is needed.').waitFor()
  await dialog.getByLabel('Reason').fill('Reported')
  await dialog.getByLabel('Month').fill('2999-01')
  await dialog.getByRole('button', { name: 'Close the month' }).click()
  await dialog.getByText(/2999-01 is not over/).waitFor()
  expect(await dialog.getByLabel('Reason').inputValue(), 'nothing typed is lost').toBe('Reported')
  await looked('close-month')
  await dialog.getByLabel('Month').fill(last)
  await dialog.getByRole('button', { name: 'Close the month' }).click()
  await dialog.waitFor({ state: 'hidden' })
  await page.getByRole('button', { name: 'Open again' }).click()
  await dialog.getByLabel('Reason').fill('A bill came late')
  await dialog.getByRole('button', { name: 'Open again' }).click()
  await dialog.waitFor({ state: 'hidden' })
  await page.getByRole('region', { name: 'Closed months' }).getByText('A bill came late').waitFor()
  await looked('closed-months')
})
