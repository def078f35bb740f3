import { Alert, Button, Input, Modal } from 'antd'
import { useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import type { Session } from '@ccms/shared/api'
import { kwh, money } from '@ccms/shared/format'
import { newKey } from '@ccms/shared/key'
import { useProblemText } from '../parts/ProblemText'
import { CommandSteps } from './CommandSteps'
import { isEnded } from './store'
import { useCommand, useStop } from './useCommand'

interface Props {
  session: Session
  /** The stop that was sent before, to look at its result. */
  commandId?: string
  onSent: (commandId: string) => void
  onClose: () => void
}

/** Says what will happen, then does it, then shows what really happened. */
export function StopDialog({ session: s, commandId, onSent, onClose }: Props) {
  const { t } = useTranslation()
  const text = useProblemText()
  const stop = useStop()
  const [reason, setReason] = useState('')
  // One key for one intention: a second click, or a repeat after a new login, is
  // the same stop. Another reason is another request.
  const [key, setKey] = useState(newKey)
  const reasonId = useId()
  const command = useCommand(commandId)
  const zone = s.time_zone ?? 'UTC'
  const sent = commandId !== undefined

  const go = () => stop.mutate({ session: s.id, reason: reason.trim() || undefined, key }, { onSuccess: (c) => onSent(c.id) })
  const transaction = s.transaction_id ?? ''
  return (
    <Modal open width={480} onCancel={onClose} mask={{ closable: false }}
      title={sent ? t('stop.result', { transaction }) : t('stop.title', { point: s.charge_point_name, connector: s.connector ?? 1 })}
      footer={sent
        ? [
          isEnded(s) && <Link key="record" className="modal-link" to={`/finance/records/${s.id}`}>{t('live.open_record')}</Link>,
          <Button key="close" type="primary" onClick={onClose}>{t('stop.close')}</Button>,
        ]
        : [
          <Button key="keep" onClick={onClose}>{t('stop.keep')}</Button>,
          <Button key="go" type="primary" danger loading={stop.isPending} onClick={go}>{t('stop.go')}</Button>,
        ]}>
      {sent
        ? (
          <>
            {command && <CommandSteps command={command} zone={zone} />}
            <p className="quiet small">{t('stop.closable')}</p>
          </>
        )
        : (
          <>
            <p>{t('stop.what', { point: s.charge_point_name, transaction })}</p>
            <ul className="plain">
              {s.user && <li>{t('stop.driver', { user: s.user })}</li>}
              <li className="num">{s.cost ? t('stop.so_far', { energy: kwh(s.energy_wh), cost: money(s.cost) }) : t('stop.so_far_energy', { energy: kwh(s.energy_wh) })}</li>
            </ul>
            <label htmlFor={reasonId} className="label">{t('stop.reason')} <span className="quiet">({t('form.optional')})</span></label>
            <Input id={reasonId} value={reason} maxLength={200} onPressEnter={go} aria-describedby={`${reasonId}-help`}
              onChange={(e) => { setReason(e.target.value); setKey(newKey()) }} />
            <p id={`${reasonId}-help`} className="quiet small">{t('stop.reason_help')}</p>
            {stop.isError && <Alert type="error" showIcon role="alert" title={text(stop.error)} />}
          </>
        )}
    </Modal>
  )
}
