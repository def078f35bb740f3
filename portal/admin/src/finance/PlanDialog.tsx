// The form of a billing plan: electricity by bands, then what is due before, in and after
// the charge, limits, and what a charge would cost.

import { DeleteOutlined, PlusOutlined } from '@ant-design/icons'
import { useQueryClient } from '@tanstack/react-query'
import { App, Button, Form, type FormInstance, Input, Select, Space, Switch } from 'antd'
import { useMemo, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import type { Plan, PlanBody } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'
import { decimals, rate, spoken } from '@ccms/shared/format'
import { operatorOf, useSignedIn } from '../login/me'
import { Decimal } from '../parts/Decimal'
import { FormDialog, useDecimalRule, useRequired } from '../parts/FormDialog'
import { type Band, type BandValues, bodyOf, consecutive, type Values, valuesOf, weekdays, whenOf, whens } from './plan'
import { PlanPreview } from './PlanPreview'
import { PlanWeek } from './PlanWeek'

/** Where the API's name of a field is not the form's. */
const names: Record<string, (string | number)[]> = {
  vat_permille: ['vat'], service_after_s: ['service_after_min'], start_from_wh: ['start_from_kwh'], min: ['least'], max: ['most'],
  'idle/grace_s': ['idle', 'grace_min'], 'reservation/free_s': ['reservation', 'free_min'], 'reservation/longest_s': ['reservation', 'longest_min'],
  'reservation/refund_from_wh': ['reservation', 'refund_kwh'],
}

const rename = (p: (string | number)[]) => {
  if (p[0] === 'electricity' && p.length === 2) return [...p, 'price']
  return names[p.join('/')] ?? names[String(p[0])] ?? p
}

export function PlanDialog({ plan, onClose }: { plan?: Plan; onClose: () => void }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const { message } = App.useApp()
  const me = useSignedIn()
  const stored = useRef(plan)
  const currency = plan?.currency ?? operatorOf(me)?.currency ?? 'EUR'
  const label = useFieldName()
  return (
    <FormDialog<Values> title={plan ? t('plans.edit', { name: plan.name }) : t('plans.add')} ok={t('form.save')} width={1020} initial={valuesOf(plan)}
      what={plan && t('plans.snapshot')} onClose={onClose} rename={rename}
      conflict={{ label, show: useShow(currency), newest: async () => {
        stored.current = await take(api.GET('/api/v1/plans/{id}', { params: { path: { id: plan!.id } } }))
        return valuesOf(stored.current)
      } }}
      submit={async (v, key) => {
        const body = bodyOf(v, currency, stored.current)
        if (stored.current) await take(api.PUT('/api/v1/plans/{id}', { body, params: { path: { id: stored.current.id }, header: { 'If-Match': `"${stored.current.version}"` } } }))
        else await take(api.POST('/api/v1/plans', { body, params: { header: { 'Idempotency-Key': key } } }))
        await client.invalidateQueries({ queryKey: ['plans'] })
        void message.success(t('form.saved'))
        onClose()
      }}>
      {(form) => <Fields form={form} currency={currency} plan={plan} />}
    </FormDialog>
  )
}

function useFieldName() {
  const { t } = useTranslation()
  return (name: string) => t(`plans.field.${name}`, { defaultValue: name })
}

/** A band in words: its name, its days and hours, its price and when it holds. */
export function useBandText(currency: string) {
  const { t, i18n } = useTranslation()
  const day = new Intl.DateTimeFormat(i18n.language, { weekday: 'short', timeZone: 'UTC' })
  return (b: Band) => {
    const when = whenOf(b)
    const days = weekdays.flatMap((d, i) => (b.days?.includes(d) ? [day.format(Date.UTC(2024, 0, 1 + i))] : []))
    return [
      b.name, days.length > 2 && consecutive(b.days!) ? `${days[0]}–${days.at(-1)}` : days.join(' '),
      t('plans.band', { from: b.from, to: b.to, price: rate(b.price, currency) }), when === 'always' ? '' : `(${t(`plans.when.${when}`)})`,
    ].filter(Boolean).join(' ')
  }
}

/** Both versions of a field in words. */
function useShow(currency: string) {
  const { t } = useTranslation()
  const text = useBandText(currency)
  const fieldName = useFieldName()
  return (name: string, value: unknown) => {
    if (typeof value === 'boolean') return t(value ? 'plans.yes' : 'plans.no')
    if (name === 'electricity') {
      return (value as BandValues[]).map(text).join(', ')
    }
    if (Array.isArray(value)) return value.join(', ')
    if (value && typeof value === 'object') return Object.entries(value).filter(([, x]) => x).map(([k, x]) => `${fieldName(k)} ${spoken(String(x))}`).join(', ')
    return undefined
  }
}

function Fields({ form, currency, plan }: { form: FormInstance<Values>; currency: string; plan?: Plan }) {
  const { t } = useTranslation()
  const fieldName = useFieldName()
  const required = useRequired()
  const decimal = useDecimalRule()
  const values = Form.useWatch([], form) as Values | undefined
  const body = useMemo<PlanBody | undefined>(() => {
    if (!values?.electricity?.length || values.electricity.some((b) => !b?.price || !b.from || !b.to)) return undefined
    return bodyOf({ ...values, name: values.name?.trim() || 'x', vat: values.vat || '0' }, currency, plan)
  }, [values, currency, plan])
  const clock = { pattern: /^([01]\d|2[0-3]):[0-5]\d$|^24:00$/, message: t('plans.clock_rule') }
  const money = <Decimal className="price" suffix={currency} />
  const perKwh = <Decimal className="price" suffix={t('plans.per_kwh', { currency })} />
  const perMin = <Decimal className="price" suffix={t('plans.per_min', { currency })} />
  const min = <Decimal className="price" suffix={t('plans.minutes')} />
  const kwh = <Decimal className="price" suffix="kWh" />
  const item = (name: string | string[], field: React.ReactElement, more?: { rules?: object[]; tooltip?: string }) => (
    <Form.Item name={name} label={fieldName(Array.isArray(name) ? name.at(-1)! : name)} rules={[decimal]} {...more}>{field}</Form.Item>
  )
  return (
    <>
      <Form.Item name="name" label={t('plans.name')} rules={[required]}><Input maxLength={100} autoFocus /></Form.Item>
      <fieldset className="fieldset">
        <legend>{t('plans.electricity')}</legend>
        <p className="quiet small">{t('plans.electricity_help')}</p>
        <Bands form={form} perKwh={perKwh} clock={clock} />
        {values?.electricity && <PlanWeek bands={values.electricity} />}
        <Form.Item name="holidays" label={t('plans.field.holidays')} tooltip={t('plans.holidays_help')}
          rules={[{ validator: (_: unknown, v: string[] | undefined) => (v?.some((d) => !/^\d{4}-\d\d-\d\d$/.test(d)) ? Promise.reject(new Error(t('plans.date_rule'))) : Promise.resolve()) }]}>
          <Select mode="tags" open={false} suffixIcon={null} tokenSeparators={[' ', ',']} placeholder="2026-12-25" />
        </Form.Item>
      </fieldset>
      <fieldset className="fieldset">
        <legend>{t('plans.stage_before')}</legend>
        <Form.Item name="reservation_on" label={t('plans.reservation_on')} valuePropName="checked" layout="horizontal"><Switch /></Form.Item>
        {values?.reservation_on && (
          <Space wrap align="start">
            {item(['reservation', 'per_minute'], perMin)}
            {item(['reservation', 'flat'], money)}
            {item(['reservation', 'free_min'], min)}
            {item(['reservation', 'longest_min'], min)}
            {item(['reservation', 'refund_kwh'], kwh, { tooltip: t('plans.refund_help') })}
          </Space>
        )}
        <Space wrap align="start">
          {item('start_fee', money, { tooltip: t('plans.start_fee_help') })}
          {item('start_from_kwh', kwh)}
        </Space>
      </fieldset>
      <fieldset className="fieldset">
        <legend>{t('plans.stage_in')}</legend>
        <Space wrap align="start">
          {item('service_per_kwh', perKwh)}
          {item('service_per_minute', perMin)}
          {item('service_after_min', min, { tooltip: t('plans.service_after_help') })}
          {item('service_flat', money)}
        </Space>
      </fieldset>
      <fieldset className="fieldset">
        <legend>{t('plans.stage_after')}</legend>
        <Form.Item name="idle_on" label={t('plans.idle_on')} valuePropName="checked" layout="horizontal"><Switch /></Form.Item>
        {values?.idle_on && (
          <Space wrap align="start">
            {item(['idle', 'per_minute'], perMin, { rules: [required, decimal] })}
            {item(['idle', 'grace_min'], min)}
            {item(['idle', 'cap'], money, { tooltip: t('plans.cap_help', { amount: decimals(currency) === 0 ? '2000' : rate('20', currency) }) })}
            {item(['idle', 'exempt_from'], <Input className="clock" maxLength={5} placeholder="22:00" />, { rules: [clock], tooltip: t('plans.exempt_help') })}
            {item(['idle', 'exempt_to'], <Input className="clock" maxLength={5} placeholder="06:00" />, { rules: [clock] })}
          </Space>
        )}
      </fieldset>
      <fieldset className="fieldset">
        <legend>{t('plans.whole')}</legend>
        <Space wrap align="start">
          <Form.Item name="vat" label={t('plans.vat')} rules={[required, { pattern: /^\d{1,2}(\.\d)?$|^100$/, message: t('form.number') }]}><Decimal className="price" suffix="%" /></Form.Item>
          {item('least', money, { tooltip: t('plans.limit_help') })}
          {item('most', money, { tooltip: t('plans.limit_help') })}
          {item('hold', money, { tooltip: t('plans.hold_help') })}
          {item('min_balance', money)}
          {item('energy_step_wh', <Decimal className="price" suffix="Wh" />, { rules: [{ pattern: /^\d{1,5}$/, message: t('form.number') }], tooltip: t('plans.step_help') })}
          {item('time_step_s', <Decimal className="price" suffix="s" />, { rules: [{ pattern: /^\d{1,5}$/, message: t('form.number') }], tooltip: t('plans.step_help') })}
        </Space>
        <Form.Item name="prices_include_tax" label={t('plans.tax_included')} valuePropName="checked" layout="horizontal"><Switch /></Form.Item>
      </fieldset>
      <PlanPreview body={body} zone="UTC" />
    </>
  )
}

function Bands({ form, perKwh, clock }: { form: FormInstance<Values>; perKwh: React.ReactElement; clock: object }) {
  const { t, i18n } = useTranslation()
  const required = useRequired()
  const decimal = useDecimalRule()
  const day = new Intl.DateTimeFormat(i18n.language, { weekday: 'short', timeZone: 'UTC' })
  return (
    <Form.List name="electricity">
      {(fields, { add, remove }) => (
        <>
          {fields.map((f) => (
            <Space key={f.key} align="start" wrap className="band">
              <Form.Item name={[f.name, 'name']} label={t('plans.band_name')}><Input className="price" maxLength={100} placeholder={t('plans.band_name_example')} /></Form.Item>
              <Form.Item name={[f.name, 'from']} label={t('plans.band_from')} rules={[required, clock]}><Input className="clock" maxLength={5} placeholder="00:00" /></Form.Item>
              <Form.Item name={[f.name, 'to']} label={t('plans.band_to')} rules={[required, clock]}><Input className="clock" maxLength={5} placeholder="24:00" /></Form.Item>
              <Form.Item name={[f.name, 'days']} label={t('plans.band_days')}>
                <Select mode="multiple" className="price-wide" allowClear placeholder={t('plans.every_day')} options={weekdays.map((d, i) => ({ value: d, label: day.format(Date.UTC(2024, 0, 1 + i)) }))} />
              </Form.Item>
              <Form.Item name={[f.name, 'when']} label={t('plans.band_when')}>
                <Select className="price" options={whens.map((w) => ({ value: w, label: t(`plans.when.${w}`) }))} />
              </Form.Item>
              <Form.Item noStyle shouldUpdate>{() => <Ends at={f.name} when={form.getFieldValue(['electricity', f.name, 'when']) as BandValues['when']} />}</Form.Item>
              <Form.Item name={[f.name, 'price']} label={t('plans.band_price')} rules={[required, decimal]}>{perKwh}</Form.Item>
              {fields.length > 1 && (
                <Button type="text" className="band-remove" icon={<DeleteOutlined aria-hidden />} onClick={() => remove(f.name)}
                  aria-label={t('plans.band_remove', { from: form.getFieldValue(['electricity', f.name, 'from']) as string })} />
              )}
            </Space>
          ))}
          <Button icon={<PlusOutlined aria-hidden />} onClick={() => add({ from: '', to: '', price: '', when: 'always' })}>{t('plans.band_add')}</Button>
        </>
      )}
    </Form.List>
  )
}

/** The two ends of what a band's condition is about; the first is in it, the last is not. */
function Ends({ at, when }: { at: number; when: BandValues['when'] | undefined }) {
  const { t } = useTranslation()
  const ends = when === 'season' ? ['season_from', 'season_to'] : when === 'dates' ? ['since', 'before'] : when === 'energy' || when === 'power' ? ['tier_from', 'tier_to'] : []
  return ends.map((name, i) => (
    <Form.Item key={name} name={[at, name]} label={t(i === 0 ? 'plans.when_from' : 'plans.when_before')}
      rules={when === 'season' ? [{ required: true, pattern: /^\d\d-\d\d$/, message: t('plans.season_rule') }] : when === 'dates' ? [{ pattern: /^\d{4}-\d\d-\d\d$/, message: t('plans.date_rule') }] : [{ pattern: /^\d{1,6}(\.\d{1,3})?$/, message: t('form.number') }]}>
      {when === 'season' ? <Input className="clock" maxLength={5} placeholder={i === 0 ? '11-01' : '03-01'} />
        : when === 'dates' ? <Input className="price" maxLength={10} placeholder="2026-12-01" />
          : <Decimal className="clock" suffix={when === 'energy' ? 'kWh' : 'kW'} />}
    </Form.Item>
  ))
}
