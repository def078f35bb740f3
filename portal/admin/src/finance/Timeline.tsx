// Every OCPP message of the session, in the order it happened.

import { ArrowLeftOutlined, ArrowRightOutlined, WarningOutlined } from '@ant-design/icons'
import { useQuery } from '@tanstack/react-query'
import { Checkbox } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Frame, SessionDetail } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'
import { clock } from '@ccms/shared/format'
import { isEnded } from '../live/store'
import { usePolling } from '../live/stream'
import { Mono } from '../parts/Mono'
import { Blank, Failed } from '../parts/PageStates'
import { PageSkeleton } from '../parts/Skeletons'
import { When } from '../parts/Times'

/** The two clocks may differ by what a network takes; more is worth a word. */
const clocksDifferMs = 5000

export function Timeline({ session: s }: { session: SessionDetail }) {
  const { t } = useTranslation()
  const polling = usePolling()
  const [onlyIn, setOnlyIn] = useState(false)
  const query = useQuery({
    queryKey: ['session', s.id, 'frames'],
    queryFn: ({ signal }) => take(api.GET('/api/v1/sessions/{id}/frames', { signal, params: { path: { id: s.id } } })),
    refetchInterval: isEnded(s) ? false : Math.min(polling, 15_000),
  })
  if (query.isPending) return <PageSkeleton />
  if (query.isError) return <Failed error={query.error} title={t('list.error')} retry={() => void query.refetch()} />
  const frames = query.data.items.filter((f) => !onlyIn || f.direction === 'in')
  if (query.data.items.length === 0) return <Blank title={t('record.frames_empty')} />
  return (
    <>
      <Checkbox checked={onlyIn} onChange={(e) => setOnlyIn(e.target.checked)}>{t('record.frames_only')}</Checkbox>
      <ol className="timeline">
        {frames.map((f) => <Entry key={`${f.received_at} ${f.direction} ${f.message_id}`} frame={f} zone={s.time_zone ?? 'UTC'} />)}
      </ol>
    </>
  )
}

function Entry({ frame: f, zone }: { frame: Frame; zone: string }) {
  const { t } = useTranslation()
  const inbound = f.direction === 'in'
  const late = f.at && Math.abs(Date.parse(f.received_at) - Date.parse(f.at)) > clocksDifferMs
  return (
    <li className={`frame-row frame-${f.direction}`}>
      <When at={f.at ?? f.received_at} zone={zone} />
      <span className="frame-arrow" title={t(inbound ? 'record.frame_in' : 'record.frame_out')}>
        {inbound ? <ArrowRightOutlined aria-hidden /> : <ArrowLeftOutlined aria-hidden />}
        <span className="visually-hidden">{t(inbound ? 'record.frame_in' : 'record.frame_out')}</span>
      </span>
      <div className="frame-what">
        <details>
          <summary title={t('record.frame_show')}>
            <b>{f.action}</b> <span className="frame-brief">{brief(f.payload)}</span>
          </summary>
          <pre>{JSON.stringify(f.payload, null, 2)}</pre>
          <span className="small quiet">{t('record.frame_id', { id: '' })}</span><Mono value={f.message_id} />
        </details>
        {late && <span className="small quiet">{t('record.frame_received', { time: clock(f.received_at, zone) })}</span>}
        {f.flaws.length > 0 && <span className="small tone-text-wait"><WarningOutlined aria-hidden /> {t('record.frame_flaws', { flaws: f.flaws.join(', ') })}</span>}
      </div>
    </li>
  )
}

/** The short values of a message, so that most need not be opened. */
export function brief(payload: unknown): string {
  if (typeof payload === 'string') return payload.slice(0, 80)
  if (typeof payload !== 'object' || payload === null) return ''
  const out: string[] = []
  const walk = (o: object, depth: number) => {
    for (const [k, v] of Object.entries(o)) {
      if (typeof v === 'object' && v !== null) {
        if (depth < 1 && !Array.isArray(v)) walk(v, depth + 1)
        else if (Array.isArray(v)) out.push(`${k} ×${v.length}`)
      } else if (k !== 'timestamp' && k !== 'currentTime') out.push(`${k} ${String(v)}`)
    }
  }
  walk(payload, 0)
  return out.slice(0, 6).join(' · ')
}
