// Charging profiles: what may be drawn when; taking them back; and what the point makes of
// all of them.

import { DeleteOutlined, PlusOutlined } from '@ant-design/icons'
import { useQuery } from '@tanstack/react-query'
import { Alert, Button, Form, type FormInstance, Input, Select, Space } from 'antd'
import { useTranslation } from 'react-i18next'
import { api, take } from '@ccms/shared/client'
import { viewerZone } from '@ccms/shared/format'
import { Decimal } from '../../parts/Decimal'
import { FormDialog, useRequired } from '../../parts/FormDialog'
import { type DialogProps, numbers, useSubmit } from './dialogs'
import { type Common, commonOf, Reason, Wait } from './fields'
import { type Bounds, boundsOf, milli, type ProfileValues, profileOf, type Purpose, renamedProfile, seconds, type Unit } from './profile'

type Values = ProfileValues & Common

const purposes = ['tx_default', 'charge_point_max', 'tx'] as const satisfies readonly Purpose[]

function useBounds(point: string) {
  const query = useQuery({
    queryKey: ['configuration', point],
    queryFn: ({ signal }) => take(api.GET('/api/v1/charge-points/{id}/configuration', { signal, params: { path: { id: point } } })),
  })
  return boundsOf(query.data)
}

const whole = /^\d{1,9}$/

/** What a form of a profile begins with. */
export const profileInitial = (unit: Unit, connector = 0) => ({
  purpose: 'tx_default', connector, id: '1', stack: '0', kind: 'absolute', recurrence: 'daily', unit, periods: [{ start: '0:00', limit: '' }],
} satisfies Partial<ProfileValues>)

/** The order for one point or many: which connector belongs to the profiles that name one. */
export const profileBody = (v: ProfileValues) => ({
  connector: v.purpose === 'tx_default' ? v.connector || undefined : undefined, profile: profileOf(v),
})

export function ProfileDialog(p: DialogProps) {
  const { t } = useTranslation()
  const submit = useSubmit(p)
  const bounds = useBounds(p.point.id)
  const sessions = useQuery({
    queryKey: ['sessions', 'running', 'of', p.point.id],
    queryFn: ({ signal }) => take(api.GET('/api/v1/sessions', { signal, params: { query: { state: 'running', charge_point_id: p.point.id, limit: 50 } } })),
  })
  const running = (sessions.data?.items ?? []).map((s) => ({ value: s.id, label: t('profile.session_of', { id: s.transaction_id ?? s.id, number: s.connector }) }))
  return (
    <FormDialog<Values> title={t('profile.title', { point: p.point.name })} ok={t('profile.go')} width={640} onClose={p.onClose} rename={renamedProfile}
      initial={{ ...profileInitial(bounds.units[0] ?? 'A', p.connector), wait: p.point.online ? 0 : 8 }}
      what={(
        <>
          {t('profile.what')}
          {!bounds.smart && <Alert type="warning" showIcon className="space-above" title={t('profile.not_smart')} />}
        </>
      )}
      submit={(v, key) => submit({ type: 'set_charging_profile', ...profileBody(v), ...commonOf(v) }, key)}>
      {(form) => (
        <>
          <ProfileFields form={form} bounds={bounds} connectors={numbers(p.point)} running={running} loading={sessions.isFetching} />
          {!p.point.online && <Wait />}
          <Reason required />
        </>
      )}
    </FormDialog>
  )
}

interface FieldsProps {
  form: Pick<FormInstance, 'getFieldValue'>
  bounds: Bounds
  connectors: { value: number; label: string }[]
  /** Charges that a profile may be for; of many points none is asked. */
  running?: { value: string; label: string }[]
  loading?: boolean
}

