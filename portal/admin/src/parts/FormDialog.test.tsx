import { cleanup, configure, fireEvent, render, screen } from '@testing-library/react'
import { App as AntApp, Form, Input } from 'antd'
import type { i18n } from 'i18next'
import { I18nextProvider } from 'react-i18next'
import { createMemoryRouter, RouterProvider } from 'react-router'
import { afterEach, beforeAll, expect, test, vi } from 'vitest'
import { startI18n } from '@ccms/shared/i18n/index'
import { Problem } from '@ccms/shared/problem'
import { FormDialog } from './FormDialog'

interface V { name: string; address: string }

configure({ asyncUtilTimeout: 10_000 })
vi.setConfig({ testTimeout: 30_000 })
let lang: i18n
beforeAll(async () => { lang = await startI18n('en') })
afterEach(cleanup)

function show(submit: (v: V, key: string) => Promise<void>, newest?: () => Promise<V>) {
  const element = (
    <FormDialog<V> title="Change" ok="Save" initial={{ name: 'Depot', address: 'Street 1' }} onClose={() => undefined} submit={submit}
      conflict={newest && { newest, label: (n) => n.toUpperCase() }}>
      <Form.Item name="name" label="Name"><Input /></Form.Item>
      <Form.Item name="address" label="Address"><Input /></Form.Item>
    </FormDialog>
  )
  const router = createMemoryRouter([{ path: '/', element }])
  render(<I18nextProvider i18n={lang}><AntApp><RouterProvider router={router} /></AntApp></I18nextProvider>)
}

const save = () => fireEvent.click(screen.getByRole('button', { name: 'Save' }))

test('an error stands at its field, and nothing typed is lost', async () => {
  show(async () => { throw new Problem(422, { code: 'invalid_input', errors: [{ pointer: '/name', detail: 'is taken' }] }) })
  fireEvent.change(await screen.findByLabelText('Name'), { target: { value: 'Depot East' } })
  save()
  expect(await screen.findByText(/is taken/i)).toBeTruthy()
  expect(screen.getByLabelText<HTMLInputElement>('Name').value).toBe('Depot East')
})

test('the same values are sent again under the same key, others under another', async () => {
  const keys: string[] = []
  show(async (_v, key) => { keys.push(key); throw new Problem(500) })
  await screen.findByLabelText('Name')
  for (const value of ['a', 'a', 'b']) {
    fireEvent.change(screen.getByLabelText('Name'), { target: { value } })
    const n = keys.length
    save()
    await vi.waitFor(() => expect(keys.length).toBe(n + 1), { timeout: 10_000 })
    await screen.findByRole('alert')
  }
  expect(keys[0]).toBe(keys[1])
  expect(keys[2]).not.toBe(keys[0])
})

test('a version that somebody else saved is shown beside mine, and I choose', async () => {
  const sent: V[] = []
  show(async (v) => {
    sent.push(v)
    if (sent.length === 1) throw new Problem(409, { code: 'stale_version' })
  }, async () => ({ name: 'Depot West', address: 'Street 2' }))
  fireEvent.change(await screen.findByLabelText('Name'), { target: { value: 'Depot East' } })
  save()
  expect((await screen.findByRole('alert')).textContent).toContain('somebody else')
  expect(screen.getByText('Depot West')).toBeTruthy()
  expect(screen.getByRole<HTMLInputElement>('radio', { name: /Street 2/ }).checked, 'what I did not touch').toBe(true)
  expect(screen.getByRole<HTMLInputElement>('radio', { name: /Depot East/ }).checked, 'what I changed').toBe(true)
  fireEvent.click(screen.getByRole('radio', { name: /Depot West/ }))
  save()
  await vi.waitFor(() => expect(sent[1]).toEqual({ name: 'Depot West', address: 'Street 2' }), { timeout: 10_000 })
})

test('who goes back to the form finds what they typed', async () => {
  show(async () => { throw new Problem(409, { code: 'stale_version' }) }, async () => ({ name: 'Depot West', address: 'Street 1' }))
  fireEvent.change(await screen.findByLabelText('Name'), { target: { value: 'Depot East' } })
  save()
  fireEvent.click(await screen.findByRole('button', { name: 'Back to the form' }))
  expect((await screen.findByLabelText<HTMLInputElement>('Name')).value).toBe('Depot East')
})

test('a page with something typed is not closed without a question', async () => {
  show(async () => undefined)
  const leave = () => {
    const e = new Event('beforeunload', { cancelable: true })
    window.dispatchEvent(e)
    return e.defaultPrevented
  }
  await screen.findByLabelText('Name')
  expect(leave()).toBe(false)
  fireEvent.change(screen.getByLabelText('Name'), { target: { value: 'x' } })
  expect(leave()).toBe(true)
})
