// What the filter comes to, to the cent: on demand, because it reads every row.

import { CalculatorOutlined } from '@ant-design/icons'
import { useQuery } from '@tanstack/react-query'
import { Button, Modal } from 'antd'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useSearchParams } from 'react-router'
import { api, take } from '@ccms/shared/client'
import { grouped, isZero, kwh, money } from '@ccms/shared/format'
import { type Filter, readState } from '../list/state'
import { useZone } from '../login/me'
import { Facts } from '../parts/Facts'
import { Failed } from '../parts/PageStates'
import { PageSkeleton } from '../parts/Skeletons'
import { rechargeFilter, recordFilter } from './filters'

type Filters = ReturnType<typeof readState>['filters']

function SumsButton({ filters, children }: { filters: readonly Filter[]; children: (f: Filters) => ReactNode }) {
  const { t } = useTranslation()
  const [open, setOpen] = useState(false)
  const [search] = useSearchParams()
  const f = readState(search, filters, []).filters
  const named = filters.filter((x) => f[x.key]).map((x) => `${x.label}: ${x.options?.find((o) => o.value === f[x.key])?.label ?? f[x.key]}`)
  return (
    <>
      <Button icon={<CalculatorOutlined aria-hidden />} onClick={() => setOpen(true)}>{t('sums.button')}</Button>
      <Modal open={open} title={t('sums.title')} footer={null} onCancel={() => setOpen(false)} width={480} destroyOnHidden>
        <p className="quiet"><bdi>{named.length > 0 ? named.join(' · ') : t('sums.all')}</bdi></p>
        {open && children(f)}
      </Modal>
    </>
  )
}

const Capped = ({ upTo }: { upTo: number }) => {
  const { t } = useTranslation()
  return <p role="status">{t('sums.capped', { count: upTo, shown: grouped(String(upTo)) })}</p>
}

export function RechargeSumsBar({ filters }: { filters: readonly Filter[] }) {
  return <SumsButton filters={filters}>{(f) => <RechargeSums filters={f} />}</SumsButton>
}

function RechargeSums({ filters }: { filters: Filters }) {
  const { t } = useTranslation()
  const zone = useZone()
  const q = useQuery({
    queryKey: ['recharge-sums', filters, zone],
    queryFn: ({ signal }) => take(api.GET('/api/v1/recharges/sums', { signal, params: { query: rechargeFilter({ filters }, zone) } })),
    staleTime: 0,
  })
  if (q.isPending) return <PageSkeleton />
  if (q.isError) return <Failed error={q.error} title={t('list.error')} retry={() => void q.refetch()} />
  if (q.data.capped) return <Capped upTo={q.data.up_to} />
  if (q.data.items.length === 0) return <p>{t('list.no_match')}</p>
  return q.data.items.map((s) => (
    <div key={s.net.currency} className="sums num">
      <Facts items={[
        [t('sums.rows'), grouped(String(s.count))],
        [t('sums.recharged'), money(s.recharged)],
        [t('sums.reversed'), money(s.reversed)],
        [t('sums.net'), <b key="n">{money(s.net)}</b>],
      ]} />
    </div>
  ))
}

export function RecordSumsBar({ filters }: { filters: readonly Filter[] }) {
  return <SumsButton filters={filters}>{(f) => <RecordSums filters={f} />}</SumsButton>
}

function RecordSums({ filters }: { filters: Filters }) {
  const { t } = useTranslation()
  const zone = useZone()
  const q = useQuery({
    queryKey: ['session-sums', filters, zone],
    queryFn: ({ signal }) => take(api.GET('/api/v1/sessions/sums', { signal, params: { query: recordFilter({ filters }, zone) } })),
    staleTime: 0,
  })
  if (q.isPending) return <PageSkeleton />
  if (q.isError) return <Failed error={q.error} title={t('list.error')} retry={() => void q.refetch()} />
  const d = q.data
  if (d.capped) return <Capped upTo={d.up_to} />
  return (
    <div className="sums num">
      <Facts items={[
        [t('sums.records'), grouped(String(d.count))],
        d.running > 0 && [t('sums.running'), grouped(String(d.running))],
        d.unbilled > 0 && [t('sums.unbilled'), grouped(String(d.unbilled))],
        [t('record.energy'), `${kwh(d.energy_wh)} kWh`],
      ]} />
      {d.items.map((s) => (
        <Facts key={s.total.currency} items={[
          [t('sums.billed'), grouped(String(s.count))],
          [t('line_kind.ELECTRICITY'), money(s.fees.electricity)],
          [t('line_kind.SERVICE'), money(s.fees.service)],
          !isZero(s.fees.start) && [t('line_kind.START'), money(s.fees.start)],
          !isZero(s.fees.reservation) && [t('line_kind.RESERVATION'), money(s.fees.reservation)],
          [t('line_kind.IDLE'), money(s.fees.idle)],
          !isZero(s.fees.limit) && [t('line_kind.LIMIT'), money(s.fees.limit)],
          [t('record.net_total'), money(s.fees.net)],
          [t('record.vat'), money(s.fees.tax)],
          [t('record.total'), <b key="t">{money(s.total)}</b>],
          !isZero(s.debt) && [t('record.debt'), <span key="d" className="tone-text-bad">{money(s.debt)}</span>],
        ]} />
      ))}
      {d.running > 0 && <p className="quiet small">{t('sums.running_what')}</p>}
    </div>
  )
}
