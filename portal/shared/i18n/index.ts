// Every word on a screen comes from en.json through here. The keys are typed: a key
// that does not exist fails the type check. Other languages are loaded when somebody
// wants them; what they lack is said in English.

import i18next, { type i18n } from 'i18next'
import { speakNumbers } from '../format'
import en from './en.json'
import { pseudoAll } from './pseudo'

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'translation'
    resources: { translation: typeof en }
  }
}

/** Languages a person can choose. */
export const languages = ['en', 'de'] as const
export type Language = typeof languages[number]

const loaders: Record<string, () => Promise<object>> = {
  de: async () => (await import('./de.json')).default,
  pseudo: () => Promise.resolve(pseudoAll(en)),
}

const kept = 'ccms.language'

/** What was chosen in this browser, else the first of its languages that there is. */
export function chosenLanguage(): string {
  let chosen: string | null = null
  try {
    chosen = localStorage.getItem(kept)
  } catch { /* storage may be forbidden */ }
  if (chosen && (chosen in loaders || languages.includes(chosen as Language))) return chosen
  const wanted = typeof navigator === 'undefined' ? [] : navigator.languages ?? []
  return wanted.map((l) => l.slice(0, 2).toLowerCase()).find((l) => languages.includes(l as Language)) ?? 'en'
}

/** Brings the words of a language; English is always there. */
async function load(language: string): Promise<void> {
  const loader = loaders[language]
  if (loader && !i18next.hasResourceBundle(language, 'translation')) i18next.addResourceBundle(language, 'translation', await loader())
}

function speak(language: string): void {
  const real = language === 'pseudo' ? 'en' : language
  speakNumbers(real)
  if (typeof document !== 'undefined') document.documentElement.lang = real
}

export async function startI18n(language = chosenLanguage()): Promise<i18n> {
  await i18next.init({
    lng: 'en',
    fallbackLng: 'en',
    resources: { en: { translation: en } },
    interpolation: { escapeValue: false }, // React escapes
    returnNull: false,
  })
  try {
    await load(language)
    await i18next.changeLanguage(language)
  } catch { /* the words did not come: English is better than an empty page */ }
  speak(i18next.language)
  return i18next
}

/** Changes the language of the page; rejects where its words cannot be loaded. */
export async function choose(language: string): Promise<void> {
  await load(language)
  try {
    localStorage.setItem(kept, language)
  } catch { /* it lasts for this page then */ }
  speak(language) // before the screens are drawn anew
  await i18next.changeLanguage(language)
}
