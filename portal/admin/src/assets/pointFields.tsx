// What a charge point is, as people type it: for a new one and for one that is adopted.

import { DeleteOutlined, PlusOutlined } from '@ant-design/icons'
import { Button, Form, Input, Select, Space } from 'antd'
import { useTranslation } from 'react-i18next'
import type { ChargePointNew } from '@ccms/shared/api'
import { watts } from '@ccms/shared/format'
import { Decimal } from '../parts/Decimal'

export const chargerTypes = ['AC', 'DC Fast', 'DC', 'HPC', 'MCS', 'Wireless', 'V2G'] as const
const connectorTypes = ['Type 2', 'Type 1', 'CCS2', 'CCS1', 'CHAdeMO', 'GB/T AC', 'GB/T DC', 'NACS', 'MCS', 'Schuko']

export interface PointValues { code?: string; charger_type: ChargePointNew['charger_type']; max_power_kw?: string; connectors: { type?: string }[] }

export const pointDefaults: PointValues = { charger_type: 'AC', connectors: [{ type: 'Type 2' }] }

/** The values as the API has them. */
export function pointBody(v: PointValues) {
  const power = watts(v.max_power_kw)
  return {
    code: v.code?.trim() || undefined, charger_type: v.charger_type, max_power_w: power,
    connectors: v.connectors.map((c, i) => ({ number: i + 1, type: c.type, max_power_w: power })),
  }
}

export function PointFields() {
  const { t } = useTranslation()
  return (
    <>
      <Space wrap align="start">
        <Form.Item name="code" label={t('assets.code')} tooltip={t('assets.code_help')}><Input maxLength={32} className="price" /></Form.Item>
        <Form.Item name="charger_type" label={t('assets.charger_type')}><Select className="price" options={chargerTypes.map((c) => ({ value: c, label: c }))} /></Form.Item>
        <Form.Item name="max_power_kw" label={t('assets.max_power')} rules={[{ pattern: /^\d{1,4}(\.\d{1,3})?$/, message: t('form.number') }]}><Decimal className="price" suffix="kW" /></Form.Item>
      </Space>
      <fieldset className="fieldset">
        <legend>{t('assets.connectors')}</legend>
        <Form.List name="connectors">
          {(fields, { add, remove }) => (
            <>
              {fields.map((f, i) => (
                <Space key={f.key} align="start" className="band">
                  <Form.Item name={[f.name, 'type']} label={t('assets.connector_type', { number: i + 1 })}><Select className="price-wide" options={connectorTypes.map((c) => ({ value: c, label: c }))} /></Form.Item>
                  {fields.length > 1 && <Button type="text" className="band-remove" icon={<DeleteOutlined aria-hidden />} onClick={() => remove(f.name)} aria-label={t('assets.connector_remove', { number: i + 1 })} />}
                </Space>
              ))}
              <Button icon={<PlusOutlined aria-hidden />} onClick={() => add({ type: 'Type 2' })}>{t('assets.connector_add')}</Button>
            </>
          )}
        </Form.List>
      </fieldset>
    </>
  )
}

const subprotocols = ['lenient', 'required', 'pinned'] as const

/** What counts of the sub-protocols that the device offers: for those that connect in their own way. */
export function SubprotocolField() {
  const { t } = useTranslation()
  return (
    <Form.Item name="subprotocol" label={t('assets.subprotocol')} extra={t('assets.subprotocol_help')}>
      <Select options={subprotocols.map((s) => ({ value: s, label: t(`assets.subprotocols.${s}`) }))} />
    </Form.Item>
  )
}
