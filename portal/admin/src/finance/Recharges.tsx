// The recharge record: what was put on charging accounts, and what was taken back.

import { FileSearchOutlined, MinusCircleOutlined, SettingOutlined, WalletOutlined } from '@ant-design/icons'
import { Button } from 'antd'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import type { Recharge } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'
import { amount, money, none } from '@ccms/shared/format'
import { type Column, List } from '../list/List'
import type { Filter, ListState } from '../list/state'
import { useMay, useSignedIn, useZone } from '../login/me'
import { oneCurrency } from '../parts/common'
import { Mono } from '../parts/Mono'
import { RechargeTag } from '../parts/Status'
import { When } from '../parts/Times'
import { word } from '../parts/words'
import { Approvals } from './Approvals'
import { rechargeFilter } from './filters'
import { RechargeDialog } from './RechargeDialog'
import { ReverseDialog } from './ReverseDialog'
import { RulesDialog } from './RulesDialog'
import { RechargeSumsBar } from './Sums'

const queryIn = (zone: string) => (st: ListState) => ({ ...rechargeFilter(st, zone), sort: st.sort, limit: st.limit, cursor: st.cursor })

export default function Recharges() {
  const { t } = useTranslation()
  const may = useMay()
  const me = useSignedIn()
  const zone = useZone()
  const query = queryIn(zone)
  const [adding, setAdding] = useState(false)
  const [ruling, setRuling] = useState(false)
  const [reversing, setReversing] = useState<Recharge>()
  const filters = useMemo<Filter[]>(() => [
    { key: 'q', kind: 'text', label: t('col.transaction') },
    { key: 'user', kind: 'text', label: t('col.user'), more: true },
    { key: 'account', kind: 'text', label: t('col.account'), more: true },
    { key: 'charging_account', kind: 'text', label: t('col.charging_account'), more: true },
    { key: 'kind', kind: 'select', label: t('recharges.kind'), more: true, options: [
      { value: 'recharge', label: t('recharge_kind.recharge') }, { value: 'reversal', label: t('recharge_kind.reversal') },
    ] },
    { key: 'amount', kind: 'text', label: t('col.amount'), more: true },
    { key: 'from', kind: 'day', label: t('records.from'), more: true },
    { key: 'to', kind: 'day', label: t('records.to'), more: true },
  ], [t])
  const columns = useMemo<Column<Recharge>[]>(() => {
    const note = (all: readonly Recharge[]) => { const c = oneCurrency(all.map((r) => r.amount)); return c && `(${c})` }
    const sum = (m: Recharge['amount'], all: readonly Recharge[]) => (oneCurrency(all.map((x) => x.amount)) ? amount(m) : money(m))
    return [
      { key: 'time', title: t('col.time'), note: zone, sort: 'time', fixed: true, cell: (r) => <When at={r.time} zone={zone} /> },
      { key: 'user', title: t('col.user'), cell: (r) => (r.user ? <bdi>{r.user}</bdi> : none), wide: true },
      { key: 'account', title: t('col.account'), cell: (r) => <Mono value={r.account} /> },
      { key: 'transaction', title: t('col.transaction'), cell: (r) => <Mono value={r.transaction_id} /> },
      { key: 'email', title: t('col.email'), cell: (r) => r.email ?? none, wide: true },
      { key: 'from', title: t('col.recharge_from'), cell: (r) => word(t, 'recharge_from', r.recharge_from) },
      { key: 'amount', title: t('col.amount'), num: true, sort: 'amount', note, cell: (r, all) => sum(r.amount, all) },
      { key: 'number', title: t('col.charging_account'), off: true, cell: (r) => <Mono value={r.charging_account} /> },
      { key: 'before', title: t('recharges.balance_before'), num: true, off: true, note, cell: (r, all) => sum(r.balance_before, all) },
      { key: 'after', title: t('recharges.balance_after'), num: true, off: true, note, cell: (r, all) => sum(r.balance_after, all) },
      { key: 'state', title: t('col.state'), cell: (r) => <RechargeTag value={r.kind === 'reversal' ? 'REVERSAL' : r.state} /> },
      { key: 'reason', title: t('recharges.reason'), cell: (r) => <bdi>{r.reason}</bdi>, wide: true },
      { key: 'operation', title: t('list.operation'), pin: true, cell: (r) => (
        <span className="row-actions">
          <Link to={`/finance/recharges/${r.id}`} className="icon-link" title={t('recharges.details_of', { id: r.transaction_id })} aria-label={t('recharges.details_of', { id: r.transaction_id })}>
            <FileSearchOutlined aria-hidden />
          </Link>
          {r.can_reverse && (
            <Button size="small" type="text" danger icon={<MinusCircleOutlined aria-hidden />} title={t('recharges.reverse_of', { id: r.transaction_id })}
              aria-label={t('recharges.reverse_of', { id: r.transaction_id })} onClick={() => setReversing(r)} />
          )}
        </span>
      ) },
    ]
  }, [t, zone])
  const add = may('finance.write') && may('drivers.read') && (
    <Button type="primary" icon={<WalletOutlined aria-hidden />} onClick={() => setAdding(true)}>{t('recharges.add')}</Button>
  )
  return (
    <>
      <List<Recharge>
        queryKey={['recharges']} name="recharges" label={t('nav.recharges')} filters={filters} columns={columns} defaultSort="-time" actions={add}
        load={(st, signal) => take(api.GET('/api/v1/recharges', { signal, params: { query: query(st) } }))}
        exports={{ path: '/api/v1/recharges', query }}
        note={(
          <>
            <Approvals />
            <RechargeSumsBar filters={filters} />
            {!me.sub_operator && may('finance.write') && <Button icon={<SettingOutlined aria-hidden />} onClick={() => setRuling(true)}>{t('rules.button')}</Button>}
          </>
        )}
        rowName={(r) => r.transaction_id}
        card={(r) => ({
          title: <Link to={`/finance/recharges/${r.id}`}><bdi>{r.user || r.account}</bdi></Link>,
          status: <b className="num">{money(r.amount)}</b>,
          facts: [[t('col.time'), <When key="w" at={r.time} zone={zone} />], [t('col.account'), r.account], [t('recharges.reason'), <bdi key="r">{r.reason}</bdi>]],
          actions: r.can_reverse && <Button size="small" danger onClick={() => setReversing(r)}>{t('recharges.reverse')}</Button>,
        })}
        empty={{ title: t('recharges.empty'), next: t('recharges.empty_next'), action: add }}
      />
      {adding && <RechargeDialog onClose={() => setAdding(false)} />}
      {ruling && <RulesDialog onClose={() => setRuling(false)} />}
      {reversing && <ReverseDialog recharge={reversing} onClose={() => setReversing(undefined)} />}
    </>
  )
}
