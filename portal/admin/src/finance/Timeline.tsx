// Every OCPP message of the session, in the order it happened.

import { ArrowLeftOutlined, ArrowRightOutlined, WarningOutlined } from '@ant-design/icons'
import { useQuery } from '@tanstack/react-query'
import { Checkbox } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import type { SessionDetail } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'
import { clock } from '@ccms/shared/format'
import { isEnded } from '../live/store'
import { usePolling } from '../live/stream'
import { Mono } from '../parts/Mono'
import { Blank, Failed } from '../parts/PageStates'
import { PageSkeleton } from '../parts/Skeletons'
import { When } from '../parts/Times'
import { brief, type Message, readFrames } from './frames'

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
  const messages = readFrames(query.data.items).filter((m) => !onlyIn || m.frame.direction === 'in')
  if (query.data.items.length === 0) return <Blank title={t('record.frames_empty')} />
  return (
    <>
      <div className="frames-bar">
        <Checkbox checked={onlyIn} onChange={(e) => setOnlyIn(e.target.checked)}>{t('record.frames_only')}</Checkbox>
        <Link to={`/live/points/${s.charge_point_id}?tab=frames&session=${s.id}`}>{t('record.frames_pairs')}</Link>
      </div>
      <ol className="timeline">
        {messages.map((m) => <FrameRow key={`${m.frame.received_at} ${m.frame.direction} ${m.frame.message_id}`} message={m} zone={s.time_zone ?? 'UTC'} />)}
      </ol>
    </>
  )
}

export function FrameRow({ message: m, zone }: { message: Message; zone: string }) {
  const { t } = useTranslation()
  const f = m.frame
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
            <b>{m.action || t('record.frame_unknown')}</b>
            {m.kind === 'result' && <span className="quiet"> {t('record.frame_answer')}</span>}
            {m.kind === 'error' && <span className="tone-text-bad"> {t('record.frame_error', { code: m.errorCode })}</span>}
            {' '}<span className="frame-brief">{brief(m.payload)}</span>
          </summary>
          <pre>{JSON.stringify(f.payload, null, 2)}</pre>
          <span className="small quiet">{t('record.frame_id')}</span> <Mono value={f.message_id} />
        </details>
        {late && <span className="small quiet">{t('record.frame_received', { time: clock(f.received_at, zone) })}</span>}
        {f.flaws.length > 0 && <span className="small tone-text-wait"><WarningOutlined aria-hidden /> {t('record.frame_flaws', { flaws: f.flaws.join(', ') })}</span>}
      </div>
    </li>
  )
}
