import { Button, Modal } from 'antd'
import { useTranslation } from 'react-i18next'
import type { ChargePoint, Command } from '@ccms/shared/api'
import { commandWord } from '../../parts/words'
import { CommandSteps } from '../CommandSteps'
import { useCommand } from '../useCommand'
import { CommandWhat } from './CommandWhat'
import { Composite } from './Composite'
import { VendorAnswer } from './vendor'

/** What became of a command that was just sent. */
export function ResultDialog({ first, point, onClose }: { first: Command; point: ChargePoint; onClose: () => void }) {
  const { t } = useTranslation()
  const c = useCommand(first.id) ?? first
  return (
    <Modal open width={480} onCancel={onClose} title={`${commandWord(t, 'type', c.type)} · ${point.name}`}
      footer={<Button type="primary" onClick={onClose}>{t('form.close')}</Button>}>
      <p className="dialog-what"><CommandWhat command={c} zone={point.time_zone} /></p>
      <CommandSteps command={c} zone={point.time_zone} />
      {c.composite && <Composite composite={c.composite} zone={point.time_zone} />}
      {c.type === 'data_transfer' && c.state === 'accepted' && <VendorAnswer command={c} />}
      <p className="quiet small space-above">{t('command.closable')}</p>
    </Modal>
  )
}
