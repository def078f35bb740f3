// Closes a month of the books with all before it.

import { useQueryClient } from '@tanstack/react-query'
import { App, Form, Input } from 'antd'
import { useTranslation } from 'react-i18next'
import { api, take } from '@ccms/shared/client'
import { dateTime } from '@ccms/shared/format'
import { operatorOf, useSignedIn } from '../login/me'
import { FormDialog, useRequired } from '../parts/FormDialog'
import { useNow } from '../parts/Times'

interface Values { month: string; reason: string }

/** "2026-10" for a day of November 2026: the month that can be closed. */
export function monthBefore(day: string): string {
  const [y, m] = [Number(day.slice(0, 4)), Number(day.slice(5, 7))]
  return m === 1 ? `${y - 1}-12` : `${y}-${String(m - 1).padStart(2, '0')}`
}

export function CloseDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const { message } = App.useApp()
  const required = useRequired()
  const last = monthBefore(dateTime(new Date(useNow(60_000)), operatorOf(useSignedIn())?.time_zone ?? 'UTC'))
  return (
    <FormDialog<Values> title={t('ledger.close_title')} ok={t('ledger.close_go')} initial={{ month: last }} what={t('ledger.close_what')} onClose={onClose}
      submit={async (v) => {
        const c = await take(api.POST('/api/v1/book-closings', { body: { month: v.month.trim(), reason: v.reason.trim() } }))
        await Promise.all(['closings', 'trial-balance'].map((k) => client.invalidateQueries({ queryKey: [k] })))
        void message.success(t('ledger.close_done', { month: c.month }))
        onClose()
      }}>
      <Form.Item name="month" label={t('ledger.month')} rules={[required, { pattern: /^\d{4}-(0[1-9]|1[0-2])$/, message: t('ledger.month_form') }]}><Input maxLength={7} inputMode="numeric" placeholder={last} /></Form.Item>
      <Form.Item name="reason" label={t('profiles.reason')} rules={[required]}><Input maxLength={200} dir="auto" autoFocus /></Form.Item>
    </FormDialog>
  )
}
