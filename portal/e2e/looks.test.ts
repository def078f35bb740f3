import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { base, openWindow, phone, picture, screens, seriousFaults, settled, signIn, wide, type Window } from './browser'

describe.each([
  ['at 1440 px', wide, false, '1440'],
  ['at 390 px', phone, false, '390'],
  ['at 1440 px in the dark', wide, true, '1440-dark'],
] as const)('%s', (_name, size, dark, suffix) => {
  let w: Window
  beforeAll(async () => {
    w = await openWindow({ size, dark })
    await w.page.goto(`${base}/login`)
    await w.page.getByLabel('Password', { exact: true }).waitFor()
    await picture(w.page, `login-${suffix}`)
    expect(await seriousFaults(w.page)).toEqual([])
    await signIn(w.page)
  })
  afterAll(async () => {
    expect(w.errors).toEqual([])
    await w.close()
  })

  test.each(screens)('%s has no serious fault and fits', async (path) => {
    await w.page.goto(`${base}/${path}`)
    await settled(w.page)
    await picture(w.page, `${path.replace('/', '-')}-${suffix}`)
    expect(await seriousFaults(w.page)).toEqual([])
    expect(await w.page.evaluate(() => document.scrollingElement!.scrollWidth - innerWidth), 'nothing sticks out').toBeLessThanOrEqual(0)
    expect(await w.page.locator('main').evaluate((m) => m.scrollWidth - m.clientWidth), 'nothing sticks out').toBeLessThanOrEqual(0)
  })

  test('the record and its tabs have no serious fault and fit', async () => {
    const { page } = w
    await page.goto(`${base}/finance/records`)
    await page.locator('a[href^="/finance/records/"]').last().click()
    await page.locator('.record-head').waitFor()
    for (const tab of ['price', 'meter', 'timeline', 'attempts', 'commands']) {
      await page.goto(`${page.url().split('?')[0]}?tab=${tab}`)
      await page.locator('.record-tabs').waitFor()
      await page.locator('.skeleton').waitFor({ state: 'detached' })
      if (tab !== 'price' || dark) await picture(page, `record-${tab}-${suffix}`) // the bill's picture is taken where one was made
      expect(await seriousFaults(page), tab).toEqual([])
      expect(await page.locator('main').evaluate((m) => m.scrollWidth - m.clientWidth), `${tab}: nothing sticks out`).toBeLessThanOrEqual(0)
    }
  })

  test('the dialogs have no serious fault', async () => {
    const { page } = w
    await page.goto(`${base}/live/charging`)
    await settled(page)
    await page.locator('button:enabled', { hasText: 'Stop' }).first().click()
    await page.getByRole('dialog').waitFor()
    expect(await seriousFaults(page), 'stop').toEqual([])
    await picture(page, `stop-${suffix}`)
    await page.goto(`${base}/finance/plans`)
    await settled(page)
    await page.getByRole('button', { name: 'Add' }).click()
    await page.getByRole('dialog').waitFor()
    expect(await seriousFaults(page), 'plan').toEqual([])
    await picture(page, `plan-${suffix}`)
  })
})

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
  const { logins } = await import('./browser')
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
