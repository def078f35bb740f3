// How a bill came about, in the language of the page: the server's sentences with their
// numbers as the language writes them.

import type { TFunction } from 'i18next'
import { grouped } from '@ccms/shared/format'
import en from '@ccms/shared/i18n/en.json'
import { sentences } from '../parts/sentences'
import { word } from '../parts/words'

const known = sentences('bill_says', en.bill_says)
const kinds = new Map([['Electricity', 'ELECTRICITY'], ['Service', 'SERVICE'], ['Start', 'START'], ['Idle', 'IDLE']])

const numbers = (text: string) => text.replaceAll(/-?\d+\.\d+/g, (n) => grouped(n))

function line(t: TFunction, text: string): string {
  const [kind = '', ...label] = text.split(' ')
  const key = kinds.get(kind)
  return key ? [word(t, 'line_kind', key), ...label].join(' ') : text
}

/** What is not known is shown as it came. */
export function explained(t: TFunction, text: string): string {
  return known(t, text, (part, name) => (name === 'line' ? line(t, part) : name === 'band' ? part : numbers(part))) ?? text
}
