// What people paste, type and meet: names in any script, values that look like scripts,
// a site as large as they come, a network that goes away, a server that was updated.

import { readdirSync, readFileSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { base, openWindow, phone, picture, screens, settled, signIn, wide, type Window } from './browser'

/** What is written in the files of a folder. */
const sources = (folder: string) => readdirSync(new URL(folder, import.meta.url), { recursive: true, encoding: 'utf8' })
  .filter((f) => f.endsWith('.tsx')).map((f) => readFileSync(new URL(`${folder}/${f}`, import.meta.url), 'utf8'))

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

/** Asks the API as the page does, one after the other, and waits where it is told to. */
async function post(bodies: [path: string, body: object][]): Promise<{ status: number; body: Record<string, unknown> }[]> {
  return w.page.evaluate(async (all) => {
    const me = await (await fetch('/api/v1/me')).json() as { csrf_token: string }
    const out: { status: number; body: Record<string, unknown> }[] = []
    for (const [path, body] of all) {
      for (;;) {
        const a = await fetch(path, {
          method: 'POST', body: JSON.stringify(body),
          headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': me.csrf_token, 'Idempotency-Key': `${performance.now()}-${Math.random()}` },
        })
        if (a.status === 429) {
          await new Promise((r) => { setTimeout(r, Number(a.headers.get('Retry-After') ?? 1) * 1000) })
          continue
        }
        out.push({ status: a.status, body: await a.json() as Record<string, unknown> })
        break
      }
    }
    return out
  }, bodies)
}

const sticksOut = () => w.page.evaluate(() => ({
  page: document.scrollingElement!.scrollWidth - innerWidth,
  main: document.querySelector('main')!.scrollWidth - document.querySelector('main')!.clientWidth,
}))

const chinese = '超长的充电站名称测试'.repeat(20)
const arabic = 'محطة شحن باسم طويل جدا '.repeat(9).slice(0, 200).padEnd(200, 'ا')

test('a name of 200 letters in Chinese and in Arabic is kept whole, and each is read in its own direction', async () => {
  const { page } = w
  expect([[...chinese].length, [...arabic].length]).toEqual([200, 200])
  for (const [name, account, direction] of [[chinese, '13900000201', 'ltr'], [arabic, '13900000202', 'rtl']] as const) {
    await page.setViewportSize(wide)
    await page.goto(`${base}/users/profiles`)
    await settled(page)
    await page.getByRole('button', { name: 'Add' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Account', { exact: true }).fill(account)
    const field = dialog.getByLabel('Name', { exact: true })
    await field.fill(name)
    expect(await field.inputValue(), 'nothing is cut').toBe(name)
    await dialog.getByRole('button', { name: 'Save' }).click()
    await page.locator('tr[data-id]', { hasText: account }).waitFor()
    await page.locator('tr[data-id]', { hasText: account }).getByRole('button', { name: `Recharge account ${account}` }).click()
    await dialog.getByLabel('Amount').fill('12.00')
    await dialog.getByLabel('Reason').fill(name)
    await dialog.getByRole('button', { name: 'Recharge' }).click()
    await dialog.waitFor({ state: 'detached' })

    await page.goto(`${base}/finance/recharges?account=${account}`)
    const row = page.locator('tr[data-id]', { hasText: account })
    await row.waitFor()
    expect((await row.locator('bdi').first().innerText()).trim()).toBe(name.trim())
    expect(await sticksOut(), 'the list').toEqual({ page: 0, main: 0 })
    // The first letters of a text stand where its script begins.
    const begins = await row.locator('bdi').first().evaluate((e) => {
      const range = document.createRange()
      range.setStart(e.firstChild!, 0)
      range.setEnd(e.firstChild!, 1)
      const first = range.getBoundingClientRect()
      range.setStart(e.firstChild!, 3)
      range.setEnd(e.firstChild!, 4)
      return range.getBoundingClientRect().x > first.x ? 'ltr' : 'rtl'
    })
    expect(begins).toBe(direction)
    await picture(page, `name-${direction}-1440`)
    await page.setViewportSize(phone)
    await page.locator('li[data-id]', { hasText: account }).waitFor()
    expect(await sticksOut(), 'the cards').toEqual({ page: 0, main: 0 })
    await picture(page, `name-${direction}-390`)
    await page.locator('li[data-id]', { hasText: account }).getByRole('link').first().click()
    await page.locator('.record-head').waitFor()
    expect(await sticksOut(), 'the page').toEqual({ page: 0, main: 0 })
    await page.setViewportSize(wide)
  }
}, 120_000)

test('what is longer than a name may be is refused at its field, and stays there', async () => {
  const { page } = w
  const [answer] = await post([['/api/v1/drivers', { account: '13900000203', name: 'あ'.repeat(201) }]])
  expect(answer!.status).toBe(422)
  expect(JSON.stringify(answer!.body)).toContain('/name')
  await page.goto(`${base}/finance/recharges`)
})

test('values that look like scripts, formulas and patterns are only text', async () => {
  const { page } = w
  const asked: string[] = []
  page.on('dialog', (d) => { asked.push(d.message()); void d.dismiss() })
  const nasty = ['<img src=x onerror=alert(1)>', '"><script>alert(2)</script>', '{{constructor}}', "'; DROP TABLE drivers; --", '=1+1', '%00%_\\']
  const made = await post(nasty.map((name, i) => ['/api/v1/drivers', { account: `1390000030${i}`, name, nickname: name }]))
  expect(made.map((m) => m.status)).toEqual(nasty.map(() => 201))
  const site = await post(nasty.map((name) => ['/api/v1/sites', { name, address: name, time_zone: 'UTC' }]))
  expect(site.map((m) => m.status)).toEqual(nasty.map(() => 201))
  for (const path of ['users/profiles', 'assets/stations']) {
    await page.goto(`${base}/${path}`)
    await settled(page)
    const text = await page.locator('main').innerText()
    for (const n of nasty) expect(text, `${path} shows ${n}`).toContain(n)
  }
  // The same in every field of a filter, and in the address itself.
  for (const n of [...nasty, 'x'.repeat(5000), '\u202e\u0000evil', '🚗'.repeat(60)]) {
    const v = encodeURIComponent(n)
    for (const path of ['finance/recharges', 'finance/records']) {
      await page.goto(`${base}/${path}?q=${v}&user=${v}&account=${v}&amount=${v}&charging_account=${v}&card=${v}&kind=${v}&record=${v}&from=${v}&sort=${v}&cursor=${v}&limit=${v}`)
      await page.locator('.blank').waitFor()
      expect(await page.locator('.blank').innerText()).not.toMatch(/does not work|internal/i)
    }
  }
  expect(asked, 'nothing ran').toEqual([])
}, 180_000)

/** The filters of all lists, as their screens name them in the address. */
const filters = [...new Set(sources('../admin/src').flatMap((text) => [...text.matchAll(/\bkey: '(\w+)', kind: '(?:text|select|day)'/g)].map((m) => m[1]!)))]
const lists = [...screens.filter((s) => !/home|map|levels|ledger$|firmware|certificates/.test(s)), 'finance/payments', 'finance/ledger/postings', 'users/local-lists']

const strange = ['<img src=x onerror=alert(1)>\u202e\u0000 超长的名称 محطة 🚗', 'x'.repeat(5000), '-1']

test('every filter of every list takes what makes no sense, and says that nothing matches', async () => {
  const { page } = w
  const asked: string[] = []
  page.on('dialog', (d) => { asked.push(d.message()); void d.dismiss() })
  const broken: string[] = []
  page.on('response', (r) => { if (r.status() >= 500) broken.push(`${r.status()} ${r.url().slice(0, 200)}`) })
  expect(filters.length).toBeGreaterThan(20)
  for (const path of lists) {
    await page.goto(`${base}/${path}`)
    await settled(page)
    for (const value of strange) {
      const all = new URLSearchParams([...filters, 'sort', 'cursor', 'limit'].map((k) => [k, value]))
      // As Back does: the screen stays, its address is another.
      await page.evaluate((a) => { history.pushState(null, '', a); dispatchEvent(new PopStateEvent('popstate')) }, `/${path}?${all.toString()}`)
      await page.locator('main .blank, main [data-id]').first().waitFor()
      await page.locator('[aria-busy="true"]').first().waitFor({ state: 'detached' })
      expect(await page.locator('main').innerText(), `${path}: ${value.slice(0, 30)}`).not.toMatch(/does not work|internal/i)
    }
    expect(await sticksOut(), path).toEqual({ page: 0, main: 0 })
  }
  expect(asked, 'nothing ran').toEqual([])
  expect(broken).toEqual([])
}, 240_000)

const forms: [path: string, button: RegExp][] = [
  ['assets/stations', /^Add$/], ['assets/points', /^Add$/], ['assets/templates', /^Add$/], ['assets/models', /^Add$/], ['assets/inbox', /^New charge points/],
  ['assets/certificates?tab=authorities', /^Add an authority$/], ['assets/firmware', /^Add an image$/], ['upkeep/windows', /^Plan a window$/], ['users/profiles', /^Add$/],
  ['users/cards', /^Add$/], ['users/local-lists', /^Add$/], ['finance/plans', /^Add$/], ['finance/recharges', /^Recharge an account$/], ['finance/recharges', /^Limits$/],
  ['finance/ledger', /^Close a month$/], ['finance/payment-options', /^Set up$/],
]

test.each(forms)('the form at %s (%s): empty, huge, foreign and script-like values are saved as text or refused in words', async (path, button) => {
  const { page } = w
  const asked: string[] = []
  page.on('dialog', (d) => { asked.push(d.message()); void d.dismiss() })
  const broken: string[] = []
  page.on('response', (r) => { if (r.status() >= 500) broken.push(`${r.status()} ${r.url()}`) })
  const dialog = page.getByRole('dialog')
  for (const value of ['', ...strange.slice(0, 2)]) {
    await page.goto(`${base}/${path}`)
    await page.locator('button:enabled', { hasText: button }).first().click()
    await dialog.locator('input, textarea').first().waitFor()
    await dialog.locator('.skeleton').waitFor({ state: 'detached' })
    for (const field of await dialog.locator('input.ant-input:enabled:visible, textarea:enabled:visible').all()) {
      const kind = await field.getAttribute('type')
      if (value && (kind === null || kind === 'text' || kind === 'password')) await field.fill(value)
    }
    const title = await dialog.locator('.ant-modal-title').innerText()
    await dialog.locator('.ant-modal-footer .ant-btn-primary').last().click()
    // Either it is saved, and the form goes, or what is wrong is said.
    const said = dialog.locator('.ant-form-item-explain-error, [role="alert"]')
    await expect.poll(async () => await said.count() > 0 || await page.locator('.ant-modal-title', { hasText: title }).count() === 0).toBe(true)
    expect((await said.allInnerTexts()).join(' '), `${path}: ${value.slice(0, 30)}`).not.toMatch(/undefined|NaN|internal|\[object/i)
    if (await dialog.count() > 0) {
      await expect.poll(() => dialog.first().evaluate((d) => d.scrollWidth - d.clientWidth), { message: 'nothing sticks out' }).toBeLessThanOrEqual(0)
      await page.keyboard.press('Escape')
      await page.locator('body:not(:has([role="dialog"]))').or(page.getByRole('button', { name: 'Discard' })).first().waitFor()
      if (await page.getByRole('button', { name: 'Discard' }).count() > 0) await page.getByRole('button', { name: 'Discard' }).click()
    }
  }
  expect(asked, 'nothing ran').toEqual([])
  expect(broken).toEqual([])
}, 120_000)

test('a site with 500 charge points is a list like any other', async () => {
  const { page } = w
  await page.goto(`${base}/assets/stations`)
  await settled(page)
  const [site] = await post([['/api/v1/sites', { name: 'Five hundred', time_zone: 'Asia/Shanghai' }]])
  const made = await post(Array.from({ length: 500 }, (_, i) => ['/api/v1/charge-points', {
    site_id: site!.body.id, identity: `ZZ-${i}`, name: `Zz bay ${i}`, charger_type: 'AC', max_power_w: 22_000,
    connectors: [{ number: 1, type: 'Type 2', max_power_w: 22_000 }, { number: 2, type: 'Type 2', max_power_w: 22_000 }],
  }]))
  expect(made.filter((m) => m.status !== 201)).toEqual([])
  for (const path of ['assets/points', 'live/points']) {
    await page.goto(`${base}/${path}?site=Five`)
    await page.locator('[data-id]').first().waitFor()
    expect(await page.locator('.pager').innerText(), path).toContain('500')
    expect(await page.locator('[data-id]').count(), `${path} shows a page of them`).toBeLessThanOrEqual(100)
    await page.locator('.pager').getByRole('button', { name: 'Next' }).click()
    await page.waitForURL(/cursor=/)
    await page.locator('[data-id]').first().waitFor()
    expect(await sticksOut(), path).toEqual({ page: 0, main: 0 })
  }
  await picture(page, 'site-500-1440')
}, 240_000)

test('a network that goes away takes nothing that was typed, and the form goes out once when it is back', async () => {
  const { page } = w
  await page.goto(`${base}/users/profiles`)
  await settled(page)
  await page.getByRole('button', { name: 'Add' }).click()
  const dialog = page.getByRole('dialog')
  const account = '13900000210'
  await dialog.getByLabel('Account', { exact: true }).fill(account)
  await dialog.getByLabel('NickName').fill('Kept over the gap')
  await w.context.setOffline(true)
  await dialog.getByRole('button', { name: 'Save' }).click()
  await dialog.getByText('The server does not answer.').waitFor()
  expect(await dialog.getByLabel('NickName').inputValue()).toBe('Kept over the gap')
  await picture(page, 'offline-form-1440')
  await w.context.setOffline(false)
  await dialog.getByRole('button', { name: 'Save' }).click()
  await dialog.waitFor({ state: 'detached' })
  await page.locator('tr[data-id]', { hasText: account }).waitFor()
  expect(await page.locator('tr[data-id]', { hasText: account }).count(), 'once').toBe(1)
  w.errors.splice(0, w.errors.length, ...w.errors.filter((e) => !/ERR_INTERNET_DISCONNECTED/.test(e)))
})

test('a page that stays open over a new release says so, and loads it without losing a form', async () => {
  const { page } = w
  await page.goto(`${base}/users/profiles`)
  await settled(page)
  await page.getByRole('button', { name: 'Add' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Account', { exact: true }).fill('13900000220')
  // The server is updated: its document names other scripts, and the old parts are gone.
  const documents = async (r: Parameters<Parameters<typeof page.route>[1]>[0]) => {
    const real = await r.fetch()
    await r.fulfill({ response: real, body: (await real.text()).replaceAll(/\/static\/index-[\w-]+\.js/g, '/static/index-NEXT.js') })
  }
  await page.route(`${base}/`, documents)
  // The network is back: the page asks.
  await page.evaluate(() => window.dispatchEvent(new Event('online')))
  await page.getByText('A new version of the portal is there.').waitFor()
  await picture(page, 'release-1440')
  // The dialog covers the bar; whoever gets at it all the same loses nothing.
  await page.locator('.livebar button').evaluate((b: HTMLElement) => b.click())
  await page.getByText('Save or discard what you typed first.').first().waitFor()
  expect(await dialog.getByLabel('Account', { exact: true }).inputValue(), 'what was typed is there').toBe('13900000220')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await page.locator('tr[data-id]', { hasText: '13900000220' }).waitFor()
  await page.unrouteAll()
  await Promise.all([page.waitForEvent('load'), page.getByRole('button', { name: 'Load it' }).click()])
  await page.locator('tr[data-id]', { hasText: '13900000220' }).waitFor()
  expect(await page.getByText('A new version of the portal is there.').count()).toBe(0)
})

test('a part of the page that the new release does not have any more makes it load anew', async () => {
  const { page } = w
  await page.goto(`${base}/users/profiles`)
  await settled(page)
  let gone = 0
  await page.route(/\/static\/Plans-[\w-]+\.js/, (r) => { gone++; return gone === 1 ? r.fulfill({ status: 404, body: 'gone' }) : r.continue() })
  await Promise.all([page.waitForEvent('load'), page.getByRole('link', { name: 'Billing plans' }).click()])
  await page.locator('tr[data-id]').first().waitFor()
  expect(gone, 'it was asked for, gone, and there after the reload').toBeGreaterThan(1)
  expect(new URL(page.url()).pathname).toBe('/finance/plans')
  w.errors.splice(0, w.errors.length, ...w.errors.filter((e) => !/Plans-|reading 'default'/.test(e)))
})
