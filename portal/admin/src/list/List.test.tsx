import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { App as AntApp } from 'antd'
import { cleanup, configure, fireEvent, render, screen, within } from '@testing-library/react'
import { I18nextProvider } from 'react-i18next'
import { createMemoryRouter, RouterProvider } from 'react-router'
import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import type { i18n } from 'i18next'
import type { Page } from '@ccms/shared/api'
import { startI18n } from '@ccms/shared/i18n/index'
import { Problem } from '@ccms/shared/problem'
import { List } from './List'
import type { Filter, ListState } from './state'
import type { ListProps } from './types'

interface Row { id: string; name: string }

// Many tests share the processors.
configure({ asyncUtilTimeout: 10_000 })
vi.setConfig({ testTimeout: 30_000 })
const until = (check: () => void) => vi.waitFor(check, { timeout: 10_000 })

let lang: i18n
let wide = true
beforeAll(async () => { lang = await startI18n('en') })
const kept: { list: string; columns: Record<string, boolean> }[] = []
let views: { id: string; list: string; name: string; query: string; default: boolean }[] = []
beforeEach(() => {
  wide = true
  kept.length = 0
  views = []
  vi.spyOn(window, 'fetch').mockImplementation(async (input) => {
    const r = input as Request
    const path = new URL(r.url).pathname
    if (path === '/api/v1/columns' && r.method === 'PUT') {
      const body = await r.json() as typeof kept[number]
      kept.splice(0, kept.length, ...kept.filter((x) => x.list !== body.list), body)
      return Response.json(body)
    }
    if (path === '/api/v1/columns') return Response.json({ items: kept, total: kept.length, total_capped: false })
    if (path === '/api/v1/views' && r.method === 'POST') {
      views.push({ id: `view_${views.length}`, ...await r.json() as Omit<typeof views[number], 'id'> })
      return Response.json(views.at(-1), { status: 201 })
    }
    if (path === '/api/v1/views') return Response.json({ items: views, total: views.length, total_capped: false })
    return Response.json({}, { status: 404 })
  })
  vi.spyOn(window, 'matchMedia').mockImplementation((query) => ({
    matches: query.includes('max-width') && !wide, media: query, addEventListener: () => undefined, removeEventListener: () => undefined,
    addListener: () => undefined, removeListener: () => undefined, onchange: null, dispatchEvent: () => true,
  }))
})
afterEach(() => {
  cleanup()
  localStorage.clear()
})

const filters: Filter[] = [{ key: 'name', kind: 'text', label: 'Name' }]

function show(load: (s: ListState) => Promise<Page<Row>>, at = '/', more: Partial<ListProps<Row>> = {}) {
  const router = createMemoryRouter([{
    path: '/',
    element: (
      <List<Row> queryKey={['rows']} filters={filters} load={load} label="Rows" rowName={(r) => r.name} defaultSort="name"
        columns={[{ key: 'name', title: 'Name', sort: 'name', cell: (r) => r.name }]} name="rows"
        card={(r) => ({ title: r.name, facts: [['Id', r.id]] })} empty={{ title: 'There is no row yet.', next: 'Add the first.' }} {...more} />
    ),
  }], { initialEntries: [at] })
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } })
  client.setQueryData(['me'], { staff: { id: 'staff_1', login: 'a', name: 'A', role: 'op_admin' }, permissions: [] })
  render(<I18nextProvider i18n={lang}><QueryClientProvider client={client}><AntApp><RouterProvider router={router} /></AntApp></QueryClientProvider></I18nextProvider>)
  return router
}

const page = (...names: string[]): Page<Row> => ({ items: names.map((name) => ({ id: `id-${name}`, name })), total: names.length, total_capped: false })

test('an empty list says why and what to do next', async () => {
  show(async () => page())
  expect(await screen.findByText('No Data')).toBeTruthy()
  expect(screen.getByText('There is no row yet. Add the first.')).toBeTruthy()
})

test('no match is not an empty list: the filters can be cleared', async () => {
  const router = show(async (s) => (s.filters.name ? page() : page('one')), '/?name=zzz')
  fireEvent.click((await screen.findAllByRole('button', { name: 'Clear the filters' }))[0]!)
  expect(await screen.findByText('one')).toBeTruthy()
  expect(router.state.location.search).toBe('')
})

