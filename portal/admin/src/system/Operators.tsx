import { LoginOutlined, PlusOutlined } from '@ant-design/icons'
import { useQueryClient } from '@tanstack/react-query'
import { App, Button, Form, Input, Select } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import type { Operator, OperatorNew } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'
import { viewerZone } from '@ccms/shared/format'
import { useZoneOptions } from '../assets/Sites'
import { type Column, List } from '../list/List'
import type { ListState } from '../list/state'
import { useMay, useSignedIn, useTakeMe } from '../login/me'
import { FormDialog, useRequired } from '../parts/FormDialog'
import { Mono } from '../parts/Mono'
import { ZoneName } from '../parts/Times'

const query = (st: ListState) => ({ sort: st.sort, limit: st.limit, cursor: st.cursor })

export default function Operators() {
  const { t } = useTranslation()
  const may = useMay()
  const me = useSignedIn()
  const [adding, setAdding] = useState(false)
  const [entering, setEntering] = useState<Operator>()
  const enter = (o: Operator) => (
    <Button size="small" icon={<LoginOutlined aria-hidden />} disabled={me.acting_in?.operator.id === o.id} onClick={() => setEntering(o)} aria-label={t('operator.enter_title', { name: o.name })}>{t('operator.enter')}</Button>
  )
  const columns: Column<Operator>[] = [
    { key: 'name', title: t('operator.name'), sort: 'name', cell: (o) => o.name, wide: true },
    { key: 'code', title: t('operator.code'), sort: 'code', cell: (o) => <Mono value={o.code} /> },
    { key: 'currency', title: t('operator.currency'), cell: (o) => o.currency },
    { key: 'zone', title: t('operator.time_zone'), cell: (o) => o.time_zone },
    { key: 'operation', title: t('list.operation'), pin: true, cell: enter },
  ]
  const add = may('operators.write') && <Button type="primary" icon={<PlusOutlined aria-hidden />} onClick={() => setAdding(true)}>{t('list.add')}</Button>
  return (
    <>
      <List<Operator>
        queryKey={['operators']} name="operators" label={t('nav.operators')} columns={columns} defaultSort="name" actions={add}
        load={(st, signal) => take(api.GET('/api/v1/operators', { signal, params: { query: query(st) } }))}
        exports={{ path: '/api/v1/operators', query }}
        rowName={(o) => o.name}
        card={(o) => ({ title: o.name, facts: [[t('operator.code'), o.code], [t('operator.currency'), o.currency], [t('operator.time_zone'), <ZoneName key="z" zone={o.time_zone} />]], actions: enter(o) })}
        empty={{ title: t('operator.empty'), next: t('operator.empty_next'), action: add }}
      />
      {adding && <OperatorDialog onClose={() => setAdding(false)} />}
      {entering && <EnterDialog operator={entering} onClose={() => setEntering(undefined)} />}
    </>
  )
}

function EnterDialog({ operator, onClose }: { operator: Operator; onClose: () => void }) {
  const { t } = useTranslation()
  const required = useRequired()
  const takeMe = useTakeMe()
  const navigate = useNavigate()
  return (
    <FormDialog<{ reason: string }> title={t('operator.enter_title', { name: operator.name })} ok={t('operator.enter')} initial={{}}
      what={t('operator.enter_what', { name: operator.name })} onClose={onClose}
      submit={async (v) => {
        const me = await take(api.POST('/api/v1/me/operator', { body: { operator_id: operator.id, reason: v.reason.trim() } }))
        onClose()
        takeMe(me)
        void navigate('/')
      }}>
      <Form.Item name="reason" label={t('operator.reason')} extra={t('operator.reason_help')} rules={[required]}><Input maxLength={500} autoFocus /></Form.Item>
    </FormDialog>
  )
}

function OperatorDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const { message } = App.useApp()
  const required = useRequired()
  const zones = useZoneOptions()
  return (
    <FormDialog<OperatorNew> title={t('operator.add')} ok={t('form.save')} initial={{ currency: 'EUR', time_zone: viewerZone() }} onClose={onClose}
      submit={async (v, key) => {
        const body: OperatorNew = { name: v.name.trim(), code: v.code?.trim() || undefined, currency: v.currency.trim().toUpperCase(), time_zone: v.time_zone }
        await take(api.POST('/api/v1/operators', { body, params: { header: { 'Idempotency-Key': key } } }))
        await client.invalidateQueries({ queryKey: ['operators'] })
        void message.success(t('form.saved'))
        onClose()
      }}>
      <Form.Item name="name" label={t('operator.name')} rules={[required]}><Input maxLength={100} autoFocus /></Form.Item>
      <Form.Item name="code" label={t('operator.code')} extra={t('operator.code_help')} rules={[{ pattern: /^\d{6}$/, message: t('operator.code_rule') }]}><Input maxLength={6} inputMode="numeric" /></Form.Item>
      <Form.Item name="currency" label={t('operator.currency')} rules={[required, { pattern: /^[A-Za-z]{3}$/, message: t('operator.currency_rule') }]}><Input maxLength={3} /></Form.Item>
      <Form.Item name="time_zone" label={t('operator.time_zone')} rules={[required]}><Select showSearch options={zones} /></Form.Item>
    </FormDialog>
  )
}
