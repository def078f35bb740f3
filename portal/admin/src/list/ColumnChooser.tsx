import { SettingOutlined } from '@ant-design/icons'
import { Button, Checkbox, Popover } from 'antd'
import { useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { canHide, type Choice, choose, isShown } from './columns'
import type { Column } from './types'

export function ColumnChooser<T>({ columns, choice, save }: { columns: readonly Column<T>[]; choice: Choice; save: (c: Choice) => void }) {
  const { t } = useTranslation()
  const [open, setOpen] = useState(false)
  const button = useRef<HTMLButtonElement>(null)
  const box = useRef<HTMLFieldSetElement>(null)
  const close = () => {
    setOpen(false)
    button.current?.focus()
  }
  const content = (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- Escape closes what is open
    <fieldset ref={box} className="chooser" onKeyDown={(e) => { if (e.key === 'Escape') { e.stopPropagation(); close() } }}>
      <legend>{t('list.columns_which')}</legend>
      {columns.map((c) => (
        <Checkbox key={c.key} checked={isShown(c, choice)} disabled={!canHide(c)} onChange={(e) => save(choose(columns, choice, c.key, e.target.checked))}>
          {c.title}
        </Checkbox>
      ))}
      <Button size="small" disabled={Object.keys(choice).length === 0} onClick={() => save({})}>{t('list.columns_reset')}</Button>
    </fieldset>
  )
  return (
    <Popover open={open} onOpenChange={setOpen} trigger="click" placement="bottomRight" arrow={false} content={content} destroyOnHidden
      afterOpenChange={(now) => { if (now) box.current?.querySelector<HTMLElement>('input:not(:disabled)')?.focus() }}>
      <Button ref={button} icon={<SettingOutlined aria-hidden />} aria-label={t('list.columns')} title={t('list.columns')} aria-haspopup="dialog" aria-expanded={open} />
    </Popover>
  )
}