test('a failure says so, and trying again is one click', async () => {
  let broken = true
  show(async () => {
    if (broken) throw new Problem(500, { code: 'internal', request_id: 'req_9' })
    return page('back')
  })
  const alert = await screen.findByRole('alert')
  expect(alert.textContent).toContain('req_9')
  broken = false
  fireEvent.click(within(alert).getByRole('button', { name: 'Try again' }))
  expect(await screen.findByText('back')).toBeTruthy()
})

test('no permission is neither empty nor broken', async () => {
  show(async () => { throw new Problem(403, { code: 'forbidden' }) })
  expect(await screen.findByText('You may not see this')).toBeTruthy()
})

test('the order is in the address and told to a screen reader', async () => {
  const sorts: (string | undefined)[] = []
  const router = show(async (s) => { sorts.push(s.sort); return page('a') })
  await screen.findByText('a')
  expect(screen.getByRole('columnheader').getAttribute('aria-sort')).toBe('ascending')
  fireEvent.click(screen.getByRole('button', { name: 'Name' }))
  await until(() => expect(router.state.location.search).toBe('?sort=-name'))
  await until(() => expect(sorts.at(-1)).toBe('-name'))
})

test('next and previous walk the cursors', async () => {
  const router = show(async (s) => (s.cursor === 'c2' ? page('second') : { ...page('first'), next_cursor: 'c2' }))
  await screen.findByText('first')
  fireEvent.click(screen.getByRole('button', { name: 'Next' }))
  expect(await screen.findByText('second')).toBeTruthy()
  expect(router.state.location.search).toBe('?cursor=c2')
  fireEvent.click(screen.getByRole('button', { name: 'Previous' }))
  expect(await screen.findByText('first')).toBeTruthy()
  expect(router.state.location.search).toBe('')
})

test('on a phone the rows are cards', async () => {
  wide = false
  show(async () => page('a', 'b'))
  expect(await screen.findAllByRole('listitem')).toHaveLength(2)
  expect(screen.queryByRole('table')).toBeNull()
})

const two = [
  { key: 'name', title: 'Name', fixed: true, cell: (r: Row) => r.name },
  { key: 'id', title: 'Id', cell: (r: Row) => r.id },
  { key: 'rare', title: 'Rare', off: true, cell: () => 'rare' },
]
const heads = () => screen.getAllByRole('columnheader').map((h) => h.textContent)

test('columns are shown as somebody chose them, and stay so', async () => {
  const opts = { name: 'rows', columns: two }
  show(async () => page('a'), '/', opts)
  await screen.findByText('a')
  expect(heads()).toEqual(['Name', 'Id'])
  fireEvent.click(screen.getByRole('button', { name: 'Columns' }))
  expect((await screen.findByRole<HTMLInputElement>('checkbox', { name: 'Name' })).disabled).toBe(true)
  fireEvent.click(screen.getByRole('checkbox', { name: 'Id' }))
  await until(() => expect(heads()).toEqual(['Name']))
  fireEvent.click(screen.getByRole('checkbox', { name: 'Rare' }))
  await until(() => expect(heads()).toEqual(['Name', 'Rare']))
  cleanup()
  show(async () => page('a'), '/', opts)
  await screen.findByText('a')
  await until(() => expect(heads()).toEqual(['Name', 'Rare']))
  expect(kept).toEqual([{ list: 'rows', columns: { id: false, rare: true } }])
  fireEvent.click(screen.getByRole('button', { name: 'Columns' }))
  fireEvent.click(await screen.findByRole('button', { name: 'As it comes' }))
  await until(() => expect(heads()).toEqual(['Name', 'Id']))
})

function bulk() {
  const acted: string[][] = []
  const opts: Partial<ListProps<Row>> = { bulk: {
    can: (r) => r.name !== 'never', limit: 3,
    actions: (rows, clear) => <button type="button" onClick={() => { acted.push(rows.map((r) => r.name)); clear() }}>Act</button>,
  } }
  return { acted, opts }
}

