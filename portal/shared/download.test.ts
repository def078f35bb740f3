import { expect, test } from 'vitest'
import { exportURL, fileNameOf } from './download'

test('a file has the filter and not the page', () => {
  expect(exportURL('/api/v1/sites', { name: 'Köln & =1', status: undefined, q: '', sort: '-name', limit: 20, cursor: 'abc', online: false }, 'http://x'))
    .toBe('http://x/api/v1/sites?name=K%C3%B6ln+%26+%3D1&sort=-name&online=false')
})

test.each([
  ['attachment; filename="sites-2026-11-30.csv"', 'sites-2026-11-30.csv'],
  [null, 'export.csv'],
  ['attachment', 'export.csv'],
])('the name of %s', (head, name) => expect(fileNameOf(head, 'export.csv')).toBe(name))
