// Puts money on a charging account: of a driver who is known, or who is looked for.

import { useQuery, useQueryClient } from '@tanstack/react-query'
import { App, Button, Checkbox, Form, Input, Select } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Driver } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'
import { amount, decimals, money, scaled } from '@ccms/shared/format'
import { Problem } from '@ccms/shared/problem'
import { useNavigate } from 'react-router'
import { operatorOf, useSignedIn } from '../login/me'
import { Decimal } from '../parts/Decimal'
import { FormDialog, useRequired } from '../parts/FormDialog'
import { word } from '../parts/words'
import { usePayOptions } from './PayOptions'
import { refreshBooks } from './books'
import { useRules } from './RulesDialog'

interface Values { driver?: string; amount: string; reason?: string; method?: string; reference?: string; save_card?: boolean }

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
  const navigate = useNavigate()
  const ready = new Set(usePayOptions().data?.items.filter((o) => o.ready).map((o) => o.method))
  const cards = useQuery({
    queryKey: ['drivers', known?.id, 'cards'], enabled: Boolean(known) && ready.has('card'),
    queryFn: ({ signal }) => take(api.GET('/api/v1/drivers/{id}/cards', { signal, params: { path: { id: known!.id } } })),
  })
  const methods = [
    { value: 'Admin', label: t('payments.gift') },
    ...(ready.has('cash') ? [{ value: 'Cash', label: word(t, 'pay_method', 'cash') }] : []),
    ...(ready.has('bank_transfer') ? [{ value: 'Bank transfer', label: word(t, 'pay_method', 'bank_transfer') }] : []),
    ...(ready.has('card') ? (cards.data?.items ?? []).map((c) => ({ value: c.id, label: t('payments.saved_card', { brand: c.brand ?? '', last4: c.last4 ?? '' }) })) : []),
    ...(ready.has('card') ? [{ value: 'card', label: t('payments.page_card') }] : []),
    ...(ready.has('paypal') ? [{ value: 'paypal', label: word(t, 'pay_method', 'paypal') }] : []),
  ]
  const received = (m?: string) => m === 'Cash' || m === 'Bank transfer'
  const byStaff = (m?: string) => !m || m === 'Admin' || received(m)
  const own = useRules().data?.presets.filter((p) => p.currency === currency).map((p) => p.amount) ?? []
  const offered = own.length > 0 ? own : presets.map((p) => (decimals(currency) === 0 ? String(p * 100) : scaled(p, 0, decimals(currency))))
  return (
    <FormDialog<Values> title={driver ? t('profiles.recharge_title', { account: driver.account }) : t('recharges.add')} ok={t('profiles.go')} initial={{ method: 'Admin' }} onClose={onClose}
      what={known
        ? <>{t('profiles.recharge_what', { number: known.charging_account })}{known.available && <div className="quiet num">{t('profiles.available', { amount: money(known.available) })}</div>}</>
        : t('recharges.choose')}
      submit={async (v, key) => {
        const path = { id: driver?.id ?? v.driver! }
        const sum = { amount: v.amount.trim(), currency }
        if (!byStaff(v.method)) {
          const page = v.method === 'card' || v.method === 'paypal'
          const p = await take(api.POST('/api/v1/drivers/{id}/payments', {
            body: { amount: sum, method: v.method === 'paypal' ? 'paypal' : 'card', card_id: page ? undefined : v.method, save_card: v.method === 'card' && v.save_card ? true : undefined,
              return_url: page ? `${window.location.origin}/finance/payments` : undefined },
            params: { path, header: { 'Idempotency-Key': key } },
          }))
          await refreshBooks(client)
          if (p.state === 'CAPTURED') void message.success(t('profiles.done', { amount: money(p.captured) }))
          else if (p.state === 'FAILED') void message.error(t('payments.declined', { why: p.failure?.text ?? '' }), 8)
          else void message.info(t('payments.next_pay'), 6)
          onClose()
          if (p.state !== 'CAPTURED') void navigate(`/finance/payments/${p.id}`)
          return
        }
        const body = { amount: sum, reason: (v.reason ?? '').trim(), recharge_from: v.method as 'Admin' | undefined, reference: received(v.method) ? v.reference?.trim() : undefined }
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
          {methods.length > 1 && <Form.Item name="method" label={t('payments.method')} rules={[required]}><Select options={methods} /></Form.Item>}
          <Form.Item noStyle shouldUpdate={(a: Values, b: Values) => a.method !== b.method}>
            {() => {
              const m = form.getFieldValue('method') as string | undefined
              return (
                <>
                  {received(m) && <Form.Item name="reference" label={t('payments.reference')} rules={[required]}><Input maxLength={60} dir="auto" /></Form.Item>}
                  {m === 'card' && <Form.Item name="save_card" valuePropName="checked"><Checkbox>{t('payments.save_card')}</Checkbox></Form.Item>}
                  {byStaff(m) && <Form.Item name="reason" label={t('profiles.reason')} extra={t('profiles.reason_help')} rules={[required]}><Input maxLength={200} dir="auto" /></Form.Item>}
                </>
              )
            }}
          </Form.Item>
        </>
      )}
    </FormDialog>
  )
}

function DriverSelect({ value, onChange, onFound, id }: { value?: string; onChange?: (id: string) => void; onFound: (d: Driver | undefined) => void; id?: string }) {
  const { t } = useTranslation()
  const [typed, setTyped] = useState('')
  const found = useQuery({
    queryKey: ['drivers', 'pick', typed],
    queryFn: ({ signal }) => take(api.GET('/api/v1/drivers', { signal, params: { query: { q: typed || undefined, limit: 20 } } })),
    staleTime: 10_000,
  })
  const drivers = found.data?.items ?? []
  return (
    <Select id={id} value={value} autoFocus showSearch={{ filterOption: false, onSearch: setTyped }} loading={found.isFetching} notFoundContent={found.isFetching ? null : t('start.no_driver')}
      onChange={(d: string) => { onChange?.(d); onFound(drivers.find((x) => x.id === d)) }}
      options={drivers.map((d) => ({ value: d.id, label: [d.account, d.nickname || d.name].filter(Boolean).join(' · ') }))} />
  )
}
