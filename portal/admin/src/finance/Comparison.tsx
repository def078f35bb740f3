// What finished sessions would have cost under another plan, by fee, beside what they were
// billed.

import { SwapOutlined } from '@ant-design/icons'
import { useMutation } from '@tanstack/react-query'
import { Button, Form, Input, Space } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { PriceComparison, SessionDetail } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'
import { amount, dateTime, dayStart, grouped, isZero, kwh, money, zoneName } from '@ccms/shared/format'
import { useZone } from '../login/me'
import { useRequired } from '../parts/FormDialog'
import { Blank, Failed } from '../parts/PageStates'
import { useNow } from '../parts/Times'
import { PickMany, picks } from '../users/PickMany'

interface Values { plan: string; billed?: string; site?: string; point?: string; from: string; to: string }

export function Comparison() {
  const { t } = useTranslation()
  const zone = useZone()
  const required = useRequired()
  const now = useNow(60_000)
  const day = (ago: number) => dateTime(new Date(now - ago * 86_400_000), zone).slice(0, 10)
  const [initial] = useState<Partial<Values>>({ from: day(7), to: day(0) })
  const ask = useMutation({
    mutationFn: (v: Values) => take(api.POST('/api/v1/price-comparisons', { body: {
      plan_id: v.plan, billed_plan_id: v.billed, site_id: v.site, charge_point_id: v.point,
      from: dayStart(v.from, zone) ?? '', to: dayStart(v.to, zone, 1) ?? '',
    } })),
  })
  const [form] = Form.useForm<Values>()
  return (
    <section className="price-test">
      <p className="quiet">{t('price.compare_what')}</p>
      <Form<Values> form={form} layout="vertical" initialValues={initial} className="surface" onFinish={(v) => ask.mutate(v)}>
        <Space wrap align="start" className="price-test-line">
          <Form.Item name="plan" label={t('price.compare_plan')} rules={[required]} className="pick"><PickMany one from={picks.plans} /></Form.Item>
          <Form.Item name="from" label={t('records.from')} rules={[required]}><Input type="date" className="price" /></Form.Item>
          <Form.Item name="to" label={t('records.to')} rules={[required]} extra={zoneName(zone)}><Input type="date" className="price" /></Form.Item>
        </Space>
        <Space wrap align="start" className="price-test-line">
          <Form.Item name="billed" label={`${t('price.compare_billed')} (${t('form.optional')})`} className="pick"><PickMany one from={picks.plans} /></Form.Item>
          <Form.Item name="site" label={`${t('col.station')} (${t('form.optional')})`} className="pick"><PickMany one from={picks.sites} /></Form.Item>
          <Form.Item name="point" label={`${t('col.point_name')} (${t('form.optional')})`} className="pick"><PickMany one from={picks.points} /></Form.Item>
        </Space>
        <Button type="primary" htmlType="submit" icon={<SwapOutlined aria-hidden />} loading={ask.isPending}>{t('price.compare_go')}</Button>
      </Form>
      <div aria-live="polite">
        {ask.isError && <Failed error={ask.error} title={t('price.test_failed')} retry={() => form.submit()} />}
        {ask.data && !ask.isError && <Compared answer={ask.data} />}
      </div>
    </section>
  )
}

type Fees = NonNullable<SessionDetail['fees']>
type Line = [key: string, label: string, billed: Fees['net'], would: Fees['net']]

function Compared({ answer: a }: { answer: PriceComparison }) {
  const { t } = useTranslation()
  const left = [
    a.left_out_running > 0 && t('price.left_running', { count: a.left_out_running }),
    a.left_out_abnormal > 0 && t('price.left_abnormal', { count: a.left_out_abnormal }),
    a.left_out_currency > 0 && t('price.left_currency', { count: a.left_out_currency }),
    a.left_out_unpriced > 0 && t('price.left_unpriced', { count: a.left_out_unpriced }),
  ].filter((x): x is string => Boolean(x))
  const [b, w] = [a.billed.fees, a.would.fees]
  const lines: Line[] = ([
    ['electricity', t('line_kind.ELECTRICITY'), b.electricity, w.electricity], ['service', t('line_kind.SERVICE'), b.service, w.service],
    ['start', t('line_kind.START'), b.start, w.start], ['reservation', t('line_kind.RESERVATION'), b.reservation, w.reservation],
    ['idle', t('line_kind.IDLE'), b.idle, w.idle], ['limit', t('line_kind.LIMIT'), b.limit, w.limit],
  ] satisfies Line[]).filter(([, , x, y]) => !isZero(x) || !isZero(y))
  const difference = `${a.difference.amount.startsWith('-') || isZero(a.difference) ? '' : '+'}${money(a.difference)}`
  return (
    <section className="surface price-result" aria-label={t('price.result')}>
      {a.count === 0
        ? <Blank title={t('price.compare_none')} />
        : (
          <>
            <h2>{a.plan && t('record.plan_version', { name: a.plan.name, version: a.plan.plan_version })}</h2>
            <p>{t('price.compared', { count: a.count, shown: grouped(String(a.count)), energy: kwh(a.energy_wh) })}</p>
            <table className="table table-stack" aria-label={t('price.compared_table')}>
              <thead>
                <tr>
                  <th scope="col" className="cell-wide">{t('record.line')}</th>
                  <th scope="col" className="cell-num">{t('price.was')} <span className="th-note">({a.difference.currency})</span></th>
                  <th scope="col" className="cell-num">{t('price.would')} <span className="th-note">({a.difference.currency})</span></th>
                </tr>
              </thead>
              <tbody>
                {[...lines, ['net', t('record.net_total'), b.net, w.net] as Line, ['tax', t('record.vat'), b.tax, w.tax] as Line].map(([key, label, was, would]) => (
                  <tr key={key}>
                    <td className="cell-wide">{label}</td>
                    <td className="cell-num" data-label={t('price.was')}>{amount(was)}</td>
                    <td className="cell-num" data-label={t('price.would')}>{amount(would)}</td>
                  </tr>
                ))}
              </tbody>
              <tfoot>
                <tr>
                  <th scope="row">{t('record.total')}</th>
                  <td className="cell-num" data-label={t('price.was')}><b>{amount(a.billed.total)}</b></td>
                  <td className="cell-num" data-label={t('price.would')}><b>{amount(a.would.total)}</b></td>
                </tr>
              </tfoot>
            </table>
            <p role="status"><b className="num">{t('price.difference', { amount: difference })}</b></p>
          </>
        )}
      {left.length > 0 && <p className="quiet small">{t('price.left_out')} {left.join(' ')}</p>}
      {a.more && <p className="quiet small">{t('price.more', { shown: grouped(String(a.up_to)), count: a.up_to })}</p>}
      {a.count > 0 && <p className="quiet small">{t('price.compare_note')}</p>}
    </section>
  )
}
