// Every word on a screen comes from en.json through here. The keys are typed: a key
// that does not exist fails the type check.

import i18next, { type i18n } from 'i18next'
import en from './en.json'
import { pseudoAll } from './pseudo'

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'translation'
    resources: { translation: typeof en }
  }
}

/** Languages a person can choose. */
export const languages = ['en'] as const

const kept = 'ccms.language'

export function chosenLanguage(): string {
  try {
    return localStorage.getItem(kept) ?? 'en'
  } catch { // storage may be forbidden
    return 'en'
  }
}

export async function startI18n(language = chosenLanguage()): Promise<i18n> {
  await i18next.init({
    lng: language,
    fallbackLng: 'en',
    resources: { en: { translation: en } },
    interpolation: { escapeValue: false }, // React escapes
    returnNull: false,
  })
  if (language === 'pseudo') i18next.addResourceBundle('pseudo', 'translation', pseudoAll(en))
  return i18next
}

export async function choose(language: string): Promise<void> {
  try {
    localStorage.setItem(kept, language)
  } catch { /* it lasts for this page then */ }
  await i18next.changeLanguage(language)
}
