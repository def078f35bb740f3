import i18next from 'i18next'
import { expect, test } from 'vitest'
import de from '@ccms/shared/i18n/de.json'
import en from '@ccms/shared/i18n/en.json'
import { reasonIn } from './reasons'

const i18n = i18next.createInstance()
await i18n.init({ lng: 'de', resources: { de: { translation: de } }, interpolation: { escapeValue: false } })

test('the sentences of the server are told in the language of the page', () => {
  expect(reasonIn(i18n.t, 'The card may charge.')).toBe('Die Karte darf laden.')
  expect(reasonIn(i18n.t, 'The available balance 1.20 EUR is below the 5.00 EUR needed to start.')).toBe('Das verfügbare Guthaben 1.20 EUR liegt unter den 5.00 EUR, die zum Starten nötig sind.')
  for (const [name, text] of Object.entries(en.attempt_reason)) {
    if (!text.includes('{{')) expect(reasonIn(i18n.t, text), name).toBe(de.attempt_reason[name as keyof typeof de.attempt_reason])
  }
  expect(reasonIn(i18n.t, 'A later server says so.')).toBeUndefined()
  expect(reasonIn(i18n.t, 'The available balance (.+) is')).toBeUndefined()
})
