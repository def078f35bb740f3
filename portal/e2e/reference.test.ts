import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { base, openWindow, phone, picture, faults, signIn, wide, type Window } from './browser'

interface Document { paths: Record<string, Record<string, { operationId: string }>> }

const operations = async () => {
  const doc = await (await fetch(`${base}/api/openapi.json`)).json() as Document
  return Object.values(doc.paths).flatMap((item) => Object.values(item).map((op) => op.operationId))
}

describe.each([
  ['at 1440 px', wide, false, '1440'],
  ['at 390 px', phone, false, '390'],
  ['at 1440 px in the dark', wide, true, '1440-dark'],
] as const)('the API reference %s', (_name, size, dark, suffix) => {
  let w: Window
  const asked: string[] = []
  beforeAll(async () => {
    w = await openWindow({ size, dark })
    w.page.on('request', (r) => asked.push(r.url()))
    await w.page.goto(`${base}/api/docs`)
    await w.page.locator('article').first().waitFor()
  })
  afterAll(async () => {
    expect(w.errors).toEqual([])
    expect(asked.filter((url) => !url.startsWith(base) && !url.startsWith('data:')), 'nobody else is asked').toEqual([])
    await w.close()
  })

  test('it lists every operation, and has no serious fault', async () => {
    const listed = await w.page.locator('article').evaluateAll((all) => all.map((a) => a.id))
    expect(listed.sort()).toEqual((await operations()).sort())
    await picture(w.page, `reference-${suffix}`)
    expect(await faults(w.page)).toEqual([])
    await expect.poll(() => w.page.evaluate(() => document.scrollingElement!.scrollWidth - innerWidth), { message: 'nothing sticks out' }).toBeLessThanOrEqual(0)
  })

  test('each operation opens without a fault', async () => {
    // By the address, as a link from elsewhere does.
    await w.page.goto(`${base}/api/docs#post_charge_points_one_commands`)
    await w.page.locator('#post_charge_points_one_commands form').waitFor()
    expect(await w.page.locator('#post_charge_points_one_commands').innerText()).toContain('Idempotency-Key')
    expect(await faults(w.page)).toEqual([])
    await w.page.locator('#post_charge_points_one_commands').scrollIntoViewIfNeeded()
    await picture(w.page, `reference-open-${suffix}`)
    await w.page.locator('article details').evaluateAll((all) => { for (const d of all) (d as HTMLDetailsElement).open = true })
    await expect.poll(() => w.page.locator('article form').count()).toBe((await operations()).length)
    await expect.poll(() => w.page.evaluate(() => document.scrollingElement!.scrollWidth - innerWidth), { message: 'nothing sticks out' }).toBeLessThanOrEqual(0)
    for (const left of ['undefined', '[object Object]', 'NaN']) expect(await w.page.locator('main').innerText()).not.toContain(left)
  })
})

test('the search narrows the operations', async () => {
  const w = await openWindow()
  await w.page.goto(`${base}/api/docs`)
  await w.page.locator('article').first().waitFor()
  await w.page.getByLabel('Find').fill('post commands')
  expect(await w.page.locator('article:visible').evaluateAll((all) => all.map((a) => a.id))).toEqual(['post_charge_points_one_certificate_commands', 'post_charge_points_one_commands'])
  await w.page.getByLabel('Find').fill('there is no such thing')
  await w.page.getByText('Nothing is called so.').waitFor()
  expect(w.errors).toEqual([])
  await w.close()
})

test('Try it works with an API token, and with the login of the portal', async () => {
  const w = await openWindow()
  const { page } = w
  const send = async (id: string, fill: Record<string, string> = {}) => {
    await page.goto(`${base}/api/docs#${id}`)
    const form = page.locator(`#${id} form`)
    await form.waitFor()
    for (const [label, value] of Object.entries(fill)) await form.getByLabel(label).fill(value)
    await form.getByRole('button', { name: 'Send' }).click()
    const status = form.getByRole('status')
    await expect.poll(async () => status.innerText()).toMatch(/^\d{3} /)
    return { status: (await status.innerText()).split(' ')[0], answer: await form.getByLabel('Answer').innerText() }
  }
  expect((await send('get_me')).status, 'nobody is logged in').toBe('401')

  await signIn(page)
  const made = await send('post_api_tokens', { Body: '{"name":"reference"}' })
  expect(made.status, made.answer).toBe('201')
  const token = /"token": "([^"]+)"/.exec(made.answer)?.[1]
  expect(token).toBeTruthy()

  const fresh = await openWindow()
  await fresh.page.goto(`${base}/api/docs#get_sites`)
  await fresh.page.getByLabel('API token').fill(token!)
  const form = fresh.page.locator('#get_sites form')
  await form.getByLabel('limit').fill('1')
  await form.getByRole('button', { name: 'Send' }).click()
  await expect.poll(() => form.getByRole('status').innerText()).toMatch(/^200 /)
  expect(await form.getByLabel('Answer').innerText()).toContain('A3E_station')

  // A stream is shown as it comes, until it is stopped.
  await fresh.page.evaluate(() => { location.hash = 'get_live' })
  const stream = fresh.page.locator('#get_live form')
  await stream.getByRole('button', { name: 'Send' }).click()
  await expect.poll(() => stream.getByRole('status').innerText()).toMatch(/^200 /)
  await stream.getByRole('button', { name: 'Stop' }).click()
  await expect.poll(() => stream.getByRole('status').innerText()).toBe('Stopped.')
  expect([...w.errors, ...fresh.errors]).toEqual([])
  await fresh.close()
  await w.close()
})
