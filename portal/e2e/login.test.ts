import { afterEach, beforeEach, expect, test } from 'vitest'
import { base, logins, openWindow, picture, settled, signIn, type Window } from './browser'

let w: Window
beforeEach(async () => { w = await openWindow() })
afterEach(async () => {
  expect(w.errors).toEqual([])
  await w.close()
})

test('a wrong password and an unknown login get the same answer', async () => {
  const { page } = w
  const texts: string[] = []
  for (const login of ['admin', 'nobody']) {
    await page.goto(`${base}/login`)
    await page.getByLabel('Login', { exact: true }).fill(login)
    await page.getByLabel('Password', { exact: true }).fill('wrong-wrong-wrong')
    await page.getByRole('button', { name: 'Sign in' }).click()
    const alert = page.getByRole('alert')
    await alert.waitFor()
    texts.push(await alert.innerText())
    expect(await page.getByLabel('Login', { exact: true }).inputValue(), 'the login stays').toBe(login)
  }
  expect(texts).toEqual(['The login or the password is not right.', 'The login or the password is not right.'])
  expect((await w.context.cookies()).filter((c) => c.name === 'ccms_session')).toEqual([])
  await picture(page, 'login-wrong-1440')
})

test('an empty form says what it needs, at the field', async () => {
  const { page } = w
  await page.goto(`${base}/login`)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByText('Enter your login.').waitFor()
  await page.getByText('Enter your password.').waitFor()
})

test('the right password leads to where one wanted to go, by keyboard alone', async () => {
  const { page } = w
  await page.goto(`${base}/finance/records?q=1`)
  await page.getByLabel('Login', { exact: true }).waitFor()
  await page.keyboard.type('admin')
  await page.keyboard.press('Tab')
  await page.keyboard.type(logins.admin!)
  await page.keyboard.press('Enter')
  await page.waitForURL(`${base}/finance/records?q=1`)
  await settled(page)
  const cookie = (await w.context.cookies()).find((c) => c.name === 'ccms_session')
  expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Lax' })
})

test('signing out ends the login on the server too', async () => {
  const { page } = w
  await signIn(page)
  const cookies = await w.context.cookies()
  await page.getByRole('button', { name: 'Sign Out' }).click()
  await page.waitForURL(`${base}/login`)
  await w.context.addCookies(cookies)
  await page.goto(`${base}/live/charging`)
  await page.getByLabel('Password', { exact: true }).waitFor()
})

test('an expired login keeps what was typed, and the form goes out after the new login', async () => {
  const { page } = w
  await signIn(page, 'admin', '/users/profiles')
  await page.getByRole('button', { name: 'Add' }).click()
  const account = `1${Date.now()}`.slice(0, 11)
  await page.getByLabel('Account', { exact: true }).last().fill(account)
  await page.getByLabel('NickName').fill('Kept')
  await w.context.clearCookies()
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Your login has expired').waitFor()
  await picture(page, 'login-expired-1440')
  expect(await page.getByLabel('Login', { exact: true }).inputValue(), 'who it was is known').toBe('admin')
  await page.getByLabel('Password', { exact: true }).fill(logins.admin!)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.locator('[data-id]', { hasText: account }).filter({ hasText: 'Kept' }).waitFor()
})

test('the owner enters an operator only with a reason, and leaves it again', async () => {
  const { page } = w
  await signIn(page, 'owner')
  await page.waitForURL(`${base}/system/operators`)
  expect(await page.getByRole('link', { name: 'Live charging Monitoring' }).count()).toBe(0)
  await page.getByRole('button', { name: 'Enter A3E' }).click()
  await page.getByRole('button', { name: 'Enter', exact: true }).click()
  await page.getByText('This is needed.').waitFor()
  await page.getByLabel('Why').fill('A look at the demo')
  await page.getByRole('button', { name: 'Enter', exact: true }).click()
  await page.waitForURL(`${base}/home`)
  await page.getByRole('button', { name: 'A3E' }).click()
  await page.getByText('Leave A3E').click()
  await page.waitForURL(`${base}/system/operators`)
})

test('each role sees its menu, and an address does not open more', async () => {
  const { page } = w
  await signIn(page, 'ops')
  expect(await page.getByRole('link', { name: 'Charging Record' }).count()).toBe(0)
  await page.goto(`${base}/finance/records`)
  await page.getByText('You may not see this').waitFor()
  await page.getByRole('button', { name: 'Sign Out' }).click()
  await page.waitForURL(`${base}/login`)
  await signIn(page, 'auditor')
  await settled(page)
  expect(await page.getByRole('button', { name: /^Stop transaction/ }).count(), 'the auditor only looks').toBe(0)
})
