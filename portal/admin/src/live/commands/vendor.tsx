// What only a vendor knows: a message to the point, and its answer.

import { Form, Input } from 'antd'
import { useTranslation } from 'react-i18next'
import type { Command } from '@ccms/shared/api'
import { FormDialog, useRequired } from '../../parts/FormDialog'
import { type DialogProps, useSubmit } from './dialogs'
import { type Common, commonOf, Reason, renamed, Wait } from './fields'

interface Values extends Common { vendor_id: string; message_id?: string; data?: string }

export function VendorDialog(p: DialogProps) {
  const { t } = useTranslation()
  const submit = useSubmit(p)
  const required = useRequired()
  return (
    <FormDialog<Values> title={t('vendor.title', { point: p.point.name })} ok={t('vendor.go')} what={t('vendor.what')} onClose={p.onClose} width={560}
      rename={(path) => (path[0] === 'vendor_message' ? [path[1] ?? 'vendor_id'] : renamed(path))} initial={{ wait: p.point.online ? 0 : 8 }}
      submit={(v, key) => submit({
        type: 'data_transfer', vendor_message: { vendor_id: v.vendor_id.trim(), message_id: v.message_id?.trim() || undefined, data: v.data || undefined }, ...commonOf(v),
      }, key)}>
      <Form.Item name="vendor_id" label={t('vendor.vendor')} extra={t('vendor.vendor_help')} rules={[required]}><Input className="mono-input" maxLength={255} /></Form.Item>
      <Form.Item name="message_id" label={`${t('vendor.message')} (${t('form.optional')})`}><Input className="mono-input" maxLength={50} /></Form.Item>
      <Form.Item name="data" label={`${t('vendor.data')} (${t('form.optional')})`}><Input.TextArea className="mono-input" rows={4} maxLength={65_536} /></Form.Item>
      {!p.point.online && <Wait />}
      <Reason required />
    </FormDialog>
  )
}

export function VendorAnswer({ command: c }: { command: Command }) {
  const { t } = useTranslation()
  const data = (c.answer as { data?: unknown } | undefined)?.data
  if (typeof data !== 'string' || data === '') return null
  return <div className="vendor-data"><span className="quiet small">{t('command.answer')}</span><pre>{data}</pre></div>
}
