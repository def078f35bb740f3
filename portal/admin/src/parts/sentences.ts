// The server writes some sentences in English, with names and numbers in them. The portal
// knows them by the English texts of the translations and says them in the language of
// the page.

import type { TFunction } from 'i18next'

interface Sentence { key: string; form: RegExp; names: string[]; length: number }

/** Reads the sentences of a group; undefined where the text is another, such as one of a later server. */
export function sentences(group: string, texts: Record<string, string>): (t: TFunction, text: string, say?: (part: string, name: string) => string) => string | undefined {
  const known: Sentence[] = Object.entries(texts).map(([name, text]) => {
    const names = [...text.matchAll(/\{\{(\w+)\}\}/g)].map((m) => m[1]!)
    const form = text.split(/\{\{\w+\}\}/).map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('(.+)')
    return { key: `${group}.${name}`, form: new RegExp(`^${form}$`), names, length: text.length }
  }).sort((a, b) => a.names.length - b.names.length || b.length - a.length) // what says more of itself is asked first
  return (t, text, say = (part) => part) => {
    for (const s of known) {
      const m = s.form.exec(text)
      if (m) return (t as (key: string, o: object) => string)(s.key, Object.fromEntries(s.names.map((n, i) => [n, say(m[i + 1]!, n)])))
    }
    return undefined
  }
}
