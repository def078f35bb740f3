import { HistoryOutlined } from '@ant-design/icons'
import type { TFunction } from 'i18next'
import { Fragment, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { serverNow } from '@ccms/shared/clock'
import { age, clock, dateTime, none, zoneName } from '@ccms/shared/format'

/** An instant in the zone of the place it belongs to. */
export function When({ at, zone, withZone }: { at?: string | null; zone: string; withZone?: boolean }) {
  if (!at) return <span>{none}</span>
  return (
    <time dateTime={at} title={zoneName(zone)} className="num">
      {dateTime(at, zone)}{withZone && <span className="quiet small"> <ZoneName zone={zone} /></span>}
    </time>
  )
}

/** Long names break behind the slash, where there is no room for all. */
export function ZoneName({ zone }: { zone: string }) {
  const [area, ...places] = zoneName(zone).split('/')
  return <>{area}{places.map((p) => <Fragment key={p}>/<wbr />{p}</Fragment>)}</>
}

/** Renders again every so often, for ages. */
export function useNow(everyMs = 5000): number {
  const [now, setNow] = useState(serverNow)
  useEffect(() => {
    const timer = setInterval(() => setNow(serverNow()), everyMs)
    return () => clearInterval(timer)
  }, [everyMs])
  return now
}

export function ageText(t: TFunction, at: string, now: number): string {
  const a = age(at, now)
  switch (a.unit) {
    case 'seconds': return t('age.seconds', { count: a.count })
    case 'minutes': return t('age.minutes', { count: a.count })
    case 'hours': return t('age.hours', { count: a.count })
    case 'days': return t('age.days', { count: a.count })
  }
}

/** A meter that is silent for longer than this no longer tells how things are. */
export const staleAfterMs = 150_000

export const isStale = (at: string | undefined, now: number) => at !== undefined && now - Date.parse(at) > staleAfterMs

export function Stale({ at, zone, now }: { at: string; zone: string; now: number }) {
  const { t } = useTranslation()
  return (
    <span className="stale" title={t('age.old', { time: clock(at, zone), zone: zoneName(zone) })}>
      <HistoryOutlined aria-hidden />{ageText(t, at, now)}
    </span>
  )
}
