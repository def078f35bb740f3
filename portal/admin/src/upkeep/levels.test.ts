import { expect, test } from 'vitest'
import type { WarningLevels } from '@ccms/shared/api'
import { levelsWith, ownOf } from './levels'

const all: WarningLevels = {
  version: 3,
  items: [
    { type: 'OFFLINE', built_in_lowest: 'ERROR', built_in_highest: 'ERROR', safety: false, level: 'WARN' },
    { type: 'FLAPPING', built_in_lowest: 'WARN', built_in_highest: 'WARN', safety: false },
  ],
}

test('one type changes and the others stay', () => {
  expect(ownOf(all, 'OFFLINE')).toBe('WARN')
  expect(ownOf(all, 'FLAPPING')).toBeUndefined()
  expect(levelsWith(all, 'FLAPPING', 'ERROR')).toEqual({ OFFLINE: 'WARN', FLAPPING: 'ERROR' })
  expect(levelsWith(all, 'OFFLINE', 'INFO')).toEqual({ OFFLINE: 'INFO' })
})

test('a type without a level has the built-in one again', () => {
  expect(levelsWith(all, 'OFFLINE', undefined)).toEqual({})
  expect(levelsWith(all, 'FLAPPING', undefined)).toEqual({ OFFLINE: 'WARN' })
})
