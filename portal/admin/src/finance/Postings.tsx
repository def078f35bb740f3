// How an amount stands in the books: double entry, so the rows come to nothing.

import { useCallback } from 'react'
import { useTranslation } from 'react-i18next'
import type { LedgerPosting } from '@ccms/shared/api'
import { money, percent } from '@ccms/shared/format'
import { word } from '../parts/words'

/** The name of an account of the books. */
export function useAccountName() {
  const { t } = useTranslation()
  return useCallback((book: string) => {
    const tax = /^tax:(\d+)$/.exec(book)
    const provider = /^(provider|fees):(\w+)$/.exec(book)
    if (provider) return t(provider[1] === 'fees' ? 'postings.fees' : 'postings.provider', { name: word(t, 'payment_provider', provider[2]!) })
    return tax ? t('postings.tax', { rate: percent(Number(tax[1])) }) : word(t, 'book', book.replace(':', '_'))
  }, [t])
}

export function Postings({ rows }: { rows: LedgerPosting[] }) {
  const { t } = useTranslation()
  const name = useAccountName()
  return (
    <div className="scroll-x">
      <table className="table" aria-label={t('postings.title')}>
        <thead><tr><th scope="col" className="cell-wide">{t('postings.book')}</th><th scope="col" className="cell-num">{t('postings.amount')}</th></tr></thead>
        <tbody>
          {rows.map((p) => <tr key={p.book}><td className="cell-wide">{name(p.book)}</td><td className="cell-num">{money(p.amount)}</td></tr>)}
        </tbody>
      </table>
      <p className="quiet small">{t('postings.what')}</p>
    </div>
  )
}
