import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import type { Recharge } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'
import { amount, money, none, viewerZone } from '@ccms/shared/format'
import { type Column, List } from '../list/List'
import type { Filter, ListState } from '../list/state'
import { useSignedIn } from '../login/me'
import { oneCurrency } from '../parts/common'
import { Mono } from '../parts/Mono'
import { When } from '../parts/Times'
import { word } from '../parts/words'

const query = (st: ListState) => ({ q: st.filters.q, sort: st.sort, limit: st.limit, cursor: st.cursor })

export default function Recharges() {
  const { t } = useTranslation()
  const zone = useSignedIn().operator?.time_zone ?? viewerZone()
  const filters = useMemo<Filter[]>(() => [{ key: 'q', kind: 'text', label: t('col.transaction') }], [t])
  const columns = useMemo<Column<Recharge>[]>(() => [
    { key: 'time', title: t('col.time'), sort: 'time', note: zone, cell: (r) => <When at={r.time} zone={zone} /> },
    { key: 'user', title: t('col.user'), cell: (r) => r.user || none, wide: true },
    { key: 'account', title: t('col.account'), cell: (r) => <Mono value={r.account} /> },
    { key: 'transaction', title: t('col.transaction'), cell: (r) => <Mono value={r.transaction_id} /> },
    { key: 'email', title: t('col.email'), cell: (r) => r.email ?? none, wide: true },
    { key: 'from', title: t('col.recharge_from'), cell: (r) => word(t, 'recharge_from', r.recharge_from) },
    { key: 'amount', title: t('col.amount'), num: true, sort: 'amount',
      note: (all) => { const c = oneCurrency(all.map((r) => r.amount)); return c && `(${c})` },
      cell: (r, all) => (oneCurrency(all.map((x) => x.amount)) ? amount(r.amount) : money(r.amount)) },
    { key: 'after', title: t('recharges.balance_after'), num: true, cell: (r) => amount(r.balance_after) },
    { key: 'reason', title: t('recharges.reason'), cell: (r) => r.reason, wide: true },
  ], [t, zone])
  return (
    <List<Recharge>
      queryKey={['recharges']} name="recharges" label={t('nav.recharges')} filters={filters} columns={columns}
      load={(st, signal) => take(api.GET('/api/v1/recharges', { signal, params: { query: query(st) } }))}
      exports={{ path: '/api/v1/recharges', query }} defaultSort="-time"
      rowName={(r) => r.transaction_id}
      card={(r) => ({
        title: r.user || r.account,
        status: <b className="num">{money(r.amount)}</b>,
        facts: [[t('col.time'), <When key="w" at={r.time} zone={zone} />], [t('col.account'), r.account], [t('recharges.reason'), r.reason]],
      })}
      empty={{ title: t('recharges.empty'), next: t('recharges.empty_next') }}
    />
  )
}
