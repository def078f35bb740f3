// Whom a plan is for and where, in words, and why one plan was taken and others were not.

import { CheckCircleOutlined, MinusCircleOutlined } from '@ant-design/icons'
import type { TFunction } from 'i18next'
import { useTranslation } from 'react-i18next'
import type { PriceCandidate } from '@ccms/shared/api'
import { dateTime } from '@ccms/shared/format'
import { Tag } from '../parts/Status'

interface AudienceLike { audience: PriceCandidate['audience']; group_name?: string; group_id?: string; membership_level?: string; promotion_code?: string }

export const audiences = ['EVERYONE', 'REGISTERED', 'AD_HOC', 'LEVEL', 'GROUP', 'PROMOTION'] as const

export function audienceText(t: TFunction, a: AudienceLike): string {
  const value = a.group_name ?? a.group_id ?? a.membership_level ?? a.promotion_code
  return value ? t(`price.audience_of.${a.audience as 'GROUP' | 'LEVEL' | 'PROMOTION'}`, { value }) : t(`price.audience.${a.audience}`)
}

/** From when until when, where it is not always. */
export function spanText(t: TFunction, x: { from?: string; until?: string }, zone: string): string | undefined {
  const minute = (at: string) => dateTime(at, zone).slice(0, 16)
  if (x.from && x.until) return t('price.span', { from: minute(x.from), until: minute(x.until) })
  if (x.from) return t('price.span_from', { from: minute(x.from) })
  return x.until ? t('price.span_until', { until: minute(x.until) }) : undefined
}

/** All that could have priced a start, the winner first. */
export function Candidates({ rows, zone }: { rows: readonly PriceCandidate[]; zone: string }) {
  const { t } = useTranslation()
  return (
    <table className="table table-stack" aria-label={t('price.candidates')}>
      <thead>
        <tr>
          <th scope="col" className="cell-wide">{t('record.plan')}</th>
          <th scope="col">{t('price.for')}</th>
          <th scope="col">{t('price.at')}</th>
          <th scope="col">{t('price.outcome_col')}</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((c) => (
          <tr key={`${c.plan_id} ${c.audience} ${c.group_id ?? c.membership_level ?? c.promotion_code ?? ''} ${c.place} ${c.from ?? ''}`}>
            <td className="cell-wide">{c.plan_name ?? t('price.hidden_plan')}</td>
            <td data-label={t('price.for')}>{audienceText(t, c)}</td>
            <td data-label={t('price.at')}>{t(`price.place.${c.place}`)}{(c.from ?? c.until) && <div className="quiet small">{spanText(t, c, zone)}</div>}</td>
            <td data-label={t('price.outcome_col')} className="outcome">
              {c.outcome === 'WON'
                ? <Tag tone="free" icon={CheckCircleOutlined} text={t('price.outcome.WON')} />
                : <span className="quiet"><MinusCircleOutlined aria-hidden /> {t(`price.outcome.${c.outcome}`)}</span>}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
