// What is offered and allowed when staff recharge an account, and from where on a second
// person must approve.

import { useQuery, useQueryClient } from '@tanstack/react-query'
import { App, Checkbox, Form, Input, InputNumber } from 'antd'
import { useTranslation } from 'react-i18next'
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

export function useRules() {
  return useQuery({ queryKey: ['recharge-rules'], queryFn: ({ signal }) => take(api.GET('/api/v1/recharge-rules', { signal })), staleTime: 60_000 })
}

export function RulesDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const { message } = App.useApp()
  const required = useRequired()
  const currency = operatorOf(useSignedIn())?.currency ?? 'EUR'
  const rules = useRules().data
  if (!rules) return null
  const money = (v?: string) => (v?.trim() ? { amount: v.trim(), currency } : undefined)
  const form = [{ pattern: decimal, message: t('form.number') }]
  return (
    <FormDialog<Values> title={t('rules.title')} ok={t('form.save')} onClose={onClose} what={t('rules.what')}
      initial={{ presets: rules.presets.map((p) => p.amount).join('; '), least: rules.least?.amount, most: rules.most?.amount, approve_above: rules.approve_above?.amount, approve_within_h: rules.approve_within_h,
        bonus: (rules.bonus ?? []).map((b) => `${b.from.amount}=${b.bonus.amount}`).join('; '), bonus_first: rules.bonus_first ?? false }}
      submit={async (v) => {
        await take(api.PUT('/api/v1/recharge-rules', {
          params: { header: { 'If-Match': `"${rules.version}"` } },
          body: { presets: typedAmounts(v.presets).map((amount) => ({ amount, currency })), least: money(v.least), most: money(v.most), approve_above: money(v.approve_above), approve_within_h: v.approve_within_h,
            bonus: typedBonus(v.bonus).map(([from, bonus]) => ({ from: { amount: from, currency }, bonus: { amount: bonus, currency } })), bonus_first: v.bonus_first || undefined },
        }))
        await client.invalidateQueries({ queryKey: ['recharge-rules'] })
        void message.success(t('rules.saved'))
        onClose()
      }}>
      <Form.Item name="presets" label={t('recharges.presets')} extra={t('rules.presets_help', { currency })}
        rules={[{ validator: (_, v: string) => (typedAmounts(v).every((x) => decimal.test(x)) ? Promise.resolve() : Promise.reject(new Error(t('form.number')))) }]}><Input maxLength={120} autoFocus /></Form.Item>
      <Form.Item name="least" label={t('rules.least')} rules={form}><Decimal suffix={currency} /></Form.Item>
      <Form.Item name="most" label={t('rules.most')} rules={form}><Decimal suffix={currency} /></Form.Item>
      <Form.Item name="approve_above" label={t('rules.approve_above')} extra={t('rules.approve_help')} rules={form}><Decimal suffix={currency} /></Form.Item>
      <Form.Item name="approve_within_h" label={t('rules.approve_within')} rules={[required]}><InputNumber min={1} max={720} precision={0} /></Form.Item>
      <Form.Item name="bonus" label={t('rules.bonus')} extra={t('rules.bonus_help')}
        rules={[{ validator: (_, v: string) => (typedBonus(v).every((x) => x.every((y) => decimal.test(y))) ? Promise.resolve() : Promise.reject(new Error(t('rules.bonus_form')))) }]}><Input maxLength={200} placeholder="50=2; 100=5" /></Form.Item>
      <Form.Item name="bonus_first" valuePropName="checked"><Checkbox>{t('rules.bonus_first')}</Checkbox></Form.Item>
    </FormDialog>
  )
}
