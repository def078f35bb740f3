// The words of the page, in the phone's language.

import de from './de.json'
import en from './en.json'
import { speakNumbers } from '@ccms/shared/format'

export type Word = keyof typeof en
const all = { en, de } as const
export type Language = keyof typeof all

function chosen(): Language {
  let stored: string | null = null
  try {
    stored = localStorage.getItem('ccms.language')
  } catch { /* nothing is kept here */ }
  const wish = stored ?? navigator.language
  return wish.startsWith('de') ? 'de' : 'en'
}

let language: Language = 'en'

export function speak(l: Language = chosen()): Language {
  language = l
  document.documentElement.lang = l
  speakNumbers(l)
  document.title = t('title')
  return l
}

export function choose(l: Language): void {
  try {
    localStorage.setItem('ccms.language', l)
  } catch { /* nothing is kept here */ }
  speak(l)
}

export function t(word: Word, put: Record<string, string | number> = {}): string {
  return (all[language][word] as string).replace(/\{\{(\w+)\}\}/g, (_, k: string) => String(put[k] ?? ''))
}

/** The word of a group, or what stands for it where there is none. */
export function wordOf(group: string, key: string, other: Word): string {
  const k = `${group}.${key}`
  return k in en ? t(k as Word) : t(other)
}

export const locale = (): string => language
