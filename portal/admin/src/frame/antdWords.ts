// antd's own words (of empty selects, date pickers, dialogs) in the language of the
// page. Those of English are built in.

import type { ConfigProviderProps } from 'antd'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'

type Words = ConfigProviderProps['locale']

const loaders: Record<string, () => Promise<Words>> = {
  de: async () => (await import('antd/locale/de_DE')).default,
}

export function useAntdWords(): Words {
  const { i18n } = useTranslation()
  const [words, setWords] = useState<{ language: string; words: Words }>()
  const { language } = i18n
  useEffect(() => {
    let current = true
    const load = loaders[language]
    if (load) load().then((w) => { if (current) setWords({ language, words: w }) }, () => undefined) // English then
    return () => { current = false }
  }, [language])
  return words?.language === language ? words.words : undefined
}
