// Refresh and Stop of one session, with their real results beside them.

import { LoadingOutlined, ReloadOutlined } from '@ant-design/icons'
import { App, Button } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import type { Session } from '@ccms/shared/api'
import { clock } from '@ccms/shared/format'
import { Problem } from '@ccms/shared/problem'
import { useMay } from '../login/me'
import { useProblemText } from '../parts/ProblemText'
import { commandWord } from '../parts/words'
import { commandLine } from './CommandSteps'
import { StopDialog } from './StopDialog'
import { isAnswered, isEnded, type LiveRow } from './store'
import { useCommand, useRefresh } from './useCommand'

/** What was asked for from this page, by session; rows come and go, this stays. */
const asked = new Map<string, { stop?: string; refresh?: string }>()

export function SessionActions({ session: s, size = 'small', link = true }: {
  session: LiveRow; size?: 'small' | 'middle'; link?: boolean
}) {
  const { t } = useTranslation()
  const may = useMay()
  const { message } = App.useApp()
  const text = useProblemText()
  const [mine, setMine] = useState(() => asked.get(s.id) ?? {})
  const [open, setOpen] = useState(false)
  const refresh = useRefresh()
  const ended = isEnded(s)
  const id = s.transaction_id ?? ''

  const note = (change: { stop?: string; refresh?: string }) => {
    const next = { ...mine, ...change }
    asked.set(s.id, next)
    setMine(next)
  }
  const onRefresh = () => refresh.mutate(s.id, {
    onSuccess: (commands) => note({ refresh: commands[0]?.id }),
    // Not being able to answer is no error (LIVE-A3).
    onError: (e) => (e instanceof Problem && e.code === 'command_unsupported' ? note({ refresh: cannot }) : void message.error(text(e))),
  })

  const buttons = ended
    ? may('finance.read') && link && <Link to={`/finance/records/${s.id}`} aria-label={t('live.record_of', { id })}>{t('list.open')}</Link>
    : may('live.command') && (
      <>
        <Button size={size} icon={<ReloadOutlined aria-hidden />} loading={refresh.isPending} disabled={!s.online} onClick={onRefresh} title={t('live.refresh')} aria-label={t('live.refresh_of', { id })}>{size === 'middle' && t('live.refresh')}</Button>
        <Button size={size} danger disabled={!s.can_stop || (mine.stop !== undefined && s.state === 'STOPPING')} onClick={() => { note({ stop: undefined }); setOpen(true) }}
          aria-label={t('live.stop_of', { id })}>{t('live.stop')}</Button>
      </>
    )
  const result = mine.stop
    ? <StopResult id={mine.stop} session={s} onOpen={() => setOpen(true)} />
    : mine.refresh && !ended && <RefreshResult id={mine.refresh} session={s} />

  if (!buttons && !result) return null
  return (
    <span className="row-actions">
      {buttons && <span className="row-buttons">{buttons}</span>}
      {result}
      {open && <StopDialog session={s} commandId={mine.stop} onSent={(stop) => note({ stop })} onClose={() => setOpen(false)} />}
    </span>
  )
}

function StopResult({ id, session, onOpen }: { id: string; session: Session; onOpen: () => void }) {
  const { t } = useTranslation()
  const c = useCommand(id)
  if (!c) return null
  const line = commandLine(c)
  return (
    <button type="button" className={`result tone-text-${line.tone}`} onClick={onOpen} aria-label={t('live.result_of', { id: session.transaction_id ?? '' })}>
      {(line.tone === 'wait' || line.tone === 'busy') && <LoadingOutlined aria-hidden />}
      {commandWord(t, line.group, line.code)}
      {line.at && <time className="num" dateTime={line.at}>{clock(line.at, session.time_zone ?? 'UTC')}</time>}
    </button>
  )
}

/** In place of a command's id: the point said that it cannot be asked. */
const cannot = 'cannot'

/** Not being able to answer is no error: it says how old the last value is (LIVE-A3). */
function RefreshResult({ id, session }: { id: string; session: Session }) {
  const { t } = useTranslation()
  const c = useCommand(id === cannot ? undefined : id)
  const zone = session.time_zone ?? 'UTC'
  if (id === cannot) return <LastValue session={session} why={t('fault.command_unsupported')} />
  if (!c) return null
  if (c.effect?.state === 'seen') return <span className="result tone-text-free">{t('live.refreshed', { time: clock(c.effect.at ?? c.answered_at, zone) })}</span>
  if (isAnswered(c) && c.state !== 'accepted') {
    return <LastValue session={session} why={[commandWord(t, 'state', c.state), c.error_detail].filter(Boolean).join(' ')} />
  }
  return <span className="result tone-text-busy"><LoadingOutlined aria-hidden />{t('live.refreshing')}</span>
}

function LastValue({ session, why }: { session: Session; why: string }) {
  const { t } = useTranslation()
  return (
    <span className="result tone-text-wait" title={why}>
      {session.sample_at ? t('age.last_value', { time: clock(session.sample_at, session.time_zone ?? 'UTC') }) : t('live.refresh_none_empty')}
    </span>
  )
}
