import { EditOutlined, PlusOutlined } from '@ant-design/icons'
import { Button } from 'antd'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Plan } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'
import { none, percent, rate } from '@ccms/shared/format'
import { type Column, List } from '../list/List'
import type { Filter, ListState } from '../list/state'
import { useMay } from '../login/me'
import { PlanDialog, useBandText } from './PlanDialog'

const query = (st: ListState) => ({ name: st.filters.name, sort: st.sort, limit: st.limit, cursor: st.cursor })

export function PlanList() {
  const { t } = useTranslation()
  const may = useMay()
  const [edit, setEdit] = useState<Plan | 'new'>()
  const filters = useMemo<Filter[]>(() => [{ key: 'name', kind: 'text', label: t('col.name') }], [t])
  const columns = useMemo<Column<Plan>[]>(() => {
    const out: Column<Plan>[] = [
      { key: 'name', title: t('col.name'), sort: 'name', cell: (p) => p.name, wide: true },
      { key: 'version', title: t('plans.version'), num: true, cell: (p) => p.plan_version },
      { key: 'electricity', title: t('plans.bands'), cell: (p) => <Bands plan={p} /> },
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

const price = (p: string | undefined, currency: string) => (p && Number(p) !== 0 ? `${rate(p, currency)} ${currency}` : none)

/** The bands; where they are many, the least and the most of them. */
function Bands({ plan }: { plan: Plan }) {
  const { t } = useTranslation()
  const text = useBandText(plan.currency)
  const all = plan.electricity.map(text)
  if (all.length <= 2) return <span className="num">{all.join(', ')}</span>
  const prices = plan.electricity.map((b) => b.price).sort((a, b) => Number(a) - Number(b))
  return (
    <span className="num" title={all.join('\n')}>
      {t('plans.from_to', { from: rate(prices[0], plan.currency), to: rate(prices.at(-1), plan.currency) })} <span className="quiet">{t('plans.band_count', { count: all.length })}</span>
    </span>
  )
}
