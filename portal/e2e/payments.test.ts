import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { faults, openWindow, phone, picture, settled, signIn, wide, type Window } from './browser'
import { type Server, startServer } from './server'

// Ways to pay are set up, a driver is recharged by cash, by card and by PayPal, a part goes
// back, and a day is compared: against Stripe and PayPal of paysim, which take no money.

let w: Window
let server: Server
let driver: { id: string; account: string }
let keys: Record<string, string>
let stopSim: () => void

beforeAll(async () => {
  const ccms = process.env.CCMS_BIN ?? fileURLToPath(new URL('../../bin/ccms', import.meta.url))
  const sim = spawn(join(dirname(ccms), 'paysim'), [], { stdio: ['ignore', 'pipe', 'inherit'] })
  process.once('exit', () => sim.kill('SIGKILL'))
  stopSim = () => sim.kill('SIGTERM')
  const lines = createInterface(sim.stdout)[Symbol.asyncIterator]()
  const words = async () => ((await lines.next()).value as string).split(' ')
  const stripe = await words()
  const paypal = await words()
  keys = { stripe: stripe[3]!, hook: stripe[5]!, client: paypal[3]!, paypal: paypal[5]!, webhook: paypal[7]! }
  server = await startServer('--stripe-url', stripe[1]!, '--paypal-url', paypal[1]!)
  w = await openWindow({ size: wide })
  await signIn(w.page, 'admin', '/finance/payment-options', server)
  await settled(w.page)
  driver = await w.page.evaluate(async () => ((await (await fetch('/api/v1/drivers?limit=1')).json()) as { items: typeof driver[] }).items[0]!)
}, 120_000)

beforeEach(() => w.page.setViewportSize(wide))

afterAll(async () => {
  expect(w.errors).toEqual([])
  await w.close()
  await server.stop()
  stopSim()
})

/** Nothing that axe finds and nothing sticks out, at a desk and on a phone. */
async function looked(name: string) {
  const { page } = w
  for (const [size, suffix] of [[phone, '390'], [wide, '1440']] as const) {
    await page.setViewportSize(size)
    await expect.poll(() => page.locator('main').evaluate((m) => m.scrollWidth - m.clientWidth), { message: `${name} ${suffix}: nothing sticks out` }).toBeLessThanOrEqual(0)
    expect(await faults(page), `${name} ${suffix}`).toEqual([])
    await picture(page, `${name}-${suffix}`)
  }
}

async function go(path: string) {
  await w.page.goto(server.base + path)
  await settled(w.page)
}

async function begin(amount: string, method: string) {
  const { page } = w
  const dialog = page.getByRole('dialog')
  await go('/finance/recharges')
  await page.getByRole('button', { name: 'Recharge an account' }).first().click()
  await dialog.getByLabel('Account').fill(driver.account)
  await page.locator('.ant-select-item-option', { hasText: driver.account }).first().click()
  await dialog.getByLabel('Amount').fill(amount)
  await dialog.getByLabel('How it is paid').click()
  await page.locator('.ant-select-item-option', { hasText: method }).first().click()
  return dialog
}

test('ways to pay are set up, their keys are tested and never shown again', async () => {
  const { page } = w
  const dialog = page.getByRole('dialog')
  await page.getByRole('button', { name: 'Set up: Card (Stripe)' }).click()
  await dialog.getByLabel('Secret key').fill('pk_no')
  await dialog.getByLabel('Offer this way to pay').check()
  await dialog.getByRole('button', { name: 'Save' }).click()
  await dialog.getByText('it begins with sk_ or rk_').first().waitFor()
  await dialog.getByLabel('Secret key').fill(keys.stripe!)
  await dialog.getByLabel('Webhook signing secret').fill(keys.hook!)
  await dialog.getByRole('button', { name: 'Save' }).click()
  await dialog.waitFor({ state: 'hidden' })
  await page.getByRole('button', { name: 'Test the connection: Card (Stripe)' }).click()
  await page.getByText('The provider takes the keys.').first().waitFor()
  await page.getByRole('button', { name: 'Set up: PayPal' }).click()
  await dialog.getByLabel('Client ID').fill(keys.client!)
  await dialog.getByLabel('Secret key').fill(`${keys.paypal!}x`)
  await dialog.getByLabel('Webhook ID').fill(keys.webhook!)
  await dialog.getByLabel('Offer this way to pay').check()
  await dialog.getByRole('button', { name: 'Save' }).click()
  await dialog.waitFor({ state: 'hidden' })
  await page.getByRole('button', { name: 'Test the connection: PayPal' }).click()
  await page.getByText('does not take these keys').first().waitFor()
  await page.getByRole('button', { name: 'Set up: PayPal' }).click()
  await dialog.getByLabel('Secret key').fill(keys.paypal!)
  await dialog.getByRole('button', { name: 'Save' }).click()
  await dialog.waitFor({ state: 'hidden' })
  await page.getByRole('button', { name: 'Set up: Cash' }).click()
  await dialog.getByLabel('Offer this way to pay').check()
  await dialog.getByRole('button', { name: 'Save' }).click()
  await dialog.waitFor({ state: 'hidden' })
  expect(await page.content(), 'no key is in the page').not.toContain(keys.stripe)
  await looked('payment-options')
})

