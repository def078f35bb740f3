// One group of drivers: its members, and which plans are for it.

import { ArrowLeftOutlined, DeleteOutlined, EditOutlined, UserAddOutlined, UserDeleteOutlined } from '@ant-design/icons'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { App, Button, Form } from 'antd'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useNavigate, useParams } from 'react-router'
import type { Driver, Group } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'
import { none } from '@ccms/shared/format'
import { Problem } from '@ccms/shared/problem'
import { type Column, List } from '../list/List'
import { type ListState, paged } from '../list/state'
import { useMay } from '../login/me'
import { FormDialog, useRequired } from '../parts/FormDialog'
import { Mono } from '../parts/Mono'
import { Blank, Failed } from '../parts/PageStates'
import { useProblemText } from '../parts/ProblemText'
import { PageSkeleton } from '../parts/Skeletons'
import { DriverTag } from '../parts/Status'
import { GroupDialog } from './Groups'
import { PickMany, picks } from './PickMany'

export default function GroupPage() {
  const { t } = useTranslation()
  const { id = '' } = useParams()
  const query = useQuery({ queryKey: ['groups', id], queryFn: ({ signal }) => take(api.GET('/api/v1/groups/{id}', { signal, params: { path: { id } } })) })
  const g = query.data
  useEffect(() => { if (g) document.title = `${g.name} – ${t('brand')}` }, [g, t])
  const back = <Link to="/users/groups" className="back"><ArrowLeftOutlined aria-hidden /> {t('record.back')}</Link>
  if (query.isPending) return <PageSkeleton />
  if (!g) {
    return query.error instanceof Problem && query.error.status === 404
      ? <Blank title={t('problem.missing')} action={back} />
      : <Failed error={query.error} title={t('list.error')} retry={() => void query.refetch()} />
  }
  return <article className="record">{back}<Loaded group={g} /></article>
}

/** Puts a driver into a group, or out of it with none. */
async function join(driver: string, group: string | null): Promise<void> {
  const d = await take(api.GET('/api/v1/drivers/{id}', { params: { path: { id: driver } } }))
  await take(api.PATCH('/api/v1/drivers/{id}', { body: { group_id: group }, params: { path: { id: driver }, header: { 'If-Match': `"${d.version}"` } } }))
}

