// The commands of one charge point, in a menu; the dangerous ones last and in red.

import { MoreOutlined } from '@ant-design/icons'
import { Button, Dropdown } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { ChargePoint, Command } from '@ccms/shared/api'
import { useMay } from '../login/me'
import { type Ask, askGroups, isDangerous, mayWait, needs } from './commands/asks'
import { CommandDialog } from './commands/dialogs'
import { ResultDialog } from './commands/ResultDialog'

export function PointCommands({ point, size = 'small', text }: { point: ChargePoint; size?: 'small' | 'middle'; text?: string }) {
  const { t } = useTranslation()
  const may = useMay()
  const [ask, setAsk] = useState<Ask>()
  const [sent, setSent] = useState<Command>()
  if (!may('live.command')) return null
  const name = t('points.menu', { name: point.name })
  return (
    <>
      <Dropdown trigger={['click']} menu={{
        items: [
          ...(point.online ? [] : [{ key: 'offline', label: t('points.offline_menu'), disabled: true }]),
          ...askGroups.map((group) => group.filter((a) => may(needs(a)))).filter((group) => group.length > 0).flatMap((group, i) => [
            ...(i > 0 ? [{ key: `before_${group[0]}`, type: 'divider' as const }] : []),
            ...group.map((a) => ({ key: a, label: t(`points.${a}`), danger: isDangerous(a), disabled: !point.online && !mayWait(a) })),
          ]),
        ],
        onClick: ({ key }) => setAsk(key as Ask),
      }}>
        <Button size={size} icon={<MoreOutlined aria-hidden />} aria-label={name} title={name}>{text}</Button>
      </Dropdown>
      {ask && <CommandDialog ask={ask} point={point} onSent={(c) => { setAsk(undefined); setSent(c) }} onClose={() => setAsk(undefined)} />}
      {sent && <ResultDialog first={sent} point={point} onClose={() => setSent(undefined)} />}
    </>
  )
}