/** The profile itself, for one point and for many. */
export function ProfileFields({ form, bounds, connectors, running, loading }: FieldsProps) {
  const { t } = useTranslation()
  const required = useRequired()
  const number = (most: number, least = 0) => ({
    validator: (_: unknown, v: string) => (whole.test(v?.trim() ?? '') && Number(v) >= least && Number(v) <= most ? Promise.resolve() : Promise.reject(new Error(t('field.between', { from: least, to: most })))),
  })
  const time = (optional: boolean) => ({
    validator: (_: unknown, v?: string) => ((!v && optional) || (v && seconds(v) !== undefined && seconds(v)! <= 7 * 86_400) ? Promise.resolve() : Promise.reject(new Error(t('profile.time_rule')))),
  })
  return (
    <>
      <Form.Item name="purpose" label={t('profile.for')}>
        <Select options={purposes.filter((x) => running || x !== 'tx').map((x) => ({ value: x, label: t(`profile.purpose_long.${x}`) }))} />
      </Form.Item>
      <Form.Item noStyle shouldUpdate={(a: Values, b: Values) => a.purpose !== b.purpose}>
        {() => (
          <>
            {form.getFieldValue('purpose') === 'tx' && (
              <Form.Item name="session" label={t('profile.session')} rules={[required]}>
                <Select options={running} loading={loading} notFoundContent={t('profile.no_session')} />
              </Form.Item>
            )}
            {form.getFieldValue('purpose') === 'tx_default' && (
              <Form.Item name="connector" label={t('trigger.connector')}>
                <Select options={[{ value: 0, label: t('profile.each') }, ...connectors]} />
              </Form.Item>
            )}
          </>
        )}
      </Form.Item>
      <fieldset className="fieldset">
        <legend>{t('profile.schedule')}</legend>
        <Form.Item name="unit" label={t('profile.unit')} extra={bounds.units.length === 1 && t('profile.unit_told')}>
          <Select options={(['A', 'W'] as const).map((u) => ({ value: u, label: t(`profile.unit_${u}`), disabled: !bounds.units.includes(u) }))} />
        </Form.Item>
        <Form.Item noStyle shouldUpdate={(a: Values, b: Values) => a.unit !== b.unit}>
          {() => <Periods unit={form.getFieldValue('unit') as Unit} most={bounds.periods} time={time(false)} />}
        </Form.Item>
      </fieldset>
      <Space wrap align="start">
        <Form.Item name="kind" label={t('profile.kind')}>
          <Select className="profile-kind" options={(['absolute', 'recurring', 'relative'] as const).map((k) => ({ value: k, label: t(`profile.kinds.${k}`) }))} />
        </Form.Item>
        <Form.Item noStyle shouldUpdate={(a: Values, b: Values) => a.kind !== b.kind}>
          {() => (
            <>
              {form.getFieldValue('kind') === 'recurring' && (
                <Form.Item name="recurrence" label={t('profile.recurrence')}>
                  <Select options={(['daily', 'weekly'] as const).map((k) => ({ value: k, label: t(`profile.${k}`) }))} />
                </Form.Item>
              )}
              {form.getFieldValue('kind') !== 'relative' && (
                <Form.Item name="start" label={optional(t('profile.start'), t('form.optional'))}><Input type="datetime-local" /></Form.Item>
              )}
            </>
          )}
        </Form.Item>
        <Form.Item name="duration" label={optional(t('profile.duration'), t('form.optional'))} rules={[time(true)]}><Input className="clock" placeholder="24:00" maxLength={9} /></Form.Item>
      </Space>
      <p className="quiet small">{t('profile.zone', { zone: viewerZone() })}</p>
      <details className="profile-more">
        <summary>{t('profile.more')}</summary>
        <Space wrap align="start">
          <Form.Item name="id" label={t('profile.id')} tooltip={t('profile.id_help')} rules={[number(999_999_999, 1)]}><Input className="clock" inputMode="numeric" maxLength={9} /></Form.Item>
          <Form.Item name="stack" label={t('profile.stack')} tooltip={t('profile.stack_help')} rules={[number(bounds.stack)]}><Input className="clock" inputMode="numeric" maxLength={3} /></Form.Item>
          <Form.Item name="valid_from" label={optional(t('profile.valid_from'), t('form.optional'))}><Input type="datetime-local" /></Form.Item>
          <Form.Item name="valid_to" label={optional(t('profile.valid_to'), t('form.optional'))}><Input type="datetime-local" /></Form.Item>
        </Space>
      </details>
    </>
  )
}

const optional = (label: string, word: string) => `${label} (${word})`

function Periods({ unit, most, time }: { unit: Unit; most: number; time: object }) {
  const { t } = useTranslation()
  const limit = { validator: (_: unknown, v?: string) => (v !== undefined && milli(v, unit) !== undefined ? Promise.resolve() : Promise.reject(new Error(t(`profile.limit_rule_${unit}`)))) }
  return (
    <Form.List name="periods">
      {(fields, { add, remove }) => (
        <>
          {fields.map((f, i) => (
            <Space key={f.key} align="start" wrap className="band profile-period">
              <Form.Item name={[f.name, 'start']} label={t('profile.from')} dependencies={i > 0 ? [['periods', i - 1, 'start']] : []} rules={[time, ({ getFieldValue }) => ({
                validator: (_, v: string) => {
                  const before = i > 0 ? seconds((getFieldValue(['periods', i - 1, 'start']) as string | undefined) ?? '') : undefined
                  const now = seconds(v ?? '')
                  if (now === undefined || (i === 0 ? now === 0 : before === undefined || now > before)) return Promise.resolve()
                  return Promise.reject(new Error(t(i === 0 ? 'profile.first_rule' : 'profile.order_rule')))
                },
              })]}><Input className="clock" maxLength={9} /></Form.Item>
              <Form.Item name={[f.name, 'limit']} label={t('profile.limit')} rules={[limit]}><Decimal className="price" suffix={unit === 'A' ? 'A' : 'kW'} maxLength={9} /></Form.Item>
              <Form.Item name={[f.name, 'phases']} label={t('profile.phases')}>
                <Select className="clock" options={[{ value: 0, label: t('profile.phases_all') }, { value: 1, label: '1' }, { value: 2, label: '2' }, { value: 3, label: '3' }]} placeholder={t('profile.phases_all')} />
              </Form.Item>
              {fields.length > 1 && i > 0 && (
                <Button type="text" className="band-remove" icon={<DeleteOutlined aria-hidden />} onClick={() => remove(f.name)} aria-label={t('profile.remove', { number: i + 1 })} />
              )}
            </Space>
          ))}
          <Button icon={<PlusOutlined aria-hidden />} disabled={fields.length >= most} onClick={() => add({ start: '', limit: '' })}>{t('profile.add')}</Button>
          {most < 100 && <span className="quiet small"> {t('profile.most', { count: most })}</span>}
        </>
      )}
    </Form.List>
  )
}

