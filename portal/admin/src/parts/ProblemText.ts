import { useCallback } from 'react'
import { useTranslation } from 'react-i18next'
import en from '@ccms/shared/i18n/en.json'
import { Problem } from '@ccms/shared/problem'
import { fieldPhrase } from './fieldPhrase'

type Plain = (key: string, values?: Record<string, string>) => string

/** What happened and what to do, in words. */
export function useProblemText(): (e: unknown) => string {
  const { t, i18n } = useTranslation()
  return useCallback((e: unknown) => {
    const p = e instanceof Problem ? e : Problem.unreachable(e)
    if (p.status === 0) return t('problem.unreachable')
    if (p.code === 'signed_out') return t('problem.signed_out')
    if (p.code === 'stale_version') return t('problem.stale')
    if (p.status === 429) return t('problem.limit', { count: p.retryAfterSeconds ?? 60 })
    if (p.status >= 500) return t('problem.internal')
    // The English sentence of the server names the amounts and names of the case.
    const translated = p.code in en.fault ? (t as Plain)(`fault.${p.code}`) : ''
    const said = i18n.language === 'en' ? p.detail || translated : translated || p.detail
    if (said) return said
    if (p.status === 404) return t('problem.missing')
    if (p.status === 403) return t('problem.denied')
    return t('problem.other')
  }, [t, i18n.language])
}

/** What is wrong with one field; in the words of the server where we have none. */
export function useFieldText(): (detail: string) => string {
  const { t } = useTranslation()
  return useCallback((detail: string) => {
    const phrase = fieldPhrase(detail)
    return phrase ? (t as Plain)(`field.${phrase.key}`, phrase.values) : detail
  }, [t])
}

/** The code, small, for a call to support. */
export function useSupportText(): (e: unknown) => string | undefined {
  const { t } = useTranslation()
  return useCallback((e: unknown) => {
    if (!(e instanceof Problem) || e.status === 0) return undefined
    return e.requestId ? t('problem.support_request', { code: e.code, request: e.requestId }) : t('problem.support', { code: e.code })
  }, [t])
}
