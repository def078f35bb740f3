// Takes a recharge back, once. What the driver has spent or what a session holds stays,
// unless whoever does it says otherwise.

import { useQuery, useQueryClient } from '@tanstack/react-query'
import { App, Checkbox, Form, Input } from 'antd'
import { useTranslation } from 'react-i18next'
import type { Recharge } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'
import { isZero, money } from '@ccms/shared/format'
import { Decimal } from '../parts/Decimal'
import { FormDialog, useRequired } from '../parts/FormDialog'
import { refreshBooks } from './books'

interface Values { amount: string; reason: string; overdraw?: boolean }

export function ReverseDialog({ recharge: r, onClose }: { recharge: Recharge; onClose: () => void }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const { message } = App.useApp()
  const required = useRequired()
  const now = useQuery({
    queryKey: ['recharges', r.id],
    queryFn: ({ signal }) => take(api.GET('/api/v1/recharges/{id}', { signal, params: { path: { id: r.id } } })),
    staleTime: 0,
  })
  const account = now.data?.balance_now
  return (
    <FormDialog<Values> title={t('recharges.reverse_title', { id: r.transaction_id })} ok={t('recharges.reverse_go')} danger initial={{ amount: r.amount.amount }} onClose={onClose}
      what={(
        <>
          {t('recharges.reverse_what', { amount: money(r.amount), account: r.account, number: r.charging_account })}
          {account && (
            <div className="quiet num">
              {t('profiles.available', { amount: money(account.available) })}{!isZero(account.held) && <> · {t('recharges.held_now', { amount: money(account.held) })}</>}
            </div>
          )}
        </>
      )}
      submit={async (v, key) => {
        const back = await take(api.POST('/api/v1/recharges/{id}/reversal', {
          body: { amount: { amount: v.amount.trim(), currency: r.amount.currency }, reason: v.reason.trim(), overdraw: v.overdraw || undefined },
          params: { path: { id: r.id }, header: { 'Idempotency-Key': key } },
        }))
        await refreshBooks(client)
        void message.success(t('recharges.reversed', { amount: money({ ...back.amount, amount: back.amount.amount.replace('-', '') }) }))
        onClose()
      }}>
      <Form.Item name="amount" label={t('profiles.amount')} rules={[required, { pattern: /^\d{1,9}(\.\d{1,3})?$/, message: t('form.number') }]}>
        <Decimal suffix={r.amount.currency} autoFocus />
      </Form.Item>
      <Form.Item name="reason" label={t('profiles.reason')} extra={t('profiles.reason_help')} rules={[required]}><Input maxLength={200} dir="auto" /></Form.Item>
      <Form.Item name="overdraw" valuePropName="checked" extra={t('recharges.overdraw_help')}><Checkbox>{t('recharges.overdraw')}</Checkbox></Form.Item>
    </FormDialog>
  )
}
