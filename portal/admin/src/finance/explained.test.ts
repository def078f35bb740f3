// @vitest-environment node
import { readFileSync } from 'node:fs'
import i18next from 'i18next'
import { afterEach, expect, test } from 'vitest'
import { speakNumbers } from '@ccms/shared/format'
import de from '@ccms/shared/i18n/de.json'
import en from '@ccms/shared/i18n/en.json'
import { explained } from './explained'

const i18n = i18next.createInstance()
await i18n.init({ lng: 'de', resources: { de: { translation: de } }, interpolation: { escapeValue: false } })
afterEach(() => speakNumbers('en'))

test('a bill is explained in the language of the page, its numbers too', () => {
  speakNumbers('de')
  for (const [said, told] of [
    ['Electricity: 18.437 kWh × 0.30 EUR = 5.53 EUR', 'Strom: 18,437 kWh × 0,30 EUR = 5,53 EUR'],
    ['Electricity night: 1234.000 kWh × 0.22 EUR = 271.48 EUR', 'Strom night: 1.234,000 kWh × 0,22 EUR = 271,48 EUR'],
    ['Idle: 40 min × 0.05 EUR = capped at 1.50 EUR', 'Standgebühr: 40 min × 0,05 EUR = begrenzt auf 1,50 EUR'],
    ['Service: 90 min × 0.60 EUR per hour − 10 % = 0.81 EUR', 'Service: 90 min × 0,60 EUR je Stunde − 10 % = 0,81 EUR'],
    ['Reservation: 12 min × 0.05 EUR = 0.60 EUR', 'Reservierung: 12 min × 0,05 EUR = 0,60 EUR'],
    ['Reservation that was not used: 1 × 2.00 EUR = 2.00 EUR', 'Nicht genutzte Reservierung: 1 × 2,00 EUR = 2,00 EUR'],
    ['Raised to the least that a session costs: 0.40 EUR', 'Auf das Mindeste angehoben, was ein Ladevorgang kostet: 0,40 EUR'],
    ['The session got 5.000 kWh or more: nothing is charged for the reservation.', 'Der Ladevorgang bekam 5,000 kWh oder mehr: Die Reservierung kostet nichts.'],
    ['VAT 19 % of 8.85 EUR = 1.68 EUR', 'USt. 19 % auf 8,85 EUR = 1,68 EUR'],
    ['VAT 5.5 % contained in the prices: 1.48 EUR, net 7.37 EUR', 'USt. 5,5 % in den Preisen enthalten: 1,48 EUR, netto 7,37 EUR'],
    ['The first 15 min of idle time are free and deducted.', 'Die ersten 15 min der Standzeit sind frei und abgezogen.'],
    ['Total 10.53 EUR', 'Gesamt 10,53 EUR'],
    ['applies at all times', 'gilt jederzeit'],
    ['A later server says so.', 'A later server says so.'],
  ]) expect(explained(i18n.t, said!)).toBe(told)
})

test('the sentences are those that the server writes', () => {
  const server = ['price', 'rate'].map((f) => readFileSync(new URL(`../../../../internal/tariff/${f}.go`, import.meta.url), 'utf8')).join('')
  const { line: _, capped: __, ...whole } = en.bill_says // these two are put together there
  for (const [name, text] of Object.entries(whole)) {
    const said = text.replaceAll(/\{\{(\w+)\}\}$/g, '').replaceAll(/\{\{\w+\}\}/g, '%s')
    expect(server.includes(`"${said}`), `${name}: ${said}`).toBe(true)
  }
})
