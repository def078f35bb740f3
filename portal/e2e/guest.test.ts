import { afterAll, beforeAll, expect, test } from 'vitest'
import { base, faults, openWindow, phone, picture, signIn, type Window } from './browser'
import { type Device, device } from './device'

// Somebody without an account charges: from the code on the pile to the receipt, with a page
// that is killed in between, a network that goes away and a finger that taps twice. The
// providers are the demo's, which take no money.

let staff: Window
let w: Window
let box: Device
let code: string
let held: string | undefined // the card that a start was asked for
let transaction = 0

const stamp = () => new Date().toISOString()

const api = <T>(method: string, path: string, body?: object) => staff.page.evaluate(async ([m, p, b]) => {
  const me = await (await fetch('/api/v1/me')).json() as { csrf_token: string }
  const answer = await fetch(p, {
    method: m, headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': me.csrf_token, 'Idempotency-Key': crypto.randomUUID() },
    ...(b && { body: JSON.stringify(b) }),
  })
  if (!answer.ok) throw new Error(await answer.text())
  return await answer.json() as unknown
}, [method, path, body] as const) as Promise<T>

beforeAll(async () => {
  staff = await openWindow()
  await signIn(staff.page)
  const site = (await api<{ items: { id: string }[] }>('GET', '/api/v1/sites?limit=1')).items[0]!
  const made = await api<{ key: string; charge_point: { code: string } }>('POST', '/api/v1/charge-points', {
    site_id: site.id, identity: 'GUEST-BOX', name: 'Guest box', charger_type: 'DC', max_power_w: 400_000,
    connectors: [{ number: 1, type: 'CCS2', max_power_w: 400_000 }, { number: 2, type: 'CCS2', max_power_w: 400_000 }],
  })
  code = made.charge_point.code
  box = await device(base, 'GUEST-BOX', made.key, {
    RemoteStartTransaction: (p) => { held = String(p.idTag); return { status: 'Accepted' } },
    RemoteStopTransaction: (p) => {
      transaction = Number(p.transactionId)
      setTimeout(() => void box.call('StopTransaction', { transactionId: transaction, meterStop: 1400, timestamp: stamp(), reason: 'Remote' }), 300)
      return { status: 'Accepted' }
    },
  })
  await box.call('BootNotification', { chargePointVendor: 'Trial', chargePointModel: 'Guest' })
  for (const n of [1, 2]) await box.call('StatusNotification', { connectorId: n, errorCode: 'NoError', status: 'Available', timestamp: stamp() })
  w = await openWindow({ size: phone })
}, 120_000)

afterAll(async () => {
  expect(w.errors).toEqual([])
  await w.close()
  await staff.close()
  box.drop()
})

/** The page is killed, and opened again as the code on the pile opens it. */
async function killed(path = `/c/${code}-1`) {
  const next = await w.context.newPage()
  next.on('pageerror', (e) => w.errors.push(e.message))
  await w.page.close()
  w.page = next
  await next.setViewportSize(phone)
  await next.goto(base + path)
}

async function looked(name: string) {
  const { page } = w
  await expect.poll(() => page.locator('main').evaluate((m) => m.scrollWidth - m.clientWidth), { message: `${name}: nothing sticks out` }).toBeLessThanOrEqual(0)
  expect(await faults(page), name).toEqual([])
  await picture(page, `${name}-390`)
}

test('a code that is typed leads to the price and to what is held', async () => {
  const { page } = w
  await page.goto(`${base}/c/`)
  await page.getByRole('heading', { name: 'Which charge point?' }).waitFor()
  await looked('guest-code')
  await page.getByLabel('Code').fill('no-such')
  await page.getByRole('button', { name: 'Next' }).click()
  await page.getByText('There is no charge point with this code').waitFor()
  await page.getByRole('button', { name: 'Another charge point' }).click()
  await page.getByLabel('Code').fill(code)
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Guest box' }).waitFor()
  await looked('guest-connectors')
  await page.getByRole('button', { name: /Connector 1/ }).click()
  await page.getByText('are set aside').waitFor()
  await page.getByText('EUR per kWh').first().waitFor()
  await looked('guest-price')
})

