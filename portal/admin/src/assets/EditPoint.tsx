// What is known of a charge point, changed: all but its identity and its connectors.

import { useQueryClient } from '@tanstack/react-query'
import { App, Form, Input, Select, Space } from 'antd'
import { useRef } from 'react'
import { useTranslation } from 'react-i18next'
import type { ChargePoint } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'
import { scaled, watts } from '@ccms/shared/format'
import { Decimal } from '../parts/Decimal'
import { FormDialog, useRequired } from '../parts/FormDialog'
import { chargerTypes, SubprotocolField } from './pointFields'

interface Values {
  name: string
  code: string
  charger_type: ChargePoint['charger_type']
  max_power_kw?: string
  status: ChargePoint['status']
  subprotocol: ChargePoint['subprotocol']
}

const valuesOf = (p: ChargePoint): Values => ({
  name: p.name, code: p.code, charger_type: p.charger_type, status: p.status, subprotocol: p.subprotocol,
  max_power_kw: p.max_power_w > 0 ? scaled(p.max_power_w, 3, 3).replace(/\.?0+$/, '') : undefined,
})

export function EditPoint({ point: p, onClose }: { point: ChargePoint; onClose: () => void }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const { message } = App.useApp()
  const required = useRequired()
  const version = useRef(p.version)
  const labels: Record<keyof Values, string> = {
    name: t('assets.name'), code: t('assets.code'), charger_type: t('assets.charger_type'), max_power_kw: t('assets.max_power'), status: t('col.status'), subprotocol: t('assets.subprotocol'),
  }
  const show = (name: string, value: unknown) => {
    switch (name) {
      case 'status': return t(`asset_status.${value as Values['status']}`)
      case 'subprotocol': return t(`assets.subprotocols.${value as Values['subprotocol']}`)
      case 'max_power_kw': return value ? `${value as string} kW` : ''
      default: return undefined
    }
  }
  return (
    <FormDialog<Values> title={t('assets.edit_of', { name: p.name })} ok={t('form.save')} width={560} initial={valuesOf(p)} onClose={onClose}
      rename={(path) => (path[0] === 'max_power_w' ? ['max_power_kw'] : path)}
      conflict={{ label: (name) => labels[name as keyof Values] ?? name, show, newest: async () => {
        const now = await take(api.GET('/api/v1/charge-points/{id}', { params: { path: { id: p.id } } }))
        version.current = now.version
        return valuesOf(now)
      } }}
      submit={async (v) => {
        await take(api.PATCH('/api/v1/charge-points/{id}', {
          body: { name: v.name.trim(), code: v.code.trim(), charger_type: v.charger_type, max_power_w: watts(v.max_power_kw) ?? 0, status: v.status, subprotocol: v.subprotocol },
          params: { path: { id: p.id }, header: { 'If-Match': `"${version.current}"` } },
        }))
        await Promise.all([client.invalidateQueries({ queryKey: ['charge-points'] }), client.invalidateQueries({ queryKey: ['charge-point', p.id] })])
        void message.success(t('form.saved'))
        onClose()
      }}>
      <Form.Item name="name" label={labels.name} rules={[required]}><Input maxLength={200} autoFocus /></Form.Item>
      <Space wrap align="start">
        <Form.Item name="code" label={labels.code} tooltip={t('assets.code_help')} rules={[required]}><Input maxLength={32} className="price" /></Form.Item>
        <Form.Item name="charger_type" label={labels.charger_type}><Select className="price" options={chargerTypes.map((c) => ({ value: c, label: c }))} /></Form.Item>
        <Form.Item name="max_power_kw" label={labels.max_power_kw} rules={[{ pattern: /^\d{1,4}(\.\d{1,3})?$/, message: t('form.number') }]}><Decimal className="price" suffix="kW" /></Form.Item>
      </Space>
      <Form.Item name="status" label={labels.status} extra={t('assets.status_help')}>
        <Select options={(['VALID', 'INVALID'] as const).map((s) => ({ value: s, label: t(`asset_status.${s}`) }))} />
      </Form.Item>
      <SubprotocolField />
    </FormDialog>
  )
}
