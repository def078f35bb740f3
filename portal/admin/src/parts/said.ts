// Sentences of the server about files and firmware, in the language of the screen. What
// we do not know yet is shown as it is.

import type { TFunction } from 'i18next'
import en from '@ccms/shared/i18n/en.json'

const known = new Map(Object.entries(en.said).map(([key, text]) => [text, key]))

/** Why the server itself asked for something. */
export function because(t: TFunction, reason: string): string {
  const template = /^template (.+)$/.exec(reason)
  return template ? t('point.by_template', { name: template[1] }) : said(t, reason)
}

export function said(t: TFunction, text: string | undefined): string {
  const key = text && known.get(text)
  return key ? (t as (key: string) => string)(`said.${key}`) : text ?? ''
}
