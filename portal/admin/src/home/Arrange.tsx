import { ArrowDownOutlined, ArrowUpOutlined, DeleteOutlined, PlusOutlined, UndoOutlined } from '@ant-design/icons'
import { App, Button, Modal } from 'antd'
import { useState } from 'react'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import type { HomeLayout } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'
import { useProblemText } from '../parts/ProblemText'
import { type Block, moved } from './state'

/** Which blocks, and in which order: of this account, on every device. */
export function Arrange({ layout, onClose }: { layout: HomeLayout; onClose: () => void }) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const text = useProblemText()
  const client = useQueryClient()
  const [chosen, setChosen] = useState(layout.blocks)
  const left = layout.available.filter((b) => !chosen.includes(b))
  const save = useMutation({
    mutationFn: () => take(api.PUT('/api/v1/home/layout', { body: { blocks: chosen as Block[] } })),
    onSuccess: (l) => {
      client.setQueryData(['home', 'layout'], l)
      onClose()
    },
    onError: (e) => void message.error(text(e)),
  })
  const name = (b: string) => t(`home.${b as Block}`)
  return (
    <Modal open title={t('home.arrange')} okText={t('form.save')} cancelText={t('form.cancel')} onCancel={onClose} onOk={() => save.mutate()} confirmLoading={save.isPending}>
      <p className="dialog-what quiet">{t('home.arrange_what')}</p>
      <ol className="arrange" aria-label={t('home.shown_blocks')}>
        {chosen.map((b, i) => (
          <li key={b}>
            <span>{name(b)}</span>
            <Button type="text" size="small" icon={<ArrowUpOutlined aria-hidden />} disabled={i === 0} aria-label={t('home.up', { block: name(b) })} title={t('home.up', { block: name(b) })}
              onClick={() => setChosen(moved(chosen, i, -1))} />
            <Button type="text" size="small" icon={<ArrowDownOutlined aria-hidden />} disabled={i === chosen.length - 1} aria-label={t('home.down', { block: name(b) })} title={t('home.down', { block: name(b) })}
              onClick={() => setChosen(moved(chosen, i, 1))} />
            <Button type="text" size="small" icon={<DeleteOutlined aria-hidden />} aria-label={t('home.remove', { block: name(b) })} title={t('home.remove', { block: name(b) })}
              onClick={() => setChosen(chosen.filter((x) => x !== b))} />
          </li>
        ))}
      </ol>
      {left.length > 0 && (
        <ul className="arrange arrange-left" aria-label={t('home.other_blocks')}>
          {left.map((b) => (
            <li key={b}>
              <span className="quiet">{name(b)}</span>
              <Button size="small" icon={<PlusOutlined aria-hidden />} aria-label={t('home.add', { block: name(b) })} onClick={() => setChosen([...chosen, b])}>{t('list.add')}</Button>
            </li>
          ))}
        </ul>
      )}
      <Button type="link" icon={<UndoOutlined aria-hidden />} onClick={() => setChosen(layout.default)}>{t('home.as_role')}</Button>
    </Modal>
  )
}
