import { DeleteOutlined, EditOutlined, PlusOutlined } from '@ant-design/icons'
import { useQueryClient } from '@tanstack/react-query'
import { App, Button, Form, Input, Space, Switch } from 'antd'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Plan } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'
import { none, percent, spoken } from '@ccms/shared/format'
import { type Column, List } from '../list/List'
import type { Filter, ListState } from '../list/state'
import { operatorOf, useMay, useSignedIn } from '../login/me'
import { Decimal } from '../parts/Decimal'
import { FormDialog, useDecimalRule, useRequired } from '../parts/FormDialog'
import { bodyOf, type Values, valuesOf } from './plan'

const query = (st: ListState) => ({ name: st.filters.name, sort: st.sort, limit: st.limit, cursor: st.cursor })

export default function Plans() {
  const { t } = useTranslation()
  const may = useMay()
  const [edit, setEdit] = useState<Plan | 'new'>()
  const filters = useMemo<Filter[]>(() => [{ key: 'name', kind: 'text', label: t('col.name') }], [t])
  const columns = useMemo<Column<Plan>[]>(() => {
    const out: Column<Plan>[] = [
      { key: 'name', title: t('col.name'), sort: 'name', cell: (p) => p.name, wide: true },
      { key: 'version', title: t('plans.version'), num: true, cell: (p) => p.plan_version },
      { key: 'electricity', title: t('plans.bands'), cell: (p) => <Bands plan={p} />, wide: true },
      { key: 'service', title: t('plans.service_col'), num: true, cell: (p) => price(p.service_per_kwh, p.currency) },
      { key: 'idle', title: t('plans.idle_col'), num: true, cell: (p) => price(p.idle?.per_minute, p.currency) },
      { key: 'vat', title: t('plans.vat_col'), num: true, cell: (p) => percent(p.vat_permille) },
    ]
    if (may('plans.write')) {
      out.push({ key: 'operation', title: t('list.operation'), pin: true, cell: (p) => (
        <Button size="small" type="text" icon={<EditOutlined aria-hidden />} aria-label={t('plans.edit_of', { name: p.name })} title={t('plans.edit_of', { name: p.name })} onClick={() => setEdit(p)} />
      ) })
    }
    return out
  }, [t, may])
  const add = may('plans.write') && <Button type="primary" icon={<PlusOutlined aria-hidden />} onClick={() => setEdit('new')}>{t('list.add')}</Button>
  return (
    <>
      <List<Plan>
        queryKey={['plans']} name="plans" label={t('nav.plans')} filters={filters} columns={columns} actions={add}
        load={(st, signal) => take(api.GET('/api/v1/plans', { signal, params: { query: query(st) } }))}
        exports={{ path: '/api/v1/plans', query }} defaultSort="name"
        rowName={(p) => p.name}
        card={(p) => ({
          title: p.name,
          facts: [[t('plans.electricity'), <Bands key="b" plan={p} />], [t('plans.service'), price(p.service_per_kwh, p.currency)], [t('plans.vat'), `${percent(p.vat_permille)} %`]],
          actions: may('plans.write') && <Button size="small" onClick={() => setEdit(p)}>{t('plans.edit_of', { name: p.name })}</Button>,
        })}
        empty={{ title: t('plans.empty'), next: t('plans.empty_next'), action: add }}
      />
      {edit && <PlanDialog plan={edit === 'new' ? undefined : edit} onClose={() => setEdit(undefined)} />}
    </>
  )
}

const price = (p: string | undefined, currency: string) => (p && Number(p) !== 0 ? `${spoken(p)} ${currency}` : none)

function Bands({ plan }: { plan: Plan }) {
  const { t } = useTranslation()
  return <span className="num">{plan.electricity.map((b) => t('plans.band', { from: b.from, to: b.to, price: spoken(b.price) })).join(', ')}</span>
}

