// What a charge would cost at a place for somebody, worked out by the server as a session
// would be, and why it is that plan.

import { CalculatorOutlined } from '@ant-design/icons'
import { useMutation, useQuery } from '@tanstack/react-query'
import { Button, Form, Input, Radio, Select, Space } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { PriceTest as Answer, PriceTestBody } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'
import { dateTime, zoneName } from '@ccms/shared/format'
import { useZone } from '../login/me'
import { Decimal } from '../parts/Decimal'
import { useRequired } from '../parts/FormDialog'
import { Blank, Failed } from '../parts/PageStates'
import { useNow } from '../parts/Times'
import { PickMany, picks } from '../users/PickMany'
import { BillTable } from './Price'
import { bodyOf, type Values } from './asking'
import { Candidates } from './candidates'

/** The place that is asked about, for its connectors and its zone. */
function usePlace(of: Values['of'] | undefined, point?: string, site?: string) {
  const own = useZone()
  const p = useQuery({
    queryKey: ['charge-points', 'one', point], enabled: of === 'point' && point !== undefined,
    queryFn: ({ signal }) => take(api.GET('/api/v1/charge-points/{id}', { signal, params: { path: { id: point! } } })),
  })
  const s = useQuery({
    queryKey: ['sites', 'one', site], enabled: of === 'site' && site !== undefined,
    queryFn: ({ signal }) => take(api.GET('/api/v1/sites/{id}', { signal, params: { path: { id: site! } } })),
  })
  return of === 'site' ? { zone: s.data?.time_zone ?? own, connectors: [] } : { zone: p.data?.time_zone ?? own, connectors: p.data?.connectors ?? [] }
}

export function PriceTest() {
  const { t } = useTranslation()
  const required = useRequired()
  const [form] = Form.useForm<Values>()
  const v = Form.useWatch([], form) as Values | undefined
  const { zone, connectors } = usePlace(v?.of, v?.point, v?.site)
  const now = dateTime(new Date(useNow(60_000)), zone)
  const [initial] = useState<Partial<Values>>({ of: 'point', who: 'registered', day: now.slice(0, 10), clock: '10:00', kwh: '20', charging: '60', idle: '0', reserved: '0' })
  const ask = useMutation({ mutationFn: (body: PriceTestBody) => take(api.POST('/api/v1/price-tests', { body })) })
  const minutes = { pattern: /^\d{1,5}$/, message: t('form.number') }
  const number = (name: keyof Values, label: string, suffix: string, rules: object[] = [required, minutes]) => (
    <Form.Item name={name} label={label} rules={rules}><Decimal className="price" suffix={suffix} /></Form.Item>
  )
  return (
    <section className="price-test">
      <p className="quiet">{t('price.test_what')}</p>
      <Form<Values> form={form} layout="vertical" initialValues={initial} className="surface" scrollToFirstError={{ focus: true }}
        onFinish={(x) => {
          const body = bodyOf(x, zone)
          if (body) ask.mutate(body)
        }}>
        <Form.Item name="of" label={t('price.where')}>
          <Radio.Group options={[{ value: 'point', label: t('window.of_point') }, { value: 'site', label: t('window.of_site') }]}
            onChange={() => form.setFieldValue('connector', undefined)} />
        </Form.Item>
        <Space wrap align="start" className="price-test-line">
          {v?.of === 'site'
            ? <Form.Item name="site" label={t('col.station')} rules={[required]} className="pick"><PickMany one from={picks.sites} /></Form.Item>
            : (
              <>
                <Form.Item name="point" label={t('col.point_name')} rules={[required]} className="pick"><PickMany one from={picks.points} /></Form.Item>
                <Form.Item name="connector" label={t('col.connector')}>
                  <Select className="price" allowClear placeholder={t('price.any_connector')} options={connectors.map((c) => ({ value: c.number, label: c.type ? `${c.number} · ${c.type}` : `${c.number}` }))} />
                </Form.Item>
              </>
            )}
        </Space>
        <Space wrap align="start" className="price-test-line">
          <Form.Item name="who" label={t('price.who')}>
            <Select className="pick" options={(['registered', 'driver', 'level', 'group', 'ad_hoc'] as const).map((w) => ({ value: w, label: t(`price.who_is.${w}`) }))} />
          </Form.Item>
          {v?.who === 'driver' && <Form.Item name="driver" label={t('col.user')} rules={[required]} className="pick"><PickMany one from={picks.drivers} /></Form.Item>}
          {v?.who === 'level' && <Form.Item name="level" label={t('col.membership')} rules={[required]}><Input maxLength={50} className="pick" /></Form.Item>}
          {v?.who === 'group' && <Form.Item name="group" label={t('groups.one')} rules={[required]} className="pick"><PickMany one from={picks.groups} /></Form.Item>}
          <Form.Item name="code" label={`${t('price.code')} (${t('form.optional')})`}><Input maxLength={30} className="price" autoCapitalize="characters" /></Form.Item>
        </Space>
        <Space wrap align="start" className="price-test-line">
          <Form.Item name="day" label={t('price.day')} rules={[required]}><Input type="date" className="price" /></Form.Item>
          <Form.Item name="clock" label={t('plans.preview_clock')} rules={[required, { pattern: /^([01]\d|2[0-3]):[0-5]\d$/, message: t('plans.clock_rule') }]} extra={zoneName(zone)}>
            <Input className="price" maxLength={5} />
          </Form.Item>
          {number('kwh', t('plans.preview_energy'), 'kWh', [required, { pattern: /^\d{1,4}(\.\d{1,3})?$/, message: t('form.number') }])}
          {number('charging', t('plans.preview_charging'), t('plans.minutes'))}
          {number('idle', t('plans.preview_idle'), t('plans.minutes'))}
          {number('reserved', t('plans.preview_reserved'), t('plans.minutes'))}
        </Space>
        <Button type="primary" htmlType="submit" icon={<CalculatorOutlined aria-hidden />} loading={ask.isPending}>{t('price.test_go')}</Button>
      </Form>
      <div aria-live="polite">
        {ask.isError && <Failed error={ask.error} title={t('price.test_failed')} retry={() => form.submit()} />}
        {ask.data && !ask.isError && <Result answer={ask.data} />}
      </div>
    </section>
  )
}

function Result({ answer: a }: { answer: Answer }) {
  const { t } = useTranslation()
  return (
    <section className="surface price-result" aria-label={t('price.result')}>
      {a.no_price || !a.plan || !a.reason
        ? <Blank title={t('price.none')} next={t('price.none_next')} alert />
        : (
          <>
            <h2>{t('record.plan_version', { name: a.plan.name, version: a.plan.plan_version })}</h2>
            <p>{t(`price.because.${a.reason}`)}</p>
          </>
        )}
      {a.candidates && a.candidates.length > 0 && (
        <>
          <h3>{t('price.candidates')}</h3>
          <Candidates rows={a.candidates} zone={a.time_zone} />
        </>
      )}
      {a.bill && (
        <>
          <h3>{t('plans.preview')}</h3>
          <BillTable bill={a.bill} zone={a.time_zone} />
        </>
      )}
    </section>
  )
}
