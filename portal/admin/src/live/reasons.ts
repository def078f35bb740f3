// The server says in English why somebody may charge or not; the portal knows its
// sentences by the English texts of the translations.

import type { ParseKeys, TFunction } from 'i18next'
import en from '@ccms/shared/i18n/en.json'

interface Sentence { key: ParseKeys; form: RegExp; names: string[] }

const sentences: Sentence[] = Object.entries(en.attempt_reason).map(([name, text]) => {
  const names = [...text.matchAll(/\{\{(\w+)\}\}/g)].map((m) => m[1]!)
  const form = text.split(/\{\{\w+\}\}/).map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('(.+)')
  return { key: `attempt_reason.${name}` as ParseKeys, form: new RegExp(`^${form}$`), names }
}).sort((a, b) => a.names.length - b.names.length) // a sentence without gaps is not one with

/** In the language of the page; undefined where the sentence is another, such as one of a later server. */
export function reasonIn(t: TFunction, reason: string): string | undefined {
  for (const s of sentences) {
    const m = s.form.exec(reason)
    if (m) return t(s.key, Object.fromEntries(s.names.map((n, i) => [n, m[i + 1]]))) as string
  }
  return undefined
}
