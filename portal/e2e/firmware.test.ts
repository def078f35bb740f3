import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { base, openWindow, phone, picture, seriousFaults, settled, signIn, wide, type Window } from './browser'

// A person gets a charge point's diagnostics, and brings new firmware into it.

let w: Window
let point: { id: string; name: string; vendor: string; model: string }
const folder = mkdtempSync(join(tmpdir(), 'ccms-firmware-'))

beforeAll(async () => {
  w = await openWindow({ size: wide })
  await signIn(w.page, 'ops', '/live/points')
  await settled(w.page)
  point = await w.page.evaluate(async () => {
    const get = async <T>(path: string) => await (await fetch(`/api/v1/${path}`)).json() as T
    const { items } = await get<{ items: typeof point[] }>('charge-points?online=true&limit=100')
    const busy = await get<{ items: { charge_point_id: string }[] }>('sessions?state=running&limit=100')
    const free = items.find((p) => !busy.items.some((s) => s.charge_point_id === p.id)) ?? items[0]!
    // Nobody begins to charge there, which firmware would wait for.
    const me = await get<{ csrf_token: string }>('me')
    await fetch(`/api/v1/charge-points/${free.id}/commands`, {
      method: 'POST', headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': me.csrf_token, 'Idempotency-Key': crypto.randomUUID() },
      body: JSON.stringify({ type: 'change_availability', availability: 'inoperative', reason: 'new firmware' }),
    })
    return free
  })
})

afterAll(async () => {
  rmSync(folder, { recursive: true })
  expect(w.errors).toEqual([])
  await w.close()
})

test('diagnostics are asked for without an address, arrive, and are downloaded', async () => {
  const { page } = w
  await page.goto(`${base}/live/points/${point.id}?tab=files`)
  await page.getByText('was not asked for a file yet').waitFor()
  await page.getByRole('button', { name: `Commands for ${point.name}` }).click()
  await page.getByRole('menuitem', { name: 'Get diagnostics…' }).click()
  expect(await seriousFaults(page), 'the dialog').toEqual([])
  await page.getByRole('dialog').getByRole('button', { name: 'Get it' }).click()
  await page.getByRole('dialog').getByText('The file is here: see Files').waitFor()
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click()
  const row = page.locator('tr[data-id]', { hasText: 'Diagnostics' })
  await row.getByText('Here', { exact: true }).waitFor()
  const download = page.waitForEvent('download')
  await row.getByRole('button', { name: /^Download/ }).click()
  const file = await download
  expect(file.suggestedFilename()).toMatch(/diagnostics\.log$/)
  expect(readFileSync((await file.path())!, 'utf8')).toMatch(/^diagnostics of /)
  expect(await seriousFaults(page)).toEqual([])
  await picture(page, 'point-files-1440')
})

test('an image with a bad signature is refused and nothing typed is lost; the right one is installed', async () => {
  const { page } = w
  const image = join(folder, 'fw-9.9.1.bin')
  writeFileSync(image, `firmware 9.9.1\n${'x'.repeat(100_000)}`)
  await page.goto(`${base}/assets/firmware`)
  await page.getByText('There is no firmware image yet').waitFor()
  await page.getByRole('button', { name: 'Add an image' }).first().click()
  const dialog = page.getByRole('dialog')
  await dialog.locator('input[type=file]').setInputFiles(image)
  await dialog.getByLabel('Name', { exact: true }).fill('Spring 9.9.1')
  await dialog.getByLabel('Vendor').fill(point.vendor)
  await dialog.getByLabel('Model').fill(point.model)
  await dialog.getByLabel('Version').fill('9.9.1')
  await dialog.getByLabel(/^Signature/).fill('AAAA')
  await dialog.getByRole('button', { name: 'Upload' }).click()
  await dialog.getByRole('alert').or(dialog.locator('.ant-form-item-explain-error')).first().waitFor()
  expect(await seriousFaults(page), 'the dialog').toEqual([])
  await dialog.getByLabel(/^Signature/).fill('')
  await dialog.getByRole('button', { name: 'Upload' }).click()
  await dialog.waitFor({ state: 'hidden' })
  await page.locator('tr[data-id]', { hasText: 'Spring 9.9.1' }).getByText('9.9.1', { exact: true }).waitFor()
  expect(await seriousFaults(page)).toEqual([])
  await picture(page, 'firmware-images-1440')

  await page.goto(`${base}/live/points/${point.id}?tab=firmware`)
  await page.getByRole('button', { name: 'Install firmware…' }).click()
  await dialog.getByLabel('Image').click()
  await page.getByTitle('Spring 9.9.1 · 9.9.1').click()
  await dialog.getByLabel('Reason').fill('test')
  await dialog.getByRole('button', { name: 'Install', exact: true }).click()
  await dialog.waitFor({ state: 'hidden' })
  await page.locator('tr[data-id]', { hasText: 'Spring 9.9.1' }).getByText('Done', { exact: true }).waitFor({ timeout: 40_000 })
  expect(await seriousFaults(page)).toEqual([])
})

test('a campaign begins, is paused and cancelled, also on a phone', async () => {
  const { page } = w
  await page.goto(`${base}/assets/firmware?tab=campaigns`)
  await page.getByRole('button', { name: 'New campaign' }).first().click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name', { exact: true }).fill('All of them')
  await dialog.getByLabel('Image', { exact: true }).click()
  await page.getByTitle(/^Spring 9\.9\.1/).click()
  await dialog.getByLabel('At once').fill('1')
  await dialog.getByLabel(/^Reason/).fill('test')
  expect(await seriousFaults(page), 'the dialog').toEqual([])
  await dialog.getByRole('button', { name: 'Begin' }).click()
  await page.locator('.record-head h2', { hasText: 'All of them' }).waitFor()
  await page.getByRole('button', { name: 'Pause' }).click()
  await page.locator('.record-head').getByText('Paused').waitFor()
  await page.setViewportSize(phone)
  await settled(page)
  await expect.poll(() => page.locator('main').evaluate((m) => m.scrollWidth - m.clientWidth), { message: 'nothing sticks out' }).toBeLessThanOrEqual(0)
  expect(await seriousFaults(page), 'on a phone').toEqual([])
  await picture(page, 'firmware-campaign-390')
  await page.getByRole('button', { name: 'Cancel the campaign' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel the campaign' }).click()
  await page.locator('.record-head').getByText('Cancelled').waitFor()
})
