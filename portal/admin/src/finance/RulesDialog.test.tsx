import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { App as AntApp } from 'antd'
import { cleanup, configure, fireEvent, render, screen, waitFor } from '@testing-library/react'
import type { i18n } from 'i18next'
import { I18nextProvider } from 'react-i18next'
import { createMemoryRouter, RouterProvider } from 'react-router'
import { afterEach, beforeAll, expect, test, vi } from 'vitest'
import type { RechargeRules } from '@ccms/shared/api'
import { startI18n } from '@ccms/shared/i18n/index'
import { RulesDialog } from './RulesDialog'

configure({ asyncUtilTimeout: 10_000 })
vi.setConfig({ testTimeout: 30_000 })
let lang: i18n
beforeAll(async () => { lang = await startI18n('en') })
afterEach(() => {
  cleanup()
  vi.restoreAllMocks()
})

const eur = (amount: string) => ({ amount, currency: 'EUR' })

test('limits that somebody else saved while they were open are shown, not written over', async () => {
  let stored = { presets: [eur('10.00')], most: eur('500.00'), approve_within_h: 72, version: 1 } as RechargeRules
  const sent: { version: string | null; body: { presets: unknown; most?: unknown } }[] = []
  vi.spyOn(window, 'fetch').mockImplementation(async (input) => {
    const r = input as Request
    if (r.method !== 'PUT') return Response.json(stored)
    sent.push({ version: r.headers.get('If-Match'), body: await r.json() as typeof sent[number]['body'] })
    if (sent.at(-1)!.version !== `"${stored.version}"`) return Response.json({ code: 'stale_version' }, { status: 409 })
    return Response.json(stored)
  })
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } })
  client.setQueryData(['me'], { permissions: [], operator: { currency: 'EUR' } })
  const router = createMemoryRouter([{ path: '/', element: <RulesDialog onClose={() => undefined} /> }])
  render(<I18nextProvider i18n={lang}><QueryClientProvider client={client}><AntApp><RouterProvider router={router} /></AntApp></QueryClientProvider></I18nextProvider>)

  fireEvent.change(await screen.findByLabelText('At most'), { target: { value: '300' } })
  stored = { ...stored, presets: [eur('20.00')], most: eur('400.00'), version: 2 }
  await client.invalidateQueries({ queryKey: ['recharge-rules'] }) // as a window that comes back loads it
  await waitFor(() => expect(client.getQueryData<RechargeRules>(['recharge-rules'])?.version).toBe(2))
  fireEvent.click(screen.getByRole('button', { name: 'Save' }))

  expect(await screen.findByText('400.00')).toBeTruthy()
  expect(screen.getByText('20.00')).toBeTruthy()
  fireEvent.click(screen.getByRole('button', { name: 'Save' }))
  await waitFor(() => expect(sent.length).toBe(2))
  expect(sent.map((s) => s.version)).toEqual(['"1"', '"2"'])
  expect(sent[1]!.body).toMatchObject({ presets: [eur('20.00')], most: eur('300') }) // theirs where I typed nothing
})
