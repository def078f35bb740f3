import { expect, test } from 'vitest'
import { fieldPhrase } from './fieldPhrase'

test.each([
  ['is taken', 'taken', {}],
  ['must be at most 10000.00 EUR', 'at_most', { value: '10000.00 EUR' }],
  ['expected number <= 1000', 'at_most', { value: '1000' }],
  ['must be 1 to 100', 'between', { from: '1', to: '100' }],
  ['must be between 1 and 1000', 'between', { from: '1', to: '1000' }],
  ['must have at most 100 characters', 'letters_at_most', { value: '100' }],
  ['expected length <= 200', 'letters_at_most', { value: '200' }],
  ['expected length >= 1', 'empty', {}],
  ['must say why, in at most 200 letters', 'reason', { value: '200' }],
  ['must be EUR, the currency of the account', 'account_currency', { value: 'EUR' }],
  ['must be a decimal number with at most 2 decimals', 'decimal', { value: '2' }],
  ['expected string to match pattern ^[A-Z]{3}$', 'invalid', {}],
])('%s', (detail, key, values) => expect(fieldPhrase(detail)).toEqual({ key, values }))

test('a sentence nobody knows stays as it is', () => expect(fieldPhrase('must be prettier')).toBeUndefined())
