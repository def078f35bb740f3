import { Button, Modal } from 'antd'
import { useTranslation } from 'react-i18next'
import { Facts } from '../parts/Facts'
import { Mono } from '../parts/Mono'

export interface Shown { identity: string; name: string; key: string }

/** The key is nowhere else: the dialog closes only by saying that it was taken. */
export function KeyDialog({ shown, onClose }: { shown: Shown; onClose: () => void }) {
  const { t } = useTranslation()
  const address = `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/ocpp/${shown.identity}`
  return (
    <Modal open title={t('assets.key_title', { name: shown.name })} closable={false} keyboard={false} mask={{ closable: false }} width={560}
      footer={<Button type="primary" onClick={onClose}>{t('assets.key_done')}</Button>}>
      <p className="dialog-what">{t('assets.key_once')}</p>
      <div className="facts-lines"><Facts items={[
        [t('assets.key_address'), <Mono key="a" value={address} />],
        [t('assets.key_user'), <Mono key="u" value={shown.identity} />],
        [t('assets.key_password'), <Mono key="k" value={shown.key} />],
      ]} /></div>
    </Modal>
  )
}