test('cash is received with the number of its receipt', async () => {
  const dialog = await begin('30', 'Cash')
  await dialog.getByLabel('Receipt or transfer number').fill('R-17')
  await dialog.getByLabel('Reason').fill('At the desk')
  await dialog.getByRole('button', { name: 'Recharge', exact: true }).click()
  await dialog.waitFor({ state: 'hidden' })
  await w.page.getByRole('cell', { name: 'Cash', exact: true }).first().waitFor()
})

test('by card the driver pays on the page of the provider, and a part goes back', async () => {
  const { page } = w
  const dialog = await begin('25', 'Card, on a page')
  await dialog.getByRole('button', { name: 'Recharge', exact: true }).click()
  const link = page.getByRole('link', { name: 'Open the page to pay' })
  await link.waitFor()
  await looked('payment-waits')
  const payment = page.url()
  await page.goto((await link.getAttribute('href'))!)
  await page.getByRole('button', { name: 'Decline' }).click()
  await page.getByRole('alert').waitFor()
  await page.getByRole('button', { name: 'Pay' }).click()
  await page.waitForURL('**/finance/payments')
  await page.goto(payment)
  await page.getByText('Paid', { exact: true }).first().waitFor({ timeout: 60_000 })
  await page.getByRole('button', { name: 'Refund', exact: true }).click()
  await dialog.getByLabel('Amount').fill('26')
  await dialog.getByLabel('Kind of reason').click()
  await page.locator('.ant-select-item-option', { hasText: 'The customer asked' }).click()
  await dialog.getByLabel('Reason', { exact: true }).fill('Asked on the phone')
  await dialog.getByRole('button', { name: 'Refund', exact: true }).click()
  await dialog.getByText('must be at most 25.00').first().waitFor()
  await dialog.getByLabel('Amount').fill('2')
  await dialog.getByRole('button', { name: 'Refund', exact: true }).click()
  await dialog.waitFor({ state: 'hidden' })
  await page.getByText('Partly refunded').first().waitFor()
  await looked('payment')
})

test('by PayPal the money is taken once the payer has agreed', async () => {
  const { page } = w
  const dialog = await begin('12', 'PayPal')
  await dialog.getByRole('button', { name: 'Recharge', exact: true }).click()
  const link = page.getByRole('link', { name: 'Open the page to pay' })
  await link.waitFor()
  const payment = page.url()
  await page.goto((await link.getAttribute('href'))!)
  await page.getByRole('button', { name: 'Pay' }).click()
  await page.waitForURL('**/finance/payments')
  await page.goto(payment)
  await page.getByText('Paid', { exact: true }).first().waitFor({ timeout: 60_000 })
  await go('/finance/payments')
  await page.getByText('Partly refunded').first().waitFor()
  await looked('payments')
})

test('a day is compared with the provider, and matches', async () => {
  const { page } = w
  await page.evaluate(async () => {
    const me = await (await fetch('/api/v1/me')).json() as { csrf_token: string }
    const made = await fetch('/api/v1/payment-checks', {
      method: 'POST', headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': me.csrf_token },
      body: JSON.stringify({ provider: 'stripe', day: new Date().toISOString().slice(0, 10) }),
    })
    if (!made.ok) throw new Error(await made.text())
  })
  await go('/finance/reconciliation')
  await page.getByText('Matches').first().waitFor()
  await page.getByRole('cell', { name: '23.00' }).first().waitFor()
  await looked('reconciliation')
})

test('in German and in the dark the screens read as well', async () => {
  const { page } = w
  await page.emulateMedia({ colorScheme: 'dark' })
  await page.evaluate(() => localStorage.setItem('ccms.language', 'de'))
  const paid = await page.evaluate(async () => ((await (await fetch('/api/v1/payments?state=PARTIALLY_REFUNDED&limit=1')).json()) as { items: { id: string }[] }).items[0]!.id)
  for (const [path, name] of [[`/finance/payments/${paid}`, 'payment-de'], ['/finance/payment-options', 'payment-options-de'], ['/finance/payments', 'payments-de'], ['/finance/reconciliation', 'reconciliation-de']] as const) {
    await go(path)
    await looked(name)
  }
})
