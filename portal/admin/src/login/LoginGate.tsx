// The dialog over the page when a login has expired: the page stays as it is, and
// what was about to be sent is sent after the new login.

import { useQueryClient } from '@tanstack/react-query'
import { Button, Modal } from 'antd'
import { useSyncExternalStore } from 'react'
import { useTranslation } from 'react-i18next'
import type { Me } from '@ccms/shared/api'
import { gate } from '@ccms/shared/client'
import { LoginForm } from './LoginForm'
import { operatorOf, useMe } from './me'

export function LoginGate() {
  const { t } = useTranslation()
  const client = useQueryClient()
  const me = useMe().data
  const open = useSyncExternalStore(gate.subscribe, () => gate.closed)

  const done = (now: Me) => {
    client.setQueryData(['me'], now)
    // Whoever was inside an operator is outside after a new login: what waits would
    // be asked in the wrong place.
    if (me && operatorOf(me)?.id !== operatorOf(now)?.id) {
      gate.giveUp()
      location.assign('/')
      return
    }
    gate.open(now.csrf_token ?? '')
  }
  const leave = () => {
    gate.giveUp()
    location.assign('/login')
  }
  return (
    <Modal open={open} title={t('login.expired')} footer={null} closable={false} keyboard={false} zIndex={2000}
      mask={{ closable: false }} width={400} destroyOnHidden>
      <p>{t('login.expired_what')}</p>
      <LoginForm login={me?.staff.login} onDone={done} />
      <Button type="link" block onClick={leave} className="space-above">{t('login.other')}</Button>
    </Modal>
  )
}
