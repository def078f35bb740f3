// What was posted for a session: the capture, and each correction that points at what
// it corrects.

import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import type { SessionDetail } from '@ccms/shared/api'
import { isZero, money } from '@ccms/shared/format'
import { Blank } from '../parts/PageStates'
import { When } from '../parts/Times'
import { word } from '../parts/words'
import { Postings } from './Postings'

export function Books({ session: s }: { session: SessionDetail }) {
  const { t } = useTranslation()
  const entries = s.entries ?? []
  if (entries.length === 0) return <Blank title={t('postings.none')} />
  return entries.map((e) => (
    <section key={e.id} className="books" aria-label={word(t, 'entry_kind', e.kind)}>
      <h3>{word(t, 'entry_kind', e.kind)} <span className="num">{money(e.amount)}</span></h3>
      <p className="quiet small">
        <Link to={`/finance/ledger/entries/${e.id}`}>{t('ledger.entry')}</Link> · <When at={e.at} zone={s.time_zone ?? 'UTC'} /> · {t('postings.balance', { amount: money(e.balance) })}
        {e.debt && !isZero(e.debt) && <> · <span className="tone-text-bad">{t('postings.debt', { amount: money(e.debt) })}</span></>}
      </p>
      {e.reason && <p><bdi>{e.reason}</bdi></p>}
      <Postings rows={e.postings} />
    </section>
  ))
}
