// The server says in English what is wrong with a field. These are its sentences and
// those of its validator, with the key of the same in every language.

import type en from '@ccms/shared/i18n/en.json'

type Key = keyof typeof en.field
export interface Phrase { key: Key; values: Record<string, string> }

const phrases: [RegExp, Key, ...string[]][] = [
  [/^is taken$/, 'taken'],
  [/^is there already$/, 'there'],
  [/^must be above 0$/, 'above_0'],
  [/^(?:must be at most|expected number <=) (\S+(?: [A-Z]{3})?)$/, 'at_most', 'value'],
  [/^expected number >= (\S+)$/, 'at_least', 'value'],
  [/^must be (?:between )?(\d+) (?:and|to) (\d+)$/, 'between', 'from', 'to'],
  [/^(?:must have at most (\d+) characters|expected length <= (\d+))$/, 'letters_at_most', 'value', 'value'],
  [/^expected length >= 1$/, 'empty'],
  [/^expected length >= (\d+)$/, 'letters_at_least', 'value'],
  [/^must have (\d+) to (\d+) characters(?: and no blanks)?$/, 'letters_between', 'from', 'to'],
  [/^must say why, in at most (\d+) (?:letters|characters)$/, 'reason', 'value'],
  [/^must be an e-mail address$/, 'email'],
  [/^must be in the future$/, 'future'],
  [/^must be a time zone of the IANA database/, 'zone'],
  [/^must not be empty$/, 'empty'],
  [/^must not contain control characters$/, 'control'],
  [/^must be six digits$/, 'six_digits'],
  [/^must be a currency code of three capital letters/, 'currency'],
  [/^must be ([A-Z]{3}), the currency of the account$/, 'account_currency', 'value'],
  [/^must be ([A-Z]{3}), the currency of the operator's accounts$/, 'operator_currency', 'value'],
  [/^must be a decimal number with at most (\d) decimals$/, 'decimal', 'value'],
  [/^must be there$/, 'missing'],
  [/^(?:there is no such .+|is no .+ of this operator)$/, 'unknown'],
  [/^cannot be changed$/, 'fixed'],
  [/^has no card that works$/, 'card'],
  [/^is not valid here$/, 'invalid'],
  [/^expected /, 'invalid'],
]

export function fieldPhrase(detail: string): Phrase | undefined {
  for (const [pattern, key, ...names] of phrases) {
    const m = pattern.exec(detail)
    if (!m) continue
    const values: Record<string, string> = {}
    names.forEach((name, i) => { if (m[i + 1] !== undefined) values[name] = m[i + 1]! })
    return { key, values }
  }
  return undefined
}