export interface ClearValues { which: string; clear_purpose: '' | Purpose; id?: string; stack?: string }

export const clearInitial = (connector?: number) => ({ which: connector === undefined ? 'all' : String(connector), clear_purpose: '' } satisfies Partial<ClearValues>)

export const clearBody = (v: ClearValues) => ({ profile_filter: {
  connector: v.which === 'all' ? undefined : Number(v.which), purpose: v.clear_purpose || undefined,
  id: v.id ? Number(v.id) : undefined, stack_level: v.stack ? Number(v.stack) : undefined,
} })

export const renamedClear = (path: (string | number)[]): (string | number)[] => (path[0] === 'profile_filter'
  ? [path[1] === 'stack_level' ? 'stack' : path[1] === 'connector' ? 'which' : path[1] === 'purpose' ? 'clear_purpose' : path[1] ?? 'id'] : path[0] === 'queue_until_online_s' ? ['wait'] : path)

export function ClearProfileDialog(p: DialogProps) {
  const { t } = useTranslation()
  const submit = useSubmit(p)
  return (
    <FormDialog<ClearValues & Common> title={t('profile.clear_title', { point: p.point.name })} ok={t('profile.clear_go')} onClose={p.onClose}
      rename={renamedClear} initial={{ ...clearInitial(p.connector), wait: p.point.online ? 0 : 8 }} what={t('profile.clear_what')}
      submit={(v, key) => submit({ type: 'clear_charging_profile', ...clearBody(v), ...commonOf(v) }, key)}>
      <ClearFields connectors={numbers(p.point)} />
      {!p.point.online && <Wait />}
      <Reason required />
    </FormDialog>
  )
}

export function ClearFields({ connectors, many }: { connectors: { value: number; label: string }[]; many?: boolean }) {
  const { t } = useTranslation()
  const rule = { pattern: whole, message: t('form.number') }
  return (
    <>
      <Form.Item name="which" label={t('profile.which')}>
        <Select options={[{ value: 'all', label: t('profile.which_all') }, { value: '0', label: t('trigger.whole') }, ...connectors.map((o) => ({ ...o, value: String(o.value) }))]} />
      </Form.Item>
      <Form.Item name="clear_purpose" label={t('profile.for')}>
        <Select options={[{ value: '', label: t('list.any') }, ...purposes.filter((x) => !many || x !== 'tx').map((x) => ({ value: x, label: t(`profile.purpose.${x}`) }))]} />
      </Form.Item>
      <Space wrap align="start">
        <Form.Item name="id" label={optional(t('profile.id'), t('form.optional'))} rules={[rule]}><Input className="clock" inputMode="numeric" maxLength={9} /></Form.Item>
        <Form.Item name="stack" label={optional(t('profile.stack'), t('form.optional'))} rules={[rule]}><Input className="clock" inputMode="numeric" maxLength={3} /></Form.Item>
      </Space>
    </>
  )
}

const aheadHours = [1, 4, 12, 24, 168] as const

export function CompositeDialog(p: DialogProps) {
  const { t } = useTranslation()
  const submit = useSubmit(p)
  const bounds = useBounds(p.point.id)
  return (
    <FormDialog<Common & { connector: number; hours: number; unit: '' | Unit }> title={t('profile.composite_title', { point: p.point.name })} ok={t('profile.composite_go')}
      what={t('profile.composite_what')} onClose={p.onClose} initial={{ connector: p.connector ?? p.point.connectors[0]?.number ?? 0, hours: 24, unit: '' }}
      rename={(path) => (path[0] === 'composite' ? [path[1] === 'duration_s' ? 'hours' : path[1] ?? 'unit'] : path)}
      submit={(v, key) => submit({ type: 'get_composite_schedule', connector: v.connector || undefined, composite: { duration_s: v.hours * 3600, unit: v.unit || undefined }, ...commonOf(v) }, key)}>
      <Form.Item name="connector" label={t('trigger.connector')}><Select options={[{ value: 0, label: t('trigger.whole') }, ...numbers(p.point)]} /></Form.Item>
      <Form.Item name="hours" label={t('profile.hours')}><Select options={aheadHours.map((n) => ({ value: n, label: t('profile.hours_n', { count: n }) }))} /></Form.Item>
      <Form.Item name="unit" label={t('profile.unit')}>
        <Select options={[{ value: '', label: t('profile.unit_any') }, ...(['A', 'W'] as const).map((u) => ({ value: u, label: t(`profile.unit_${u}`), disabled: !bounds.units.includes(u) }))]} />
      </Form.Item>
      <Reason required={false} />
    </FormDialog>
  )
}
