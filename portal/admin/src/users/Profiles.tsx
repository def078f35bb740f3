import { PlusOutlined, WalletOutlined } from '@ant-design/icons'
import { useQueryClient } from '@tanstack/react-query'
import { App, Button, Form, Input } from 'antd'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import type { Driver, DriverNew } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'
import { amount, money, none } from '@ccms/shared/format'
import { type Column, List } from '../list/List'
import type { Filter, ListState } from '../list/state'
import { RechargeDialog } from '../finance/RechargeDialog'
import { statement } from '../finance/filters'
import { useMay } from '../login/me'
import { oneCurrency } from '../parts/common'
import { FormDialog, useRequired } from '../parts/FormDialog'
import { Mono } from '../parts/Mono'
import { DriverTag } from '../parts/Status'
import { word } from '../parts/words'

const query = (st: ListState) => ({
  q: st.filters.q, status: st.filters.status as Driver['status'] | undefined, sort: st.sort, limit: st.limit, cursor: st.cursor,
})

export default function Profiles() {
  const { t } = useTranslation()
  const may = useMay()
  const [adding, setAdding] = useState(false)
  const [recharging, setRecharging] = useState<Driver>()
  const filters = useMemo<Filter[]>(() => [
    { key: 'q', kind: 'text', label: t('col.account') },
    { key: 'status', kind: 'select', label: t('col.status'), more: true, options: (['PENDING', 'VALID', 'SUSPENDED', 'CLOSED'] as const).map((s) => ({ value: s, label: t(`driver_status.${s}`) })) },
  ], [t])
  const recharge = (d: Driver, full?: boolean) => may('finance.write') && (
    <Button size="small" icon={<WalletOutlined aria-hidden />} onClick={() => setRecharging(d)} aria-label={t('profiles.recharge_of', { account: d.account })}>{full ? t('profiles.recharge_of', { account: d.account }) : t('profiles.recharge')}</Button>
  )
  const columns: Column<Driver>[] = [
    { key: 'account', title: t('col.account'), cell: (d) => <Mono value={d.account} /> },
    { key: 'nickname', title: t('col.nickname'), cell: (d) => d.nickname || d.name || none, wide: true },
    { key: 'level', title: t('col.membership'), cell: (d) => word(t, 'membership_level', d.membership_level) },
    { key: 'number', title: t('col.charging_account'), sort: 'charging_account', cell: (d) => <Mono value={d.charging_account} /> },
    { key: 'mobile', title: t('col.mobile'), cell: (d) => (d.mobile ? <Mono value={d.mobile} /> : none) },
    { key: 'balance', title: t('col.balance'), num: true,
      note: (all) => { const c = oneCurrency(all.map((d) => d.balance)); return c && `(${c})` },
      cell: (d, all) => {
        const text = oneCurrency(all.map((x) => x.balance)) ? amount(d.balance) : money(d.balance)
        return d.balance && may('finance.read') ? <Link to={statement({ charging_account: d.charging_account })}>{text}</Link> : text
      } },
    { key: 'status', title: t('col.status'), cell: (d) => <DriverTag value={d.status} /> },
  ]
  if (may('finance.write')) columns.push({ key: 'operating', title: t('list.operating'), pin: true, cell: (d) => recharge(d) })
  const add = may('drivers.write') && <Button type="primary" icon={<PlusOutlined aria-hidden />} onClick={() => setAdding(true)}>{t('list.add')}</Button>
  return (
    <>
      <List<Driver>
        queryKey={['drivers']} name="profiles" label={t('nav.profiles')} filters={filters} columns={columns} actions={add}
        note={!may('pii.view') && <span className="quiet small">{t('profiles.masked')}</span>}
        load={(st, signal) => take(api.GET('/api/v1/drivers', { signal, params: { query: query(st) } }))}
        exports={{ path: '/api/v1/drivers', query }}
        rowName={(d) => d.account}
        card={(d) => ({
          title: d.nickname || d.name || d.account, status: <DriverTag value={d.status} />,
          facts: [[t('col.account'), <Mono key="a" value={d.account} />], [t('col.charging_account'), <Mono key="c" value={d.charging_account} />], [t('col.balance'), money(d.balance)]],
          actions: recharge(d),
        })}
        empty={{ title: t('profiles.empty'), next: t('profiles.empty_next'), action: add }}
      />
      {adding && <DriverDialog onClose={() => setAdding(false)} />}
      {recharging && <RechargeDialog driver={recharging} onClose={() => setRecharging(undefined)} />}
    </>
  )
}

function DriverDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const { message } = App.useApp()
  const required = useRequired()
  return (
    <FormDialog<DriverNew> title={t('profiles.add')} ok={t('form.save')} initial={{}} onClose={onClose}
      submit={async (v, key) => {
        const body = Object.fromEntries(Object.entries(v).map(([k, x]) => [k, (x as string | undefined)?.trim() || undefined])) as unknown as DriverNew
        await take(api.POST('/api/v1/drivers', { body, params: { header: { 'Idempotency-Key': key } } }))
        await client.invalidateQueries({ queryKey: ['drivers'] })
        void message.success(t('form.saved'))
        onClose()
      }}>
      <Form.Item name="account" label={t('profiles.account')} extra={t('profiles.account_help')} rules={[required]}><Input maxLength={100} autoFocus autoCapitalize="none" /></Form.Item>
      <Form.Item name="nickname" label={t('profiles.nickname')}><Input maxLength={60} /></Form.Item>
      <Form.Item name="name" label={t('profiles.name')}><Input maxLength={200} /></Form.Item>
      <Form.Item name="mobile" label={t('profiles.mobile')}><Input maxLength={40} inputMode="tel" /></Form.Item>
      <Form.Item name="email" label={t('profiles.email')}><Input maxLength={254} inputMode="email" autoCapitalize="none" /></Form.Item>
    </FormDialog>
  )
}
