// Groups of drivers: who belongs together, so that plans can be for them.

import { PlusOutlined } from '@ant-design/icons'
import { useQueryClient } from '@tanstack/react-query'
import { App, Button, Form, Input } from 'antd'
import { useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import type { Group } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'
import { type Column, List } from '../list/List'
import type { Filter, ListState } from '../list/state'
import { useMay } from '../login/me'
import { FormDialog, useRequired } from '../parts/FormDialog'

const query = (st: ListState) => ({ name: st.filters.name, sort: st.sort, limit: st.limit, cursor: st.cursor })

export default function Groups() {
  const { t } = useTranslation()
  const may = useMay()
  const [adding, setAdding] = useState(false)
  const filters = useMemo<Filter[]>(() => [{ key: 'name', kind: 'text', label: t('groups.name') }], [t])
  const columns: Column<Group>[] = [
    { key: 'name', title: t('groups.name'), sort: 'name', fixed: true, wide: true, cell: (g) => <Link to={`/users/groups/${g.id}`}>{g.name}</Link> },
    { key: 'members', title: t('groups.members'), num: true, cell: (g) => g.members },
  ]
  const add = may('drivers.write') && <Button type="primary" icon={<PlusOutlined aria-hidden />} onClick={() => setAdding(true)}>{t('list.add')}</Button>
  return (
    <>
      <List<Group>
        queryKey={['groups']} label={t('nav.groups')} filters={filters} columns={columns} defaultSort="name" actions={add}
        load={(st, signal) => take(api.GET('/api/v1/groups', { signal, params: { query: query(st) } }))}
        exports={{ path: '/api/v1/groups', query }}
        rowName={(g) => g.name}
        card={(g) => ({ title: <Link to={`/users/groups/${g.id}`}>{g.name}</Link>, facts: [[t('groups.members'), g.members]] })}
        empty={{ title: t('groups.empty'), next: t('groups.empty_next'), action: add }}
      />
      {adding && <GroupDialog onClose={() => setAdding(false)} />}
    </>
  )
}

/** Makes a group, or gives one another name. */
export function GroupDialog({ group, onClose }: { group?: Group; onClose: () => void }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const { message } = App.useApp()
  const required = useRequired()
  const version = useRef(group?.version ?? 0)
  return (
    <FormDialog<{ name: string }> title={group ? t('groups.rename_of', { name: group.name }) : t('groups.add')} ok={t('form.save')} initial={{ name: group?.name }} onClose={onClose}
      conflict={group && { label: () => t('groups.name'), newest: async () => {
        const now = await take(api.GET('/api/v1/groups/{id}', { params: { path: { id: group.id } } }))
        version.current = now.version
        return { name: now.name }
      } }}
      submit={async (v, key) => {
        const body = { name: v.name.trim() }
        if (group) await take(api.PATCH('/api/v1/groups/{id}', { body, params: { path: { id: group.id }, header: { 'If-Match': `"${version.current}"` } } }))
        else await take(api.POST('/api/v1/groups', { body, params: { header: { 'Idempotency-Key': key } } }))
        await client.invalidateQueries({ queryKey: ['groups'] })
        void message.success(t('form.saved'))
        onClose()
      }}>
      <Form.Item name="name" label={t('groups.name')} rules={[required]}><Input maxLength={100} autoFocus /></Form.Item>
    </FormDialog>
  )
}
