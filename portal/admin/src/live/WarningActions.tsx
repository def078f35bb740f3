import { CheckOutlined, EyeOutlined } from '@ant-design/icons'
import { App, Button, Form, Input } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Warning } from '@ccms/shared/api'
import { FormDialog, useRequired } from '../parts/FormDialog'
import { useProblemText } from '../parts/ProblemText'
import { useDecide } from './useWarnings'
import { warningName } from './warning'

/** Acknowledge and Clear for one warning, or for those that were chosen. */
export function WarningActions({ rows, done, words }: { rows: readonly Warning[]; done?: () => void; words?: boolean }) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const text = useProblemText()
  const decide = useDecide()
  const [clearing, setClearing] = useState(false)
  const open = rows.filter((w) => w.state === 'OPEN')
  const live = rows.filter((w) => w.state !== 'CLEARED')
  const of = rows.length === 1 && rows[0] ? warningName(t, rows[0]) : t('warning.chosen', { count: rows.length })

  const told = (items: { warning?: Warning }[]) => {
    const refused = items.filter((r) => !r.warning).length
    if (refused > 0) void message.warning(t('warning.refused', { count: refused }))
    done?.()
  }
  const acknowledge = () => decide.mutate({ rows: open }, { onSuccess: told, onError: (e) => void message.error(text(e)) })

  return (
    <span className="row-actions">
      {open.length > 0 && (
        <Button size="small" icon={<EyeOutlined aria-hidden />} loading={decide.isPending && !clearing} onClick={acknowledge}
          aria-label={t('warning.acknowledge_of', { of })} title={t('warning.acknowledge')}>{words && t('warning.acknowledge')}</Button>
      )}
      {live.length > 0 && (
        <Button size="small" icon={<CheckOutlined aria-hidden />} onClick={() => setClearing(true)}
          aria-label={t('warning.clear_of', { of })} title={t('warning.clear')}>{words && t('warning.clear_dots')}</Button>
      )}
      {clearing && <ClearDialog rows={live} of={of} onClose={() => setClearing(false)} onDone={told} />}
    </span>
  )
}

function ClearDialog({ rows, of, onClose, onDone }: {
  rows: readonly Warning[]; of: string; onClose: () => void; onDone: (items: { warning?: Warning }[]) => void
}) {
  const { t } = useTranslation()
  const decide = useDecide()
  const required = useRequired()
  const safety = rows.filter((w) => w.level === 'CRITICAL').length
  const under = rows.reduce((n, w) => n + (w.children ?? 0), 0)
  return (
    <FormDialog<{ reason: string }> title={t('warning.clear_title', { of })} ok={t('warning.clear')} initial={{}} danger={safety > 0} onClose={onClose}
      what={(
        <>
          <p>{t('warning.clear_what')}</p>
          {safety > 0 && <p className="tone-text-bad">{rows.length === 1 ? t('warning.clear_safety_this') : t('warning.clear_safety', { count: safety })}</p>}
          {under > 0 && <p>{t('warning.clear_storm', { count: under })}</p>}
        </>
      )}
      submit={async ({ reason }) => {
        const items = await decide.mutateAsync({ rows, reason: reason.trim() })
        onClose()
        onDone(items)
      }}>
      <Form.Item name="reason" label={t('warning.reason')} rules={[required]} extra={t('warning.reason_help')}>
        <Input maxLength={200} />
      </Form.Item>
    </FormDialog>
  )
}
