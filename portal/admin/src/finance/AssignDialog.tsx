// Has a plan count for an audience at many places, or takes it away there.

import { useQueryClient } from '@tanstack/react-query'
import { App, Form, Input, Radio, Select } from 'antd'
import { useTranslation } from 'react-i18next'
import type { PlanAssign } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'
import { dayStart, zoneName } from '@ccms/shared/format'
import { useZone } from '../login/me'
import { FormDialog, useRequired } from '../parts/FormDialog'
import { PickMany, picks } from '../users/PickMany'
import { audiences } from './candidates'

export interface Where { name: string; place: PlanAssign['places'][number] }

interface Values {
  of: 'operator' | 'site' | 'point' | 'sub'
  sites?: string[]
  points?: string[]
  subs?: string[]
  connector?: string
  audience: PlanAssign['audience']
  level?: string
  group?: string
  code?: string
  what: 'plan' | 'none'
  plan?: string
  from?: string
  until?: string
}

const names: Record<string, (string | number)[]> = {
  plan_id: ['plan'], membership_level: ['level'], group_id: ['group'], promotion_code: ['code'],
}

function placesOf(v: Values, where: Where[] | undefined): PlanAssign['places'] {
  if (where) return where.map((w) => w.place)
  switch (v.of) {
    case 'site': return (v.sites ?? []).map((id) => ({ site_id: id }))
    case 'point': return (v.points ?? []).map((id) => ({ charge_point_id: id, connector: v.connector?.trim() ? Number(v.connector) : undefined }))
    case 'sub': return (v.subs ?? []).map((id) => ({ sub_operator_id: id }))
    default: return [{}]
  }
}

/** Where is what was chosen in a list; without it the dialog asks. */
export function AssignDialog({ where, onClose, onDone }: { where?: Where[]; onClose: () => void; onDone?: () => void }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const { message } = App.useApp()
  const zone = useZone()
  const required = useRequired()
  return (
    <FormDialog<Values> title={t('price.assign')} ok={t('form.save')} width={560} onClose={onClose}
      what={where ? t('price.assign_at', { count: where.length, names: where.slice(0, 5).map((w) => w.name).join(', ') + (where.length > 5 ? ' …' : '') }) : t('price.assign_what')}
      initial={{ of: 'operator', audience: where ? 'EVERYONE' : 'REGISTERED', what: 'plan' }} rename={(p) => names[String(p[0])] ?? p}
      submit={async (v, key) => {
        const done = await take(api.POST('/api/v1/plan-assignments', {
          params: { header: { 'Idempotency-Key': key } },
          body: {
            plan_id: v.what === 'plan' ? v.plan : undefined, audience: v.audience,
            membership_level: v.audience === 'LEVEL' ? v.level?.trim() : undefined, group_id: v.audience === 'GROUP' ? v.group : undefined,
            promotion_code: v.audience === 'PROMOTION' ? v.code?.trim() : undefined,
            from: v.from ? dayStart(v.from, zone) : undefined, until: v.until ? dayStart(v.until, zone) : undefined,
            places: placesOf(v, where),
          },
        }))
        await Promise.all(['plan-matrix', 'plan-assignments', 'sites', 'charge-points'].map((k) => client.invalidateQueries({ queryKey: [k] })))
        void message.success(t('price.assigned', { count: done.changed }))
        onDone?.()
        onClose()
      }}>
      {(form) => (
        <>
          {!where && (
            <>
              <Form.Item name="of" label={t('price.where')}>
                <Radio.Group options={[
                  { value: 'operator', label: t('price.place.OPERATOR') }, { value: 'site', label: t('window.of_site') }, { value: 'point', label: t('window.of_point') },
                  { value: 'sub', label: t('price.place.SUB_OPERATOR') },
                ]} />
              </Form.Item>
              <Form.Item noStyle shouldUpdate={(a: Values, b: Values) => a.of !== b.of}>
                {() => {
                  const of = form.getFieldValue('of') as Values['of']
                  if (of === 'site') return <Form.Item name="sites" label={t('col.station')} rules={[required]}><PickMany from={picks.sites} /></Form.Item>
                  if (of === 'sub') return <Form.Item name="subs" label={t('price.place.SUB_OPERATOR')} rules={[required]}><PickMany from={picks.subOperators} /></Form.Item>
                  if (of !== 'point') return null
                  return (
                    <>
                      <Form.Item name="points" label={t('col.point_name')} rules={[required]}><PickMany from={picks.points} /></Form.Item>
                      <Form.Item name="connector" label={`${t('col.connector')} (${t('form.optional')})`} extra={t('price.connector_help')} rules={[{ pattern: /^[1-9]\d?$/, message: t('form.number') }]}><Input className="price" maxLength={2} inputMode="numeric" /></Form.Item>
                    </>
                  )
                }}
              </Form.Item>
            </>
          )}
          <Form.Item name="audience" label={t('price.for')} extra={t('price.order')}>
            <Select options={audiences.map((a) => ({ value: a, label: t(`price.audience.${a}`) }))} />
          </Form.Item>
          <Form.Item noStyle shouldUpdate={(a: Values, b: Values) => a.audience !== b.audience}>
            {() => {
              switch (form.getFieldValue('audience') as Values['audience']) {
                case 'LEVEL': return <Form.Item name="level" label={t('col.membership')} rules={[required]}><Input maxLength={50} /></Form.Item>
                case 'GROUP': return <Form.Item name="group" label={t('groups.one')} rules={[required]}><PickMany one from={picks.groups} /></Form.Item>
                case 'PROMOTION': return <Form.Item name="code" label={t('price.code')} rules={[required]} extra={t('price.code_help')}><Input maxLength={30} autoCapitalize="characters" /></Form.Item>
                default: return null
              }
            }}
          </Form.Item>
          <Form.Item name="what" label={t('record.plan')}>
            <Radio.Group options={[{ value: 'plan', label: t('price.this_plan') }, { value: 'none', label: t('price.take_away') }]} />
          </Form.Item>
          <Form.Item noStyle shouldUpdate={(a: Values, b: Values) => a.what !== b.what}>
            {() => form.getFieldValue('what') === 'plan' && <Form.Item name="plan" label={t('price.plan')} rules={[required]}><PickMany one from={picks.plans} /></Form.Item>}
          </Form.Item>
          <Form.Item name="from" label={`${t('records.from')} (${t('form.optional')})`} extra={t('price.from_help')}><Input type="date" className="price" /></Form.Item>
          <Form.Item name="until" label={`${t('price.until')} (${t('form.optional')})`} extra={t('price.until_help', { zone: zoneName(zone) })}><Input type="date" className="price" /></Form.Item>
        </>
      )}
    </FormDialog>
  )
}
