// Puts money on a charging account: of a driver who is known, or who is looked for.

import { useQuery, useQueryClient } from '@tanstack/react-query'
import { App, Button, Form, Input, Select } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Driver } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'
import { amount, decimals, money, scaled } from '@ccms/shared/format'
import { Problem } from '@ccms/shared/problem'
import { operatorOf, useSignedIn } from '../login/me'
import { Decimal } from '../parts/Decimal'
import { FormDialog, useRequired } from '../parts/FormDialog'
import { refreshBooks } from './books'
import { useRules } from './RulesDialog'

interface Values { driver?: string; amount: string; reason: string }

/** What people recharge as a rule, in the major unit; where that is small, a hundred times as much. */
const presets = [10, 20, 50, 100, 200]

export function RechargeDialog({ driver, onClose }: { driver?: Driver; onClose: () => void }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const { message } = App.useApp()
  const me = useSignedIn()
  const required = useRequired()
  const [known, setKnown] = useState(driver)
  const currency = known?.balance?.currency ?? operatorOf(me)?.currency ?? 'EUR'
  const own = useRules().data?.presets.filter((p) => p.currency === currency).map((p) => p.amount) ?? []
  const offered = own.length > 0 ? own : presets.map((p) => (decimals(currency) === 0 ? String(p * 100) : scaled(p, 0, decimals(currency))))
  return (
    <FormDialog<Values> title={driver ? t('profiles.recharge_title', { account: driver.account }) : t('recharges.add')} ok={t('profiles.go')} initial={{}} onClose={onClose}
      what={known
        ? <>{t('profiles.recharge_what', { number: known.charging_account })}{known.available && <div className="quiet num">{t('profiles.available', { amount: money(known.available) })}</div>}</>
        : t('recharges.choose')}
      submit={async (v, key) => {
        const body = { amount: { amount: v.amount.trim(), currency }, reason: v.reason.trim() }
        const path = { id: driver?.id ?? v.driver! }
        try {
          const r = await take(api.POST('/api/v1/drivers/{id}/recharges', { body, params: { path, header: { 'Idempotency-Key': key } } }))
          void message.success(t('profiles.done', { amount: money(r.amount) }))
        } catch (e) {
          if (!(e instanceof Problem) || e.code !== 'approval_needed') throw e
          const a = await take(api.POST('/api/v1/drivers/{id}/recharge-requests', { body, params: { path, header: { 'Idempotency-Key': `${key}-ask` } } }))
          void message.info(t('approvals.asked', { amount: money(a.amount) }), 8)
        }
        await refreshBooks(client)
        onClose()
      }}>
      {(form) => (
        <>
          {!driver && (
            <Form.Item name="driver" label={t('col.account')} extra={t('cards.driver_help')} rules={[required]}>
              <DriverSelect onFound={setKnown} />
            </Form.Item>
          )}
          <Form.Item name="amount" label={t('profiles.amount')} rules={[required, { pattern: /^\d{1,9}(\.\d{1,3})?$/, message: t('form.number') }]}>
            <Decimal suffix={currency} autoFocus={Boolean(driver)} />
          </Form.Item>
          <div className="presets" role="group" aria-label={t('recharges.presets')}>
            {offered.map((value) => <Button key={value} size="small" onClick={() => { form.setFieldValue('amount', value); void form.validateFields(['amount']) }}>{amount({ amount: value, currency })}</Button>)}
          </div>
          <Form.Item name="reason" label={t('profiles.reason')} extra={t('profiles.reason_help')} rules={[required]}><Input maxLength={200} dir="auto" /></Form.Item>
        </>
      )}
    </FormDialog>
  )
}

function DriverSelect({ value, onChange, onFound, id }: { value?: string; onChange?: (id: string) => void; onFound: (d: Driver | undefined) => void; id?: string }) {
  const [typed, setTyped] = useState('')
  const found = useQuery({
    queryKey: ['drivers', 'pick', typed],
    queryFn: ({ signal }) => take(api.GET('/api/v1/drivers', { signal, params: { query: { q: typed || undefined, limit: 20 } } })),
    staleTime: 10_000,
  })
  const drivers = found.data?.items ?? []
  return (
    <Select id={id} value={value} autoFocus showSearch={{ filterOption: false, onSearch: setTyped }} loading={found.isFetching} notFoundContent={null}
      onChange={(d: string) => { onChange?.(d); onFound(drivers.find((x) => x.id === d)) }}
      options={drivers.map((d) => ({ value: d.id, label: [d.account, d.nickname || d.name].filter(Boolean).join(' · ') }))} />
  )
}
