// Asks the point how it is. One that cannot be asked is no error: it says how old the
// last word is (LIVE-A3).

import { LoadingOutlined } from '@ant-design/icons'
import { App, Button } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { ChargePoint } from '@ccms/shared/api'
import { clock } from '@ccms/shared/format'
import { newKey } from '@ccms/shared/key'
import { Problem } from '@ccms/shared/problem'
import { useMay } from '../../login/me'
import { useProblemText } from '../../parts/ProblemText'
import { isAnswered } from '../store'
import { useCommand, useSendCommand } from '../useCommand'

/** The newest word of the point: of its connectors, or any sign of life. */
function lastWord(p: ChargePoint): string | undefined {
  const told = p.connectors.map((c) => c.status_at).filter((x) => x !== undefined).sort()
  return told.at(-1) ?? p.last_seen_at
}

export function Refresh({ point: p }: { point: ChargePoint }) {
  const { t } = useTranslation()
  const may = useMay()
  const { message } = App.useApp()
  const text = useProblemText()
  const send = useSendCommand()
  const [sent, setSent] = useState<string>()
  const [cannot, setCannot] = useState(false)
  if (!may('live.command')) return null
  const go = () => {
    setSent(undefined)
    setCannot(false)
    send.mutate({ point: p.id, body: { type: 'refresh' }, key: newKey() }, {
      onSuccess: (c) => setSent(c.id),
      onError: (e) => (e instanceof Problem && e.code === 'command_unsupported' ? setCannot(true) : void message.error(text(e))),
    })
  }
  return (
    <span className="row-actions">
      <Button loading={send.isPending} disabled={!p.online} onClick={go} aria-label={t('point.refresh_of', { name: p.name })}>{t('live.refresh')}</Button>
      {cannot ? <LastValue point={p} /> : sent && <Result id={sent} point={p} />}
    </span>
  )
}

function LastValue({ point, why }: { point: ChargePoint; why?: string }) {
  const { t } = useTranslation()
  const at = lastWord(point)
  return (
    <span role="status" className="result tone-text-wait" title={why ?? t('fault.command_unsupported')}>
      {at ? t('age.last_value', { time: clock(at, point.time_zone) }) : t('live.refresh_none_empty')}
    </span>
  )
}

function Result({ id, point }: { id: string; point: ChargePoint }) {
  const { t } = useTranslation()
  const c = useCommand(id)
  if (!c) return null
  if (c.effect?.state === 'seen') return <span role="status" className="result tone-text-free">{t('live.refreshed', { time: clock(c.effect.at ?? c.answered_at, point.time_zone) })}</span>
  if (isAnswered(c) && c.state !== 'accepted') return <LastValue point={point} why={c.error_detail} />
  return <span role="status" className="result tone-text-busy"><LoadingOutlined aria-hidden />{t('live.refreshing')}</span>
}
