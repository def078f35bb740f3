import { afterAll, beforeAll, expect, test } from 'vitest'
import { ask, base, faults, logins, openWindow, phone, picture, settled, signIn, wide, type Window } from './browser'

// What a login may not do is not offered: an auditor, who only looks, and the staff of a
// sub-operator go through their whole menu. No screen is refused, broken or left without a
// word, and none asks the server for what this login may not have.

const password = 'correct horse battery'
const people = ['auditor', 'subadmin', 'subops'] as const

beforeAll(async () => {
  const w = await openWindow()
  await signIn(w.page)
  const sub = await ask<{ id: string }>(w.page, 'POST', 'sub-operators', { name: 'Hotel Mar' })
  const site = await ask<{ id: string }>(w.page, 'POST', 'sites', { name: 'Hotel Mar, garage', time_zone: 'Europe/Madrid', sub_operator_id: sub.id })
  await ask(w.page, 'POST', 'charge-points', { site_id: site.id, identity: 'MAR-1', name: 'Garage 1', charger_type: 'AC', max_power_w: 11_000, connectors: [{ number: 1, type: 'Type 2', max_power_w: 11_000 }] })
  for (const [login, role] of [['subadmin', 'op_admin'], ['subops', 'op_ops']] as const) {
    await ask(w.page, 'POST', 'staff', { login, name: `Of the hotel: ${login}`, role, password, sub_operator_id: sub.id })
  }
  await w.close()
})

/** One window for each of them: logins are counted. */
const windows = new Map<string, Window & { refused: string[] }>()

async function enter(login: string, look: { dark?: boolean; language?: string } = {}): Promise<Window & { refused: string[] }> {
  let w = windows.get(login)
  if (!w) {
    const refused: string[] = []
    w = { ...await openWindow(), refused }
    const { page } = w
    page.on('response', (r) => { if (r.status() === 403) refused.push(`${page.url()} asks for ${r.url()}`) })
    await signIn(page, login, '/', { base, logins: { ...logins, [login]: logins[login] ?? password } })
    windows.set(login, w)
  }
  await w.page.setViewportSize(wide)
  await w.page.emulateMedia({ colorScheme: look.dark ? 'dark' : 'light' })
  await w.page.evaluate((l) => localStorage.setItem('ccms.language', l), look.language ?? 'en')
  return w
}

afterAll(async () => {
  for (const w of windows.values()) {
    expect(w.refused).toEqual([])
    expect(w.errors).toEqual([])
    await w.close()
  }
})

test.each(people)('%s: every screen of the menu is whole, and offers nothing that is refused', async (login) => {
  const w = await enter(login)
  const { page } = w
  await page.locator('nav a').first().waitFor()
  const links = await page.locator('nav a').evaluateAll((all) => all.map((a) => new URL((a as HTMLAnchorElement).href).pathname))
  expect(links.length).toBeGreaterThan(10)
  for (const path of links) {
    await page.goto(`${base}${path}`)
    await page.locator('main').waitFor()
    await page.locator('.skeleton, [aria-busy="true"]').first().waitFor({ state: 'detached' })
    const name = `role-${login}${path.replaceAll('/', '-')}`
    await picture(page, `${name}-1440`)
    const text = await page.locator('main').innerText()
    expect(text.trim().length, `${path} says something`).toBeGreaterThan(10)
    expect(text, path).not.toMatch(/You may not see this|does not work|went wrong|undefined|NaN|Invalid Date/)
    if (login === 'auditor') {
      expect(await page.locator('main .ant-btn-primary, main .ant-btn-dangerous').allInnerTexts(), `${path} offers what an auditor may not do`).toEqual([])
    }
    // The same screens for others are looked at elsewhere.
    if (login === 'auditor') expect(await faults(page), path).toEqual([])
  }
  expect(w.refused).toEqual([])
  expect(w.errors).toEqual([])
}, 180_000)

test.each(people)('%s: the page of a charge point, tab by tab', async (login) => {
  const w = await enter(login, { dark: true, language: 'de' })
  const { page } = w
  const { items } = await ask<{ items: { id: string }[] }>(page, 'GET', 'charge-points?limit=1')
  await page.goto(`${base}/live/points/${items[0]!.id}`)
  await page.locator('.record-head').waitFor()
  const tabs = page.locator('main [role=tablist]').first().getByRole('tab')
  expect(await tabs.count()).toBeGreaterThan(4)
  for (let i = 0; i < await tabs.count(); i++) {
    await tabs.nth(i).click()
    await page.locator('.skeleton, [aria-busy="true"]').first().waitFor({ state: 'detached' })
    await picture(page, `role-${login}-point-${i}-1440-dark-de`)
    expect(await page.locator('main').innerText()).not.toMatch(/undefined|NaN|Invalid Date/)
    if (login === 'auditor') expect(await page.locator('main .ant-btn-primary, main .ant-btn-dangerous').allInnerTexts(), `tab ${i} offers what an auditor may not do`).toEqual([])
    expect(await faults(page), `tab ${i}`).toEqual([])
  }
  expect(w.refused).toEqual([])
  expect(w.errors).toEqual([])
}, 120_000)

test("a sub-operator's staff see what is theirs alone", async () => {
  const w = await enter('subadmin')
  const { page } = w
  for (const path of ['assets/stations', 'assets/points', 'live/points']) {
    await page.goto(`${base}/${path}`)
    await settled(page)
    const text = await page.locator('main').innerText()
    expect(text, path).toContain('Hotel Mar')
    expect(text, path).not.toContain('A3E_station')
  }
})

test('who may not see a page is told so, and what is not there is not there, at a desk and in a hand', async () => {
  const w = await enter('subops', { dark: true, language: 'de' })
  const { page } = w
  for (const [path, words, name] of [['finance/records', 'Das dürfen Sie nicht sehen', 'no-permission'], ['no/such/page', 'gibt es nicht', 'missing']] as const) {
    await page.goto(`${base}/${path}`)
    await page.getByText(words).first().waitFor()
    for (const size of [phone, wide]) {
      await page.setViewportSize(size)
      await picture(page, `page-${name}-${size.width}-dark-de`)
      expect(await faults(page), `${name} ${size.width}`).toEqual([])
    }
  }
})
