// Every screen that there is, in both languages, light and dark, at a desk and in a
// hand: nothing that axe finds, nothing that sticks out, and a picture of each to look at.

import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { base, faults, logins, openWindow, phone, picture, screens, settled, signIn, wide, type Window } from './browser'

/** The addresses of routes.tsx, so that no screen can be forgotten. */
const routes = [...readFileSync(new URL('../admin/src/routes.tsx', import.meta.url), 'utf8').matchAll(/\bscreen\('([^']+)', '([^']+)'/g)]
  .map(([, path, need]) => ({ path: path!, need: need! }))

/** Where the objects of an address with an id come from, in the API; behind # the field with the id. */
const objects: Record<string, string> = {
  'finance/records/:id': 'sessions', 'finance/recharges/:id': 'recharges', 'live/points/:id': 'charge-points',
  'users/local-lists/:id': 'local-lists',
  'users/groups/:id': 'groups', 'finance/ledger/entries/:id': 'postings#entry_id',
}
/** Of what there is none until somebody has done it: tests of its own visit these. */
const made = new Set(['live/bulks/:id', 'assets/firmware/campaigns/:id', 'finance/payments/:id'])

let w: Window
let owner: Window | undefined
beforeAll(async () => {
  w = await openWindow()
  await signIn(w.page)
  const status = await w.page.evaluate(async () => {
    const me = await fetch('/api/v1/me').then((r) => r.json()) as { csrf_token: string }
    const card = await fetch('/api/v1/tokens?limit=1').then((r) => r.json()) as { items: { id: string }[] }
    const point = await fetch('/api/v1/charge-points?limit=1').then((r) => r.json()) as { items: { id: string }[] }
    await fetch('/api/v1/groups', {
      method: 'POST', headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': me.csrf_token }, body: JSON.stringify({ name: 'Those of the house' }),
    })
    return fetch('/api/v1/local-lists', {
      method: 'POST', headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': me.csrf_token, 'Idempotency-Key': crypto.randomUUID() },
      body: JSON.stringify({ name: 'Cards of the house', cards: 'MANUAL', token_ids: [card.items[0]!.id], site_ids: [], charge_point_ids: [point.items[0]!.id] }),
    }).then((r) => r.status)
  })
  expect(status, 'a local list is made').toBe(201)
})
afterAll(async () => {
  expect(w.errors).toEqual([])
  await w.close()
  await owner?.close()
})

async function fits(what: string) {
  await expect.poll(() => w.page.evaluate(() => document.scrollingElement!.scrollWidth - innerWidth), { message: `${what}: nothing sticks out` }).toBeLessThanOrEqual(0)
  await expect.poll(() => w.page.locator('main').evaluate((m) => m.scrollWidth - m.clientWidth), { message: `${what}: nothing sticks out` }).toBeLessThanOrEqual(0)
  // With the menu open a desk shows every column that a list comes with.
  const list = w.page.locator('.list-rows').first()
  if (await list.count() > 0) await expect.poll(() => list.evaluate((m) => m.scrollWidth - m.clientWidth), { message: `${what}: no column is cut off` }).toBeLessThanOrEqual(0)
}

async function addressOf(path: string): Promise<string | undefined> {
  if (!path.includes(':id')) return path
  const list = objects[path]
  if (!list) return undefined
  const first = () => w.page.evaluate(async ([l, field]) => {
    const a = await fetch(`/api/v1/${l}?limit=1`)
    return ((await a.json()) as { items: Record<string, string>[] }).items[0]?.[field ?? 'id']
  }, list.split('#') as [string, string?])
  await expect.poll(first, { message: `there is nothing in ${list}`, timeout: 90_000 }).toBeDefined() // the first car may be on its way
  const id = await first()
  return path.replace(':id', id!)
}

const size = { 1440: wide, 390: phone }

type Look = readonly [width: 1440 | 390, dark: boolean]

/** What a screen is looked at in, cheapest change first: the page is loaded once. Each width is seen in each language and
 * in each theme; all eight with CCMS_LONG=1. */
const looks = (language: string): readonly Look[] => process.env.CCMS_LONG
  ? [[1440, false], [1440, true], [390, true], [390, false]]
  : language === 'en' ? [[1440, false], [390, true]] : [[1440, true], [390, false]]

test('the routes were found', () => expect(routes.length).toBeGreaterThan(11))

describe.each(['en', 'de'])('%s', (language) => {
  beforeAll(async () => {
    await w.page.setViewportSize(wide)
    await w.page.emulateMedia({ colorScheme: 'light' })
    await w.page.evaluate((l) => localStorage.setItem('ccms.language', l), language)
  })
  afterAll(async () => {
    await w.page.evaluate(() => localStorage.removeItem('ccms.language'))
    await w.page.setViewportSize(wide)
    await w.page.emulateMedia({ colorScheme: 'light' })
  })

  test.each(routes.filter((r) => r.need !== 'operators.switch' && !made.has(r.path)).map((r) => r.path))('%s', async (path) => {
    const { page } = w
    const address = await addressOf(path)
    expect(address, `${path}: say in "objects" where one comes from`).toBeDefined()
    await page.setViewportSize(wide)
    await page.emulateMedia({ colorScheme: 'light' })
    await page.goto(`${base}/${address}`)
    await page.locator('main').waitFor()
    await page.locator('.skeleton, [aria-busy="true"]').first().waitFor({ state: 'detached' })
    expect(await page.evaluate(() => document.documentElement.lang)).toBe(language)
    for (const [width, dark] of looks(language)) {
      await page.setViewportSize(size[width])
      await page.emulateMedia({ colorScheme: dark ? 'dark' : 'light' })
      const name = `${path.replaceAll(/[/:]+/g, '-')}-${width}${dark ? '-dark' : ''}-${language}`
      await page.evaluate(() => new Promise((r) => { requestAnimationFrame(() => requestAnimationFrame(r)) }))
      await picture(page, name)
      await fits(name)
      // All of axe on each screen at each width and in each language; what dark changes are colours.
      expect(await faults(page, dark ? ['color-contrast'] : undefined), name).toEqual([])
    }
  }, 120_000)

  test('the record and its tabs', async () => {
    const { page } = w
    await page.setViewportSize(wide)
    const address = await addressOf('finance/records/:id')
    for (const tab of ['price', 'books', 'meter', 'timeline', 'attempts', 'commands']) {
      await page.emulateMedia({ colorScheme: 'light' })
      await page.goto(`${base}/${address}?tab=${tab}`)
      await page.locator('.record-tabs').waitFor()
      await page.locator('.skeleton').waitFor({ state: 'detached' })
      for (const dark of [false, true]) {
        await page.emulateMedia({ colorScheme: dark ? 'dark' : 'light' })
        await picture(page, `record-${tab}-1440${dark ? '-dark' : ''}-${language}`)
        expect(await faults(page, dark ? ['color-contrast'] : undefined), tab).toEqual([])
      }
      await fits(tab)
    }
  }, 120_000)
})

test('the operators, which only the platform sees', async () => {
  owner = await openWindow()
  await signIn(owner.page, 'owner')
  await owner.page.waitForURL(`${base}/system/operators`)
  await settled(owner.page)
  for (const language of ['en', 'de']) {
    await owner.page.evaluate((l) => localStorage.setItem('ccms.language', l), language)
    await owner.page.reload()
    await settled(owner.page)
    for (const [width, dark] of looks(language)) {
      await owner.page.setViewportSize(size[width])
      await owner.page.emulateMedia({ colorScheme: dark ? 'dark' : 'light' })
      await picture(owner.page, `system-operators-${width}${dark ? '-dark' : ''}-${language}`)
      expect(await faults(owner.page, dark ? ['color-contrast'] : undefined), `${width} ${dark} ${language}`).toEqual([])
    }
  }
  expect(owner.errors).toEqual([])
})

test('the login and the dialogs have no fault, in both languages and themes', async () => {
  const { page } = w
  for (const [language, dark] of [['en', false], ['de', true]] as const) {
    await page.emulateMedia({ colorScheme: dark ? 'dark' : 'light' })
    await page.evaluate((l) => localStorage.setItem('ccms.language', l), language)
    const open: [path: string, button: RegExp, name: string][] = [
      ['live/charging', /^(Stop|Stoppen)$/, 'stop'], ['finance/plans', /^(Add|Hinzufügen)$/, 'plan'],
      ['finance/recharges', /^(Recharge an account|Konto aufladen)$/, 'recharge'],
      ['finance/recharges', /^(Take recharge .* back|Aufladung .* zurücknehmen)$/, 'reverse'],
      ['finance/recharges', /^(Sums|Summen)$/, 'sums'], ['finance/records', /^(Sums|Summen)$/, 'record-sums'],
    ]
    for (const [path, button, name] of open) {
      await page.goto(`${base}/${path}`)
      await settled(page)
      await page.locator('button:enabled').filter({ hasText: button }).or(page.getByRole('button', { name: button })).first().click()
      await page.getByRole('dialog').waitFor()
      await page.getByRole('dialog').locator('.skeleton').waitFor({ state: 'detached' })
      await picture(page, `dialog-${name}-1440${dark ? '-dark' : ''}-${language}`)
      expect(await faults(page), `${name} ${language}`).toEqual([])
    }
  }
  await page.evaluate(() => localStorage.removeItem('ccms.language'))
  const l = await openWindow({ dark: true, language: 'de' })
  await l.page.goto(`${base}/login`)
  await l.page.getByLabel('Passwort', { exact: true }).waitFor()
  await picture(l.page, 'login-1440-dark-de')
  expect(await faults(l.page)).toEqual([])
  await l.close()
}, 120_000)
test('every form fits a phone, and what it asks for can be seen', async () => {
  const p = await openWindow({ size: phone, dark: true, language: 'de' })
  const { page } = p
  await page.goto(`${base}/login`)
  await page.locator('input').first().fill('admin')
  await page.locator('input[type=password]').fill(logins.admin!)
  await page.keyboard.press('Enter')
  await page.locator('.top').waitFor()
  const forms: [path: string, button: RegExp][] = [
    ['assets/stations', /^Hinzufügen$/], ['assets/points', /^Hinzufügen$/], ['assets/templates', /^Hinzufügen$/], ['assets/models', /^Hinzufügen$/],
    ['assets/inbox', /^Neue Ladepunkte/], ['assets/certificates?tab=authorities', /hinzufügen$/], ['assets/firmware', /^Abbild hinzufügen$/],
    ['upkeep/windows', /^Fenster planen$/], ['users/profiles', /^Hinzufügen$/], ['users/cards', /^Hinzufügen$/], ['users/local-lists', /^Hinzufügen$/],
    ['finance/ledger', /^Monat abschließen$/], ['finance/recharges', /^Grenzen$/],
  ]
  for (const [path, button] of forms) {
    await page.goto(`${base}/${path}`)
    await page.locator('button:enabled', { hasText: button }).first().click()
    const dialog = page.getByRole('dialog')
    await dialog.locator('input, textarea').first().waitFor()
    await dialog.locator('.skeleton').waitFor({ state: 'detached' })
    const name = `form-${path.replaceAll(/\W+/g, '-')}-390-dark-de`
    await picture(page, name)
    await expect.poll(() => dialog.evaluate((d) => d.scrollWidth - d.clientWidth), { message: `${name}: nothing sticks out` }).toBeLessThanOrEqual(0)
    // A field without an edge is one that nobody finds.
    expect(await dialog.locator('input.ant-input:visible, textarea:visible').evaluateAll((all) => all
      .filter((e) => !e.closest('.ant-input-affix-wrapper') && getComputedStyle(e).borderTopWidth === '0px').map((e) => e.id)), `${name}: fields without an edge`).toEqual([])
    expect(await faults(page), name).toEqual([])
  }
  expect(p.errors).toEqual([])
  await p.close()
}, 120_000)

test('on a phone the menu is a drawer, the filters are a sheet and a charge can be stopped', async () => {
  const w = await openWindow({ size: phone })
  const { page } = w
  await signIn(page, 'admin', '/live/charging')
  await page.locator('li[data-id]').first().waitFor()
  expect(await page.locator('table').count(), 'rows are cards').toBe(0)
  expect(await page.locator('li[data-id]').first().locator('dt').count(), 'with the three facts that matter').toBe(3)
  await page.locator('button:enabled', { hasText: 'Stop' }).first().click()
  await page.getByRole('button', { name: 'Let it charge' }).click()
  await page.getByRole('button', { name: 'Filters' }).click()
  await page.getByRole('dialog').getByLabel('Name', { exact: true }).fill('Point_2')
  await picture(page, 'filters-390')
  await page.getByRole('button', { name: 'Show', exact: true }).click()
  await page.waitForURL(`${base}/live/charging?point=Point_2`)
  await page.getByRole('button', { name: 'Open the menu' }).click()
  await picture(page, 'menu-390')
  await page.getByRole('link', { name: 'Charge Point Status' }).click()
  await page.waitForURL(`${base}/live/points`)
  expect(w.errors).toEqual([])
  await w.close()
})

test('every word goes through the keys: nothing is left in English in the pseudo-locale', async () => {
  const w = await openWindow({ language: 'pseudo' })
  const { page } = w
  await page.goto(`${base}/login`)
  await page.locator('input').first().fill('admin')
  await page.locator('input[type=password]').fill(logins.admin!)
  await page.keyboard.press('Enter')
  for (const path of screens) {
    await page.locator('.top').waitFor()
    await page.goto(`${base}/${path}`)
    await settled(page)
    const plain = await page.locator('nav a, nav h2, h1, th, label, dt, main button, .tag').evaluateAll((all) => all
      .map((e) => (e.textContent ?? '').trim())
      .filter((t) => /\p{L}{2,}/u.test(t) && !t.includes('[')))
    // What stays is data: names, ids, numbers.
    expect(plain.filter((t) => !/^[\w@.:*-]+$/.test(t)), path).toEqual([])
  }
  await picture(page, 'pseudo-1440')
  expect(w.errors).toEqual([])
  await w.close()
})
