// Recharges that wait for a second person: whoever did not ask approves or refuses.

import { CheckOutlined, CloseOutlined } from '@ant-design/icons'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Alert, App, Button, Form, Input } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { RechargeAsk } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'
import { money } from '@ccms/shared/format'
import { useMay, useZone } from '../login/me'
import { FormDialog, useRequired } from '../parts/FormDialog'
import { When } from '../parts/Times'
import { refreshBooks } from './books'

export function Approvals() {
  const { t } = useTranslation()
  const may = useMay()
  const zone = useZone()
  const [asked, setAsked] = useState<{ ask: RechargeAsk; refuse: boolean }>()
  const q = useQuery({
    queryKey: ['recharge-requests'],
    queryFn: ({ signal }) => take(api.GET('/api/v1/recharge-requests', { signal, params: { query: { pending: true, limit: 50 } } })),
    refetchInterval: 60_000,
  })
  const items = q.data?.items ?? []
  return (
    <>
      {items.map((a) => (
        <Alert key={a.id} type="warning" showIcon className="approval" title={t('approvals.wait', { amount: money(a.amount), account: a.account ?? '', who: a.asked_by_name ?? '' })}
          description={<><bdi>{a.reason}</bdi> · {t('approvals.until')} <When at={a.expires_at} zone={zone} />{a.own && <> · {t('approvals.own')}</>}</>}
          action={may('finance.write') && (
            <span className="row-actions">
              {!a.own && <Button size="small" type="primary" icon={<CheckOutlined aria-hidden />} onClick={() => setAsked({ ask: a, refuse: false })}>{t('approvals.approve')}</Button>}
              <Button size="small" icon={<CloseOutlined aria-hidden />} onClick={() => setAsked({ ask: a, refuse: true })}>{t(a.own ? 'approvals.withdraw' : 'approvals.refuse')}</Button>
            </span>
          )} />
      ))}
      {asked && <DecideDialog {...asked} onClose={() => setAsked(undefined)} />}
    </>
  )
}

function DecideDialog({ ask: a, refuse, onClose }: { ask: RechargeAsk; refuse: boolean; onClose: () => void }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const { message } = App.useApp()
  const required = useRequired()
  return (
    <FormDialog<{ reason: string }> title={t(refuse ? 'approvals.refuse_title' : 'approvals.approve_title', { amount: money(a.amount) })} danger={refuse}
      ok={t(refuse ? a.own ? 'approvals.withdraw' : 'approvals.refuse' : 'approvals.approve')} initial={{}} onClose={onClose}
      what={t('approvals.what', { amount: money(a.amount), account: a.account ?? '', reason: a.reason })}
      submit={async (v) => {
        const params = { path: { id: a.id } }
        if (refuse) await take(api.POST('/api/v1/recharge-requests/{id}/refusal', { params, body: { reason: v.reason.trim() } }))
        else await take(api.POST('/api/v1/recharge-requests/{id}/approval', { params }))
        await refreshBooks(client)
        void message.success(t(refuse ? 'approvals.refused' : 'approvals.approved', { amount: money(a.amount) }))
        onClose()
      }}>
      {refuse && <Form.Item name="reason" label={t('profiles.reason')} rules={[required]}><Input maxLength={200} dir="auto" autoFocus /></Form.Item>}
    </FormDialog>
  )
}
