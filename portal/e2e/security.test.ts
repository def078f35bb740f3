// How a charge point shows who it is, and the certificates: the screens say it, and
// nothing that axe finds, at a desk and in a hand.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { base, faults, openWindow, phone, settled, signIn, wide, type Window } from './browser'

let w: Window
beforeAll(async () => {
  w = await openWindow()
  await signIn(w.page)
})
afterAll(async () => {
  expect(w.errors).toEqual([])
  await w.close()
})

async function looked(what: string) {
  for (const size of [wide, phone]) {
    await w.page.setViewportSize(size)
    await expect.poll(() => w.page.evaluate(() => document.scrollingElement!.scrollWidth - innerWidth), { message: `${what} at ${size.width}` }).toBeLessThanOrEqual(0)
    expect(await faults(w.page), `${what} at ${size.width}`).toEqual([])
  }
  await w.page.setViewportSize(wide)
}

test('a charge point says by what it is connected, and its least is set', async () => {
  const id = await w.page.evaluate(async () => {
    const a = await fetch('/api/v1/charge-points?limit=1&online=true')
    return ((await a.json()) as { items: { id: string }[] }).items[0]!.id
  })
  await w.page.goto(`${base}/live/points/${id}?tab=security`)
  await w.page.getByText('Connected with').waitFor()
  await w.page.getByText('1 · key').first().waitFor()
  await settled(w.page)
  await looked('security')
  await w.page.getByRole('button', { name: 'Raise profile' }).click()
  await w.page.getByRole('dialog').getByLabel('Reason').fill('safer')
  await w.page.getByRole('dialog').getByRole('button', { name: 'Raise profile' }).click()
  await w.page.getByRole('dialog').getByText('takes no charge points by TLS').waitFor()
  await w.page.keyboard.press('Escape')
  await w.page.getByRole('button', { name: /OK|Throw|Discard/ }).last().click()
})

test('an authority is made, and the minimum is there', async () => {
  await w.page.goto(`${base}/assets/certificates?tab=authorities`)
  await w.page.getByText('Lowest security profile allowed').waitFor()
  await w.page.getByRole('button', { name: 'Add an authority' }).click()
  const dialog = w.page.getByRole('dialog')
  await dialog.getByLabel('Whose').click()
  await w.page.locator('.ant-select-item-option', { hasText: 'Built-in authority' }).click()
  await dialog.getByRole('button', { name: 'Add' }).click()
  await w.page.getByText('Trusted', { exact: true }).waitFor()
  await looked('authorities')
  await w.page.goto(`${base}/assets/certificates?tab=events`)
  await settled(w.page)
  await looked('events')
})
