// What is offered and allowed when staff recharge an account, and from where on a second
// person must approve.

import { useQuery, useQueryClient } from '@tanstack/react-query'
import { App, Checkbox, Form, Input, InputNumber } from 'antd'
import { useRef } from 'react'
import { useTranslation } from 'react-i18next'
import type { RechargeRules } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'
import { operatorOf, useSignedIn } from '../login/me'
import { Decimal } from '../parts/Decimal'
import { FormDialog, useRequired } from '../parts/FormDialog'

interface Values { presets?: string; least?: string; most?: string; approve_above?: string; approve_within_h: number; bonus?: string; bonus_first?: boolean }

const decimal = /^\d{1,9}(\.\d{1,3})?$/

/** "10; 20,50 100" as the amounts that are meant: blanks and semicolons part them. */
export const typedAmounts = (text: string | undefined): string[] => (text ?? '').split(/[;\s]+/).map((x) => x.replace(',', '.')).filter(Boolean)

/** "50=2; 100=5": a bonus of 2 from 50 on, of 5 from 100 on. */
export const typedBonus = (text: string | undefined): [from: string, bonus: string][] =>
  typedAmounts((text ?? '').replace(/\s*=\s*/g, '=')).map((x) => { const [from = '', bonus = ''] = x.split('=').map((y) => y.replace(',', '.')); return [from, bonus] })

const load = (signal?: AbortSignal) => take(api.GET('/api/v1/recharge-rules', { signal }))

export function useRules() {
  return useQuery({ queryKey: ['recharge-rules'], queryFn: ({ signal }) => load(signal), staleTime: 60_000 })
}

const valuesOf = (r: RechargeRules): Values => ({
  presets: r.presets.map((p) => p.amount).join('; '), least: r.least?.amount, most: r.most?.amount, approve_above: r.approve_above?.amount, approve_within_h: r.approve_within_h,
  bonus: (r.bonus ?? []).map((b) => `${b.from.amount}=${b.bonus.amount}`).join('; '), bonus_first: r.bonus_first ?? false,
})

export function RulesDialog({ onClose }: { onClose: () => void }) {
  const rules = useRules().data
  return rules ? <Rules rules={rules} onClose={onClose} /> : null
}

function Rules({ rules, onClose }: { rules: RechargeRules; onClose: () => void }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const { message } = App.useApp()
  const required = useRequired()
  const currency = operatorOf(useSignedIn())?.currency ?? 'EUR'
  // The version that the form was filled from: a newer one may come in while it is open.
  const version = useRef(rules.version)
  const money = (v?: string) => (v?.trim() ? { amount: v.trim(), currency } : undefined)
  const form = [{ pattern: decimal, message: t('form.number') }]
  const labels: Record<keyof Values, string> = {
    presets: t('recharges.presets'), least: t('rules.least'), most: t('rules.most'), approve_above: t('rules.approve_above'),
    approve_within_h: t('rules.approve_within'), bonus: t('rules.bonus'), bonus_first: t('rules.bonus_first'),
  }
  return (
    <FormDialog<Values> title={t('rules.title')} ok={t('form.save')} onClose={onClose} what={t('rules.what')} initial={valuesOf(rules)}
      conflict={{ label: (name) => labels[name as keyof Values] ?? name, show: (_, v) => (typeof v === 'boolean' ? t(v ? 'yes' : 'no') : undefined), newest: async () => {
        const now = await load()
        version.current = now.version
        return valuesOf(now)
      } }}
      submit={async (v) => {
        await take(api.PUT('/api/v1/recharge-rules', {
          params: { header: { 'If-Match': `"${version.current}"` } },
          body: { presets: typedAmounts(v.presets).map((amount) => ({ amount, currency })), least: money(v.least), most: money(v.most), approve_above: money(v.approve_above), approve_within_h: v.approve_within_h,
            bonus: typedBonus(v.bonus).map(([from, bonus]) => ({ from: { amount: from, currency }, bonus: { amount: bonus, currency } })), bonus_first: v.bonus_first || undefined },
        }))
        await client.invalidateQueries({ queryKey: ['recharge-rules'] })
        void message.success(t('rules.saved'))
        onClose()
      }}>
      <Form.Item name="presets" label={labels.presets} extra={t('rules.presets_help', { currency })}
        rules={[{ validator: (_, v: string) => (typedAmounts(v).every((x) => decimal.test(x)) ? Promise.resolve() : Promise.reject(new Error(t('form.number')))) }]}><Input maxLength={120} autoFocus /></Form.Item>
      <Form.Item name="least" label={labels.least} rules={form}><Decimal suffix={currency} /></Form.Item>
      <Form.Item name="most" label={labels.most} rules={form}><Decimal suffix={currency} /></Form.Item>
      <Form.Item name="approve_above" label={labels.approve_above} extra={t('rules.approve_help')} rules={form}><Decimal suffix={currency} /></Form.Item>
      <Form.Item name="approve_within_h" label={labels.approve_within_h} rules={[required]}><InputNumber min={1} max={720} precision={0} /></Form.Item>
      <Form.Item name="bonus" label={labels.bonus} extra={t('rules.bonus_help')}
        rules={[{ validator: (_, v: string) => (typedBonus(v).every((x) => x.every((y) => decimal.test(y))) ? Promise.resolve() : Promise.reject(new Error(t('rules.bonus_form')))) }]}><Input maxLength={200} placeholder="50=2; 100=5" /></Form.Item>
      <Form.Item name="bonus_first" valuePropName="checked"><Checkbox>{labels.bonus_first}</Checkbox></Form.Item>
    </FormDialog>
  )
}
