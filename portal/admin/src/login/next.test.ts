import { expect, test } from 'vitest'
import { safeNext } from './next'

test.each([
  ['/finance/records?q=1', '/finance/records?q=1'],
  ['//evil.test', '/'],
  ['/\\evil.test', '/'],
  ['https://evil.test', '/'],
  ['javascript:alert(1)', '/'],
  ['/login?next=/login', '/'],
  [null, '/'],
])('after the login %s leads to %s', (next, want) => expect(safeNext(next)).toBe(want))
