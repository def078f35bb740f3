// What charge points are told beyond the core, and the wire: messages with their answers,
// narrowed, live and as a file.

import { readFileSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { base, openWindow, phone, picture, seriousFaults, settled, signIn, wide, type Window } from './browser'

async function openPoint(w: Window): Promise<string> {
  await w.page.goto(`${base}/live/points?online=true`)
  await settled(w.page)
  const link = w.page.locator('tr[data-id] a[href^="/live/points/"]').first()
  const name = await link.innerText()
  await link.click()
  await w.page.locator('.record-head h2', { hasText: name }).waitFor()
  return name
}

describe('profiles, vendors and the wire', () => {
  let w: Window
  let name = ''
  beforeAll(async () => {
    w = await openWindow()
    await signIn(w.page)
    name = await openPoint(w)
  })
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') await picture(w.page, `failed-${task.name.slice(0, 40).replaceAll(/\W+/g, '-')}`)
  })
  afterAll(async () => {
    expect(w.errors).toEqual([])
    await w.close()
  })
  const command = async (item: string) => {
    await w.page.getByRole('button', { name: `Commands for ${name}` }).click()
    await w.page.getByRole('menuitem', { name: item }).click()
    return w.page.getByRole('dialog')
  }
  const close = () => w.page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click()

  test('a profile is typed in kilowatts, its mistakes stand at their fields, and the point keeps to it', async () => {
    const dialog = await command('Set a charging profile…')
    await dialog.getByLabel('In', { exact: true }).click()
    await w.page.getByTitle('Kilowatts of all phases').click()
    await dialog.getByLabel('At most').fill('7.1234')
    await dialog.getByRole('button', { name: 'Another limit' }).click()
    await dialog.getByLabel('From').nth(1).fill('0:00')
    await dialog.getByRole('button', { name: 'Set the profile' }).click()
    await dialog.getByText('Enter kilowatts with at most three decimals, such as 7.4.').first().waitFor()
    await dialog.getByText('Must be later than the limit before.').waitFor()
    expect(await seriousFaults(w.page)).toEqual([])
    await picture(w.page, 'profile-1440')
    await dialog.getByLabel('At most').nth(0).fill('7.4')
    await dialog.getByLabel('From').nth(1).fill('1:00')
    await dialog.getByLabel('At most').nth(1).fill('3.6')
    await dialog.getByLabel('Reason').fill('Roof works')
    await dialog.getByRole('button', { name: 'Set the profile' }).click()
    await dialog.getByText('The point keeps to the profile').waitFor({ timeout: 30_000 })
    await close()
  })

  test('the schedule that the point makes of it is a picture and a table', async () => {
    const dialog = await command('Read the schedule…')
    await dialog.getByLabel('In', { exact: true }).click()
    await w.page.getByTitle('Kilowatts of all phases').click()
    await dialog.getByRole('button', { name: 'Read', exact: true }).click()
    await dialog.getByText('The schedule was read').waitFor({ timeout: 30_000 })
    await dialog.getByRole('img', { name: /^Limits over time/ }).waitFor()
    await dialog.getByRole('cell', { name: '7.40 kW' }).waitFor()
    await dialog.getByRole('cell', { name: '3.60 kW' }).waitFor()
    expect(await seriousFaults(w.page)).toEqual([])
    await picture(w.page, 'schedule-1440')
    await close()
  })

  test("a vendor's message comes back, and is on the wire with its answer", async () => {
    const dialog = await command("Send a vendor's message…")
    await dialog.getByLabel('Vendor id').fill('nobody.example')
    await dialog.getByLabel('Reason').fill('Trying it')
    await dialog.getByRole('button', { name: 'Send' }).click()
    await dialog.getByText('Rejected by the point').waitFor({ timeout: 30_000 })
    await close()
    await w.page.getByRole('tab', { name: 'Messages' }).click()
    await w.page.getByRole('combobox', { name: 'Message' }).fill('DataTransfer')
    await w.page.getByTitle('DataTransfer').click()
    const row = w.page.locator('.frame-row').first()
    await row.locator('summary').getByText(/UnknownVendorId (?:<1|\d+) ms/).waitFor({ timeout: 20_000 })
    await row.locator('summary').focus()
    await w.page.keyboard.press('Enter')
    await row.locator('pre').nth(1).getByText('UnknownVendorId').waitFor()
    expect(await seriousFaults(w.page)).toEqual([])
    await picture(w.page, 'wire-1440')
  })

  test('messages come as they pass, and go into a file as they are', async () => {
    const { page } = w
    await page.goto(`${page.url().split('?')[0]}?tab=frames`)
    await page.getByRole('switch', { name: 'Live' }).click()
    await page.getByText('watching').waitFor()
    const dialog = await command('Ask for a message…')
    await dialog.getByLabel('Message').click()
    await page.getByTitle('Heartbeat').click()
    await dialog.getByRole('button', { name: 'Ask' }).click()
    await dialog.getByText('Accepted').first().waitFor({ timeout: 30_000 })
    await close()
    // A Heartbeat is in no journal: it can only have passed.
    await page.locator('.frame-row', { has: page.locator('b', { hasText: /^Heartbeat$/ }) }).first().waitFor()
    const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Save' }).click()])
    expect(file.suggestedFilename()).toMatch(/^frames-.*\.jsonl$/)
    const lines = readFileSync(await file.path(), 'utf8').trim().split('\n').map((l) => JSON.parse(l) as { action: string })
    expect(lines.some((l) => l.action === 'BootNotification')).toBe(true)
    for (const size of [phone, wide]) {
      await page.setViewportSize(size)
      await expect.poll(() => page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), { message: `fits ${size.width}` }).toBe(true)
      expect(await seriousFaults(page)).toEqual([])
    }
    await page.setViewportSize(phone)
    const opened = page.locator('.frame-row', { hasText: 'BootNotification' }).first()
    if (!await opened.locator('details').evaluate((d) => (d as HTMLDetailsElement).open)) await opened.locator('summary').click()
    await opened.locator('pre').first().waitFor()
    await expect.poll(() => page.locator('main').evaluate((m) => m.scrollWidth - m.clientWidth), { message: 'an opened message fits' }).toBeLessThanOrEqual(0)
    await picture(page, 'wire-390')
    await page.setViewportSize(wide)
  })

  test('a vendor is registered', async () => {
    const { page } = w
    await page.getByRole('tab', { name: 'Messages' }).click()
    await page.getByRole('tab', { name: 'Vendor', exact: true }).click()
    await page.getByRole('button', { name: 'Known vendors' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Add' }).click()
    const form = page.getByRole('dialog', { name: 'Register a vendor' })
    await form.getByLabel('Vendor id').fill('com.example')
    await form.getByRole('button', { name: 'Save' }).click()
    await page.getByRole('cell', { name: 'com.example', exact: true }).waitFor()
    expect(await seriousFaults(page)).toEqual([])
    await picture(page, 'vendors-1440')
  })
})
