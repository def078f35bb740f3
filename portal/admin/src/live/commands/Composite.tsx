// What the point makes of all its profiles: a line of steps, and the same as a table.

import { useTranslation } from 'react-i18next'
import type { Composite as Shape } from '@ccms/shared/api'
import { clockMinutes, dateTime, zoneName } from '@ccms/shared/format'
import { span } from './profile'
import { limitText } from './profileWords'

const width = 320
const height = 96

export function Composite({ composite: c, zone }: { composite: Shape; zone: string }) {
  const { t } = useTranslation()
  const unit = c.unit ?? 'A'
  if (c.periods.length === 0) return <p className="composite quiet">{t('profile.composite_empty')}</p>
  const from = c.start ? Date.parse(c.start) : undefined
  const last = c.periods.at(-1)!
  const end = c.duration_s || Math.max(last.start_s * 1.25, 3600)
  const top = Math.max(...c.periods.map((p) => p.limit_milli), 1) * 1.15
  const x = (s: number) => (Math.min(s, end) / end) * width
  const y = (limit: number) => height - (limit / top) * height
  const line = c.periods.map((p, i) => `${i === 0 ? 'M' : 'H'}${x(p.start_s)}${i === 0 ? ` ${y(p.limit_milli)}` : ` V${y(p.limit_milli)}`}`).join(' ') + ` H${width}`
  const when = (s: number) => (from === undefined ? `+${span(s)}` : dateTime(new Date(from + s * 1000), zone))
  const short = (s: number) => (from === undefined ? `+${span(s)}` : clockMinutes(new Date(from + s * 1000), zone))
  return (
    <figure className="composite">
      <figcaption>
        <b>{c.connector ? t('record.connector_no', { number: c.connector }) : t('trigger.whole')}</b>
        {from !== undefined && <span className="quiet small"> {t('record.zone', { zone: zoneName(zone) })}</span>}
      </figcaption>
      <svg viewBox={`-2 -2 ${width + 4} ${height + 4}`} role="img" preserveAspectRatio="none"
        aria-label={t('profile.composite_label', { count: c.periods.length, min: limitText(Math.min(...c.periods.map((p) => p.limit_milli)), unit), max: limitText(Math.max(...c.periods.map((p) => p.limit_milli)), unit) })}>
        <path className="composite-area" d={`${line} V${height} H0 Z`} />
        <path className="composite-line" d={line} />
      </svg>
      <div className="composite-axis quiet small num" aria-hidden="true"><span>{short(0)}</span><span>{short(end)}</span></div>
      <table className="table" aria-label={t('profile.composite_table')}>
        <thead><tr><th scope="col">{t('profile.from')}</th><th scope="col" className="cell-num">{t('profile.limit')}</th><th scope="col" className="cell-num">{t('profile.phases')}</th></tr></thead>
        <tbody>
          {c.periods.map((p) => (
            <tr key={p.start_s}><td className="num">{when(p.start_s)}</td><td className="cell-num">{limitText(p.limit_milli, unit)}</td><td className="cell-num">{p.phases || t('profile.phases_all')}</td></tr>
          ))}
        </tbody>
      </table>
    </figure>
  )
}