test('rows are chosen over pages; what cannot be acted on cannot be chosen', async () => {
  const { acted, opts } = bulk()
  show(async (s) => (s.cursor ? page('c', 'd') : { ...page('a', 'never'), next_cursor: 'c2' }), '/', opts)
  await screen.findByText('a')
  expect(screen.queryByRole('button', { name: 'Act' })).toBeNull()
  expect(screen.getByRole<HTMLInputElement>('checkbox', { name: 'Choose never' }).disabled).toBe(true)
  fireEvent.click(screen.getByRole('checkbox', { name: 'Choose all on this page' }))
  expect(screen.getByText('1 chosen')).toBeTruthy()
  fireEvent.click(screen.getByRole('button', { name: 'Next' }))
  fireEvent.click(await screen.findByRole('checkbox', { name: 'Choose d' }))
  fireEvent.click(screen.getByRole('button', { name: 'Act' }))
  expect(acted).toEqual([['a', 'd']])
  expect(screen.queryByRole('button', { name: 'Act' })).toBeNull()
})

test('another filter forgets what was chosen: what cannot be seen is not acted on', async () => {
  const { opts } = bulk()
  const router = show(async () => page('a', 'b'), '/', opts)
  fireEvent.click(await screen.findByRole('checkbox', { name: 'Choose a' }))
  expect(screen.getByText('1 chosen')).toBeTruthy()
  await router.navigate('/?name=a')
  await until(() => expect(screen.queryByText('1 chosen')).toBeNull())
})

test('no more rows are chosen than can be acted on at once', async () => {
  const { acted, opts } = bulk()
  show(async () => page('a', 'b', 'c', 'd'), '/', opts)
  await screen.findByText('d')
  fireEvent.click(screen.getByRole('checkbox', { name: 'Choose all on this page' }))
  expect(screen.getByRole<HTMLInputElement>('checkbox', { name: 'Choose d' }).disabled).toBe(true)
  fireEvent.click(screen.getByRole('button', { name: 'Act' }))
  expect(acted).toEqual([['a', 'b', 'c']])
})

test('a phone has no column heads: the orders are in the sheet of the filters', async () => {
  wide = false
  const router = show(async () => page('a'))
  fireEvent.click(await screen.findByRole('button', { name: 'Filters' }))
  fireEvent.mouseDown(await screen.findByRole('combobox', { name: 'Order' }))
  fireEvent.click(await screen.findByText('Name, downwards'))
  await until(() => expect(router.state.location.search).toBe('?sort=-name'))
})

test('a page whose rows are gone leads back to the first', async () => {
  show(async (s) => (s.cursor ? page() : page('first')), '/?cursor=old')
  fireEvent.click((await screen.findAllByRole('button', { name: 'First page' }))[0]!)
  expect(await screen.findByText('first')).toBeTruthy()
})

test('a view is kept under a name and brings its filters and order back', async () => {
  const router = show(async () => page('a'), '/?name=a&sort=-name&cursor=old')
  await screen.findByText('a')
  fireEvent.click(screen.getByRole('button', { name: 'Views' }))
  fireEvent.click(await screen.findByText('Save this view'))
  fireEvent.change(await screen.findByLabelText('Name of the view'), { target: { value: 'All of a' } })
  fireEvent.click(screen.getByRole('button', { name: 'Save' }))
  await until(() => expect(views).toEqual([{ id: 'view_0', list: 'rows', name: 'All of a', query: 'name=a&sort=-name', default: false }]))
  await router.navigate('/?name=b')
  fireEvent.click(await screen.findByRole('button', { name: 'Views' }))
  fireEvent.click(await screen.findByText('All of a'))
  await until(() => expect(router.state.location.search).toBe('?name=a&sort=-name'))
  expect(await screen.findByRole('button', { name: 'Views; now: All of a' })).toBeTruthy()
})

test('the default view opens a list that was opened bare, and only then', async () => {
  views = [{ id: 'v', list: 'rows', name: 'Mine', query: 'name=mine&gone=1', default: true }]
  const router = show(async () => page('a'))
  await until(() => expect(router.state.location.search).toBe('?name=mine'))
  await router.navigate('/')
  await screen.findByText('a')
  expect(router.state.location.search).toBe('')
  cleanup()
  const shared = show(async () => page('a'), '/?name=theirs')
  await screen.findByRole('button', { name: 'Views' })
  await screen.findByText('a')
  expect(shared.state.location.search).toBe('?name=theirs')
})
