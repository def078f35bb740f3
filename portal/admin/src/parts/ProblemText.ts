import { useCallback } from 'react'
import { useTranslation } from 'react-i18next'
import { Problem } from '@ccms/shared/problem'

/** What happened and what to do, in words. */
export function useProblemText(): (e: unknown) => string {
  const { t } = useTranslation()
  return useCallback((e: unknown) => {
    const p = e instanceof Problem ? e : Problem.unreachable(e)
    if (p.status === 0) return t('problem.unreachable')
    if (p.code === 'signed_out') return t('problem.signed_out')
    if (p.code === 'stale_version') return t('problem.stale')
    if (p.status === 429) return t('problem.limit', { count: p.retryAfterSeconds ?? 60 })
    if (p.status >= 500) return t('problem.internal')
    if (p.detail) return p.detail
    if (p.status === 404) return t('problem.missing')
    if (p.status === 403) return t('problem.denied')
    return t('problem.other')
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
