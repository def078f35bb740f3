// How a bill came about, in the language of the page: the server's sentences with their
// numbers as the language writes them.

import type { TFunction } from 'i18next'
import { grouped } from '@ccms/shared/format'
import en from '@ccms/shared/i18n/en.json'
import { sentences } from '../parts/sentences'
import { word } from '../parts/words'

const known = sentences('bill_says', en.bill_says)
const kinds = [['Electricity', 'ELECTRICITY'], ['Service', 'SERVICE'], ['Start', 'START'], ['Idle', 'IDLE'],
  ['Reservation that was not used', 'RES_EXPIRED'], ['Reservation', 'RESERVATION']] as const

const numbers = (text: string) => text.replaceAll(/-?\d+\.\d+/g, (n) => grouped(n))

function line(t: TFunction, text: string): string {
  const kind = kinds.find(([said]) => text === said || text.startsWith(`${said} `))
  return kind ? word(t, 'line_kind', kind[1]) + text.slice(kind[0].length) : text
}

/** What is not known is shown as it came. */
export function explained(t: TFunction, text: string): string {
  return known(t, text, (part, name) => (name === 'line' ? line(t, part) : name === 'band' ? part
    : numbers(name === 'price' ? part.replace(' per hour', ` ${t('record.per_hour')}`) : part))) ?? text
}
