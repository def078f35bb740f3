// Gives money of a payment back to where it came from.

import { useQueryClient } from '@tanstack/react-query'
import { App, Checkbox, Form, Input, Select } from 'antd'
import { useTranslation } from 'react-i18next'
import type { Payment } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'
import { money } from '@ccms/shared/format'
import en from '@ccms/shared/i18n/en.json'
import { Decimal } from '../parts/Decimal'
import { FormDialog, useRequired } from '../parts/FormDialog'
import { word } from '../parts/words'
import { refreshBooks } from './books'

interface Values { amount: string; reason_code: NonNullable<Payment['reason_code']>; reason: string; overdraw?: boolean }

export function RefundDialog({ payment: p, onClose }: { payment: Payment; onClose: () => void }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const { message } = App.useApp()
  const required = useRequired()
  return (
    <FormDialog<Values> title={t('payments.refund')} ok={t('payments.refund')} danger initial={{ amount: p.remaining.amount }} onClose={onClose}
      what={t('payments.refund_what', { amount: money(p.remaining), provider: word(t, 'payment_provider', p.provider) })}
      submit={async (v, key) => {
        const back = await take(api.POST('/api/v1/payments/{id}/refunds', {
          params: { path: { id: p.id }, header: { 'Idempotency-Key': key } },
          body: { amount: { amount: v.amount.trim(), currency: p.amount.currency }, reason_code: v.reason_code as 'OTHER', reason: v.reason.trim(), overdraw: v.overdraw || undefined },
        }))
        await refreshBooks(client)
        const failed = back.state === 'FAILED'
        void message[failed ? 'error' : 'success'](t(failed ? 'payments.refund_failed' : 'payments.refund_done', { amount: money(back.amount) }), failed ? 8 : undefined)
        onClose()
      }}>
      <Form.Item name="amount" label={t('profiles.amount')} rules={[required, { pattern: /^\d{1,9}(\.\d{1,3})?$/, message: t('form.number') }]}>
        <Decimal suffix={p.amount.currency} autoFocus />
      </Form.Item>
      <Form.Item name="reason_code" label={t('payments.reason_code')} rules={[required]}>
        <Select options={Object.keys(en.refund_reason).map((value) => ({ value, label: word(t, 'refund_reason', value) }))} />
      </Form.Item>
      <Form.Item name="reason" label={t('profiles.reason')} rules={[required]}><Input maxLength={200} dir="auto" /></Form.Item>
      {p.type === 'TOPUP' && <Form.Item name="overdraw" valuePropName="checked" extra={t('recharges.overdraw_help')}><Checkbox>{t('recharges.overdraw')}</Checkbox></Form.Item>}
    </FormDialog>
  )
}