function Loaded({ group: g }: { group: Group }) {
  const { t } = useTranslation()
  const may = useMay()
  const client = useQueryClient()
  const navigate = useNavigate()
  const text = useProblemText()
  const { modal, message } = App.useApp()
  const [renaming, setRenaming] = useState(false)
  const [adding, setAdding] = useState(false)
  const plans = useQuery({
    queryKey: ['plan-assignments', 'of-group', g.id], enabled: may('plans.read'),
    queryFn: ({ signal }) => take(api.GET('/api/v1/plan-assignments', { signal, params: { query: { group_id: g.id, limit: 20 } } })),
  })
  const changed = () => Promise.all(['groups', 'drivers'].map((k) => client.invalidateQueries({ queryKey: [k] })))
  const remove = () => void modal.confirm({
    title: t('groups.delete_title', { name: g.name }), content: t('groups.delete_what'), okText: t('groups.delete'), okButtonProps: { danger: true }, cancelText: t('form.cancel'),
    onOk: async () => {
      try {
        await take(api.DELETE('/api/v1/groups/{id}', { params: { path: { id: g.id }, header: { 'If-Match': `"${g.version}"` } } }))
        await client.invalidateQueries({ queryKey: ['groups'] })
        void navigate('/users/groups')
      } catch (e) {
        void message.error(text(e))
      }
    },
  })
  const takeOut = (d: Driver) => void modal.confirm({
    title: t('groups.out_title', { account: d.account }), content: t('groups.out_what'), okText: t('groups.out'), cancelText: t('form.cancel'),
    onOk: async () => {
      try {
        await join(d.id, null)
      } catch (e) {
        void message.error(text(e))
      }
      await changed()
    },
  })
  const operate = (d: Driver) => may('drivers.write') && (
    <Button size="small" type="text" icon={<UserDeleteOutlined aria-hidden />} aria-label={t('groups.out_of', { account: d.account })} title={t('groups.out')} onClick={() => takeOut(d)} />
  )
  const columns: Column<Driver>[] = [
    { key: 'account', title: t('col.account'), cell: (d) => <Mono value={d.account} />, fixed: true },
    { key: 'nickname', title: t('col.nickname'), cell: (d) => d.nickname || d.name || none, wide: true },
    { key: 'level', title: t('col.membership'), cell: (d) => d.membership_level },
    { key: 'status', title: t('col.status'), cell: (d) => <DriverTag value={d.status} /> },
  ]
  if (may('drivers.write')) columns.push({ key: 'operation', title: t('list.operation'), pin: true, cell: operate })
  const add = may('drivers.write') && <Button type="primary" icon={<UserAddOutlined aria-hidden />} onClick={() => setAdding(true)}>{t('groups.add_member')}</Button>
  const query = (st: ListState) => ({ group_id: g.id, ...paged(st) })
  return (
    <>
      <header className="record-head">
        <div className="record-name"><h2>{g.name}</h2></div>
        <dl className="record-main"><div><dt>{t('groups.members')}</dt><dd className="num">{g.members}</dd></div></dl>
        {may('drivers.write') && (
          <span className="row-buttons">
            <Button icon={<EditOutlined aria-hidden />} onClick={() => setRenaming(true)}>{t('groups.rename')}</Button>
            <Button icon={<DeleteOutlined aria-hidden />} danger onClick={remove}>{t('groups.delete')}</Button>
          </span>
        )}
      </header>
      {plans.data && (
        <p className="quiet">{plans.data.items && plans.data.items.length > 0
          ? t('groups.plans', { names: [...new Set(plans.data.items.map((a) => a.plan_name ?? ''))].filter(Boolean).join(', ') })
          : t('groups.no_plans')} <Link to="/finance/plans?tab=assigned&audience=GROUP">{t('groups.to_plans')}</Link></p>
      )}
      <List<Driver>
        queryKey={['drivers', 'of-group', g.id]} label={t('groups.members')} columns={columns} actions={add}
        load={(st, signal) => take(api.GET('/api/v1/drivers', { signal, params: { query: query(st) } }))}
        exports={{ path: '/api/v1/drivers', query }}
        rowName={(d) => d.account}
        card={(d) => ({ title: d.nickname || d.name || d.account, status: <DriverTag value={d.status} />, facts: [[t('col.account'), <Mono key="a" value={d.account} />], [t('col.membership'), d.membership_level]], actions: operate(d) })}
        empty={{ title: t('groups.no_members'), next: t('groups.no_members_next'), action: add }}
      />
      {renaming && <GroupDialog group={g} onClose={() => setRenaming(false)} />}
      {adding && <MembersDialog group={g} onClose={() => setAdding(false)} />}
    </>
  )
}

function MembersDialog({ group: g, onClose }: { group: Group; onClose: () => void }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const { message } = App.useApp()
  const required = useRequired()
  return (
    <FormDialog<{ drivers: string[] }> title={t('groups.add_to', { name: g.name })} ok={t('groups.add_member')} initial={{}} what={t('groups.add_what')} onClose={onClose}
      submit={async (v) => {
        for (const d of v.drivers) await join(d, g.id)
        await Promise.all(['groups', 'drivers'].map((k) => client.invalidateQueries({ queryKey: [k] })))
        void message.success(t('form.saved'))
        onClose()
      }}>
      <Form.Item name="drivers" label={t('nav.profiles')} rules={[required]}><PickMany from={picks.drivers} /></Form.Item>
    </FormDialog>
  )
}
