// The week of a plan in half hours: which band is when, by a mark and in words.

import { useTranslation } from 'react-i18next'
import { spoken } from '@ccms/shared/format'
import { type BandValues, week, weekdays } from './plan'

/** Shades, in the order of the prices: the dearest is the darkest. */
const shades = 6

export function PlanWeek({ bands }: { bands: BandValues[] }) {
  const { t, i18n } = useTranslation()
  const rows = week(bands)
  const day = new Intl.DateTimeFormat(i18n.language, { weekday: 'short', timeZone: 'UTC' })
  const prices = [...new Set(bands.map((b) => Number(b?.price)).filter(Number.isFinite))].sort((a, b) => a - b)
  const shade = (i: number) => {
    const rank = prices.indexOf(Number(bands[i]?.price))
    return rank < 0 ? undefined : Math.round((rank * (shades - 1)) / Math.max(1, prices.length - 1))
  }
  const said = (i: number) => {
    const b = bands[i]
    return b ? [b.name, spoken(b.price || '–')].filter(Boolean).join(' ') : t('plans.week_gap')
  }
  return (
    <table className="plan-week" aria-label={t('plans.week')}>
      <tbody>
        {rows.map((halves, d) => (
          <tr key={weekdays[d]}>
            <th scope="row">{day.format(Date.UTC(2024, 0, 1 + d))}</th>
            {runs(halves).map((r) => (
              <td key={r.at} colSpan={r.long} data-shade={shade(r.band)} className={r.band < 0 ? 'plan-week-gap' : undefined} title={`${clock(r.at)}–${clock(r.at + r.long)} ${said(r.band)}`}>
                {r.long >= 6 ? said(r.band) : <span className="visually-hidden">{said(r.band)}</span>}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  )
}

const clock = (half: number) => `${String(Math.floor(half / 2)).padStart(2, '0')}:${half % 2 ? '30' : '00'}`

function runs(halves: number[]) {
  const out: { at: number; long: number; band: number }[] = []
  halves.forEach((band, at) => {
    const last = out.at(-1)
    if (last?.band === band) last.long++
    else out.push({ at, long: 1, band })
  })
  return out
}