test('two taps are one hold, and a page that is killed at the provider goes on', async () => {
  await w.page.goto(`${base}/c/${code}-1`)
  const pay = w.page.getByRole('button', { name: 'Pay by card' })
  await pay.waitFor()
  await pay.dblclick()
  await w.page.getByRole('heading', { name: 'Stripe (trial)' }).waitFor()
  await killed()
  await w.page.getByRole('heading', { name: 'Waiting for your payment' }).waitFor()
  await looked('guest-paying')
  await w.page.getByRole('link', { name: 'To the payment' }).click()
  await w.page.getByRole('button', { name: 'Decline' }).click()
  await w.page.getByRole('alert').waitFor()
  await w.page.getByRole('button', { name: 'Pay' }).click()
  await w.page.getByRole('heading', { name: 'Plug in' }).waitFor({ timeout: 30_000 })
  await looked('guest-plug-in')
  const holds = await api<{ items: { state: string }[] }>('GET', '/api/v1/payments?type=HOLD')
  expect(holds.items.map((x) => x.state)).toEqual(['AUTHORISED'])
})

test('it charges, whatever happens to the page and the network', async () => {
  await expect.poll(() => held).toMatch(/^G.{19}$/)
  await box.call('StatusNotification', { connectorId: 1, errorCode: 'NoError', status: 'Preparing', timestamp: stamp() })
  await box.call('StartTransaction', { connectorId: 1, idTag: held!, meterStart: 1000, timestamp: stamp() })
  await box.call('StatusNotification', { connectorId: 1, errorCode: 'NoError', status: 'Charging', timestamp: stamp() })
  await w.page.getByRole('heading', { name: 'Charging', exact: true }).waitFor({ timeout: 30_000 })
  await killed('/c/')
  await w.page.getByRole('heading', { name: 'Charging', exact: true }).waitFor()
  await looked('guest-charging')
  await w.context.setOffline(true)
  await w.page.getByText('No connection. Trying again…').waitFor({ timeout: 30_000 })
  await looked('guest-offline')
  await w.context.setOffline(false)
  await w.page.getByText('No connection').waitFor({ state: 'detached', timeout: 30_000 })
})

test('another phone is told that somebody charges there', async () => {
  const other = await openWindow({ size: phone, dark: true, language: 'de' })
  await other.page.goto(`${base}/c/${code}-1`)
  await other.page.getByText('Hier lädt schon jemand.').waitFor()
  expect(await faults(other.page)).toEqual([])
  await picture(other.page, 'guest-busy-de-dark-390')
  await other.page.goto(`${base}/c/${code}-2`)
  await other.page.getByRole('button', { name: 'Mit PayPal zahlen' }).waitFor()
  expect(await faults(other.page)).toEqual([])
  await picture(other.page, 'guest-price-de-dark-390')
  expect(other.errors).toEqual([])
  await other.close()
})

test('stop asks once more, and the receipt has a link of its own', async () => {
  const { page } = w
  await page.getByRole('button', { name: 'Stop' }).click()
  await page.getByRole('button', { name: 'Really stop?' }).click()
  await page.getByRole('heading', { name: 'Receipt' }).or(page.getByRole('heading', { name: 'A person looks at the bill' }))
    .or(page.getByRole('heading', { name: 'Charged. Please unplug.' })).waitFor({ timeout: 40_000 })
  await box.call('StatusNotification', { connectorId: 1, errorCode: 'NoError', status: 'Available', timestamp: stamp() })
  await page.getByRole('heading', { name: 'Receipt' }).waitFor({ timeout: 40_000 })
  await page.getByText('Paid by visa 4242').waitFor()
  await looked('guest-receipt')
  const secret = await page.evaluate(() => (JSON.parse(localStorage.getItem('ccms.charge')!) as { secret: string }).secret)
  await page.getByRole('button', { name: 'New charge' }).click()
  await page.getByRole('heading', { name: 'Which charge point?' }).waitFor()
  await page.getByRole('heading', { name: 'Charges on this phone' }).waitFor()
  const elsewhere = await openWindow({ size: phone, dark: true })
  await elsewhere.page.goto(`${base}/c/receipt#${secret}`)
  await elsewhere.page.getByText('Paid by visa 4242').waitFor()
  expect(await faults(elsewhere.page)).toEqual([])
  await picture(elsewhere.page, 'guest-receipt-dark-390')
  await elsewhere.close()
  const held = await api<{ items: { state: string; captured: { amount: string } }[] }>('GET', '/api/v1/payments?type=HOLD')
  expect(held.items.map((x) => x.state)).toEqual(['CAPTURED'])
})
