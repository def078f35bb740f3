// All of it by keyboard, and in the language a person chooses.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { base, openWindow, picture, settled, signIn, type Window } from './browser'

let w: Window
beforeAll(async () => {
  w = await openWindow()
  await signIn(w.page, 'admin', '/finance/recharges')
  await settled(w.page)
})
afterAll(async () => {
  expect(w.errors).toEqual([])
  await w.close()
})

const focused = () => w.page.evaluate(() => {
  const e = document.activeElement as HTMLElement
  const style = getComputedStyle(e)
  return {
    text: (e.getAttribute('aria-label') ?? e.innerText).trim(), id: e.id, inDialog: Boolean(e.closest('[role="dialog"]')), isBody: e === document.body, inMain: Boolean(e.closest('main')),
    visible: style.outlineStyle !== 'none' || style.boxShadow !== 'none' || Boolean(e.closest('.ant-select-focused, .ant-input-affix-wrapper-focused, .ant-input-affix-wrapper:focus-within')),
  }
})

test('the first stop is the way past the menu', async () => {
  const { page } = w
  await page.goto(`${base}/finance/recharges`)
  await settled(page)
  await page.evaluate(() => (document.activeElement as HTMLElement).blur())
  await page.keyboard.press('Tab')
  expect((await focused()).text).toBe('Skip to the content')
  await page.keyboard.press('Enter')
  expect((await focused()).id).toBe('content')
  await page.keyboard.press('Tab')
  expect((await focused()).inMain, 'the next stop is in the content').toBe(true)
})

test('each stop of a list can be seen', async () => {
  const { page } = w
  await page.goto(`${base}/finance/recharges`)
  await settled(page)
  await page.locator('#content').focus()
  const blind: string[] = []
  for (let i = 0; i < 25; i++) {
    await page.keyboard.press('Tab')
    const f = await focused()
    if (!f.inMain) break
    if (!f.visible) blind.push(f.text)
  }
  expect(blind).toEqual([])
})

test('a dialog keeps the focus and gives it back', async () => {
  const { page } = w
  await page.goto(`${base}/finance/recharges`)
  await settled(page)
  const button = page.getByRole('button', { name: 'Recharge an account' })
  await button.focus()
  await page.keyboard.press('Enter')
  await page.getByRole('dialog').waitFor()
  for (let i = 0; i < 20; i++) {
    await page.keyboard.press('Tab')
    // The browser's own stop between the last and the first is the body's.
    const f = await focused()
    expect(f.inDialog || f.isBody, `stop ${i}: ${f.text.slice(0, 80)}`).toBe(true)
  }
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  await expect.poll(async () => (await focused()).text).toBe('Recharge an account')
})

test('German is chosen at the top right, and stays', async () => {
  const { page } = w
  await page.goto(`${base}/finance/recharges`)
  await settled(page)
  await page.getByRole('button', { name: 'Language: English' }).click()
  await page.getByRole('menuitem', { name: 'Deutsch' }).click()
  await page.getByRole('heading', { level: 1, name: 'Aufladungen' }).waitFor()
  expect(await page.evaluate(() => document.documentElement.lang)).toBe('de')
  await page.reload()
  await page.getByRole('heading', { level: 1, name: 'Aufladungen' }).waitFor()

  // Numbers are typed and read as the language writes them.
  await page.goto(`${base}/users/profiles`)
  await settled(page)
  await page.getByRole('button', { name: 'Hinzufügen' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Konto', { exact: true }).fill('13900000400')
  await dialog.getByRole('button', { name: 'Speichern' }).click()
  const row = page.locator('tr[data-id]', { hasText: '13900000400' })
  await row.getByRole('button', { name: 'Konto 13900000400 aufladen' }).click()
  await dialog.getByLabel('Betrag').fill('1234,50')
  await dialog.getByLabel('Grund').fill('Bar an der Kasse')
  await picture(page, 'recharge-de-1440')
  await dialog.getByRole('button', { name: 'Aufladen' }).click()
  await row.getByText('1.234,50', { exact: true }).waitFor()
  // The guide's times stay as they are.
  await page.goto(`${base}/finance/recharges?account=13900000400`)
  await settled(page)
  expect(await page.locator('tr[data-id] time').first().innerText()).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/)

  // What the server refuses is said in German, at the field.
  await page.getByRole('button', { name: 'Konto aufladen' }).click()
  await dialog.getByLabel('Konto', { exact: true }).click()
  await page.keyboard.type('13900000400')
  await page.locator('.ant-select-item-option', { hasText: '13900000400' }).click()
  await dialog.getByLabel('Betrag').fill('999999999')
  await dialog.getByLabel('Grund').fill('zu viel')
  await dialog.getByRole('button', { name: 'Aufladen' }).click()
  await dialog.getByText(/darf höchstens .* sein/).waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Verwerfen' }).click()
  await page.getByRole('button', { name: 'Sprache: Deutsch' }).click()
  await page.getByRole('menuitem', { name: 'English' }).click()
  await page.getByRole('heading', { level: 1, name: 'Recharge Record' }).waitFor()
}, 90_000)

test('RCH-R2: a recharge is taken back from the list, once, and both point at each other', async () => {
  const { page } = w
  await page.goto(`${base}/finance/recharges?account=13900000400`)
  await settled(page)
  await page.locator('tr[data-id]').getByRole('button', { name: /^Take recharge \d{25} back$/ }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText('Available now: 1,234.50').waitFor()
  await dialog.getByLabel('Amount').fill('1000.25')
  await dialog.getByLabel('Reason').fill('Wrong account')
  await picture(page, 'reverse-1440')
  await dialog.getByRole('button', { name: 'Take back' }).click()
  await page.getByText('-1,000.25').first().waitFor()
  await page.getByText('Partly reversed').waitFor()
  expect(await page.getByRole('button', { name: /^Take recharge \d{25} back$/ }).count(), 'only once').toBe(0)
  await page.getByRole('button', { name: 'Sums' }).click()
  await dialog.getByText('234.25').waitFor()
  await page.keyboard.press('Escape')
  await page.locator('tr[data-id]', { hasText: 'Wrong account' }).getByRole('link').click()
  await page.getByRole('heading', { level: 2, name: /^Reversal \d{25}$/ }).waitFor()
  await page.getByText('Given without being received').waitFor()
  await picture(page, 'reversal-1440')
  await page.locator('.history').getByRole('link').click()
  await page.getByRole('heading', { level: 2, name: /^Recharge \d{25}$/ }).waitFor()
  await page.getByText('Taken back by').waitFor()
})