function PlanDialog({ plan, onClose }: { plan?: Plan; onClose: () => void }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const { message } = App.useApp()
  const me = useSignedIn()
  const required = useRequired()
  const decimal = useDecimalRule()
  const clockRule = { pattern: /^([01]\d|2[0-3]):[0-5]\d$|^24:00$/, message: t('plans.clock_rule') }
  const currency = plan?.currency ?? operatorOf(me)?.currency ?? 'EUR'
  const perKwh = t('plans.per_kwh', { currency })
  return (
    <FormDialog<Values> title={plan ? t('plans.edit', { name: plan.name }) : t('plans.add')} ok={t('form.save')} width={640} initial={valuesOf(plan)}
      what={plan && t('plans.snapshot')} onClose={onClose}
      rename={(p) => (p[0] === 'vat_permille' ? ['vat'] : p[0] === 'idle' && p[1] === 'grace_s' ? ['idle', 'grace_min'] : p)}
      submit={async (v, key) => {
        const body = bodyOf(v, currency, plan)
        if (plan) await take(api.PUT('/api/v1/plans/{id}', { body, params: { path: { id: plan.id }, header: { 'If-Match': `"${plan.version}"` } } }))
        else await take(api.POST('/api/v1/plans', { body, params: { header: { 'Idempotency-Key': key } } }))
        await client.invalidateQueries({ queryKey: ['plans'] })
        void message.success(t('form.saved'))
        onClose()
      }}>
      {(form) => (
        <>
          <Form.Item name="name" label={t('plans.name')} rules={[required]}><Input maxLength={100} autoFocus /></Form.Item>
          <fieldset className="fieldset">
            <legend>{t('plans.electricity')}</legend>
            <p className="quiet small">{t('plans.electricity_help')}</p>
            <Form.List name="electricity">
              {(fields, { add, remove }) => (
                <>
                  {fields.map((f) => (
                    <Space key={f.key} align="start" wrap className="band">
                      <Form.Item name={[f.name, 'from']} label={t('plans.band_from')} rules={[required, clockRule]}><Input className="clock" maxLength={5} placeholder="00:00" /></Form.Item>
                      <Form.Item name={[f.name, 'to']} label={t('plans.band_to')} rules={[required, clockRule]}><Input className="clock" maxLength={5} placeholder="24:00" /></Form.Item>
                      <Form.Item name={[f.name, 'price']} label={t('plans.band_price')} rules={[required, decimal]}><Decimal className="price" suffix={perKwh} /></Form.Item>
                      {fields.length > 1 && (
                        <Button type="text" className="band-remove" icon={<DeleteOutlined aria-hidden />} onClick={() => remove(f.name)}
                          aria-label={t('plans.band_remove', { from: form.getFieldValue(['electricity', f.name, 'from']) as string })} />
                      )}
                    </Space>
                  ))}
                  <Button icon={<PlusOutlined aria-hidden />} onClick={() => add({ from: '', to: '', price: '' })}>{t('plans.band_add')}</Button>
                </>
              )}
            </Form.List>
          </fieldset>
          <Space wrap align="start">
            <Form.Item name="service_per_kwh" label={t('plans.service')} rules={[decimal]}><Decimal className="price" suffix={perKwh} /></Form.Item>
            <Form.Item name="start_fee" label={t('plans.start_fee')} rules={[decimal]} tooltip={t('plans.start_fee_help')}><Decimal className="price" suffix={currency} /></Form.Item>
            <Form.Item name="vat" label={t('plans.vat')} rules={[required, { pattern: /^\d{1,2}(\.\d)?$|^100$/, message: t('form.number') }]}><Decimal className="price" suffix="%" /></Form.Item>
          </Space>
          <Form.Item name="prices_include_tax" label={t('plans.tax_included')} valuePropName="checked" layout="horizontal"><Switch /></Form.Item>
          <Form.Item name="idle_on" label={t('plans.idle_on')} valuePropName="checked" layout="horizontal"><Switch /></Form.Item>
          <Form.Item noStyle shouldUpdate={(a: Values, b: Values) => a.idle_on !== b.idle_on}>
            {() => form.getFieldValue('idle_on') && (
              <Space wrap align="start">
                <Form.Item name={['idle', 'per_minute']} label={t('plans.idle_per_minute')} rules={[required, decimal]}><Decimal className="price" suffix={t('plans.per_min', { currency })} /></Form.Item>
                <Form.Item name={['idle', 'grace_min']} label={t('plans.idle_grace')} rules={[required, decimal]}><Decimal className="price" suffix={t('plans.minutes')} /></Form.Item>
                <Form.Item name={['idle', 'cap']} label={t('plans.idle_cap')} rules={[required, decimal]}><Decimal className="price" suffix={currency} /></Form.Item>
              </Space>
            )}
          </Form.Item>
          <Space wrap align="start">
            <Form.Item name="hold" label={t('plans.hold')} rules={[decimal]} tooltip={t('plans.hold_help')}><Decimal className="price" suffix={currency} /></Form.Item>
            <Form.Item name="min_balance" label={t('plans.min_balance')} rules={[decimal]}><Decimal className="price" suffix={currency} /></Form.Item>
          </Space>
        </>
      )}
    </FormDialog>
  )
}
