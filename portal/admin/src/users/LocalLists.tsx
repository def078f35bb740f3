// The lists of cards that charge points let in while they are offline, in the guide's columns.

import { CloudUploadOutlined, EditOutlined, PlusOutlined } from '@ant-design/icons'
import { useQueryClient } from '@tanstack/react-query'
import { App, Button } from 'antd'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import type { LocalList } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'
import { zoneName } from '@ccms/shared/format'
import { type Column, List } from '../list/List'
import type { Filter, ListState } from '../list/state'
import { useMay, useZone } from '../login/me'
import { useProblemText } from '../parts/ProblemText'
import { AssetTag, PushTag } from '../parts/Status'
import { When } from '../parts/Times'
import { LocalListDialog } from './LocalListDialog'

const query = (st: ListState) => ({
  name: st.filters.name, status: st.filters.status as LocalList['status'] | undefined, sort: st.sort, limit: st.limit, cursor: st.cursor,
})

/** While something is on its way the figures move. */
export const moves = (l: LocalList) => l.push_state === 'QUEUED' || l.push_state === 'PUSHING' || l.push_state === 'OUT_OF_SYNC' || l.points_leaving > 0

export function usePush() {
  const { t } = useTranslation()
  const { modal, message } = App.useApp()
  const text = useProblemText()
  const client = useQueryClient()
  return (l: LocalList) => void modal.confirm({
    title: t('lists.push_of', { name: l.name }), content: t('lists.push_what', { count: l.points }), okText: t('lists.push'), cancelText: t('form.cancel'),
    onOk: async () => {
      try {
        await take(api.POST('/api/v1/local-lists/{id}/push', { body: {}, params: { path: { id: l.id } } }))
      } catch (e) {
        void message.error(text(e))
      }
      await client.invalidateQueries({ queryKey: ['local-lists'] })
    },
  })
}

export default function LocalLists() {
  const { t } = useTranslation()
  const may = useMay()
  const zone = useZone()
  const push = usePush()
  const [adding, setAdding] = useState(false)
  const [editing, setEditing] = useState<LocalList>()
  const filters = useMemo<Filter[]>(() => [
    { key: 'name', kind: 'text', label: t('col.name') },
    { key: 'status', kind: 'select', label: t('col.status'), more: true, options: [{ value: 'VALID', label: t('asset_status.VALID') }, { value: 'INVALID', label: t('asset_status.INVALID') }] },
  ], [t])
  const operate = (l: LocalList) => (
    <span className="row-buttons">
      {may('live.command') && <Button size="small" type="text" disabled={l.points === 0} icon={<CloudUploadOutlined aria-hidden />} aria-label={t('lists.push_of', { name: l.name })} title={t('lists.push_of', { name: l.name })} onClick={() => push(l)} />}
      {may('drivers.write') && <Button size="small" type="text" icon={<EditOutlined aria-hidden />} aria-label={t('lists.edit_of', { name: l.name })} title={t('lists.edit_of', { name: l.name })} onClick={() => setEditing(l)} />}
    </span>
  )
  const columns: Column<LocalList>[] = [
    { key: 'name', title: t('nav.local_lists'), sort: 'name', fixed: true, wide: true, cell: (l) => <Link to={`/users/local-lists/${l.id}`}>{l.name}</Link> },
    { key: 'pushed_at', title: t('lists.pushing_time'), note: zoneName(zone), cell: (l) => <When at={l.pushed_at} zone={zone} /> },
    { key: 'push', title: t('lists.push_status'), cell: (l) => <PushTag value={l.push_state} /> },
    { key: 'points', title: t('lists.quantity'), num: true, cell: (l) => l.points },
    { key: 'points_pushed', title: t('lists.points_pushed'), num: true, cell: (l) => l.points_pushed },
    { key: 'users', title: t('lists.users'), num: true, cell: (l) => l.users },
    { key: 'users_pushed', title: t('lists.users_pushed'), num: true, cell: (l) => l.users_pushed },
    { key: 'status', title: t('col.status'), cell: (l) => <AssetTag value={l.status} /> },
  ]
  if (may('live.command') || may('drivers.write')) columns.push({ key: 'operation', title: t('list.operating'), pin: true, cell: operate })
  const add = may('drivers.write') && <Button type="primary" icon={<PlusOutlined aria-hidden />} onClick={() => setAdding(true)}>{t('list.add')}</Button>
  return (
    <>
      <List<LocalList>
        queryKey={['local-lists']} name="local_lists" label={t('nav.local_lists')} filters={filters} columns={columns} defaultSort="name" actions={add} refetchMs={5000}
        load={(st, signal) => take(api.GET('/api/v1/local-lists', { signal, params: { query: query(st) } }))}
        exports={{ path: '/api/v1/local-lists', query }}
        rowName={(l) => l.name}
        card={(l) => ({
          title: <Link to={`/users/local-lists/${l.id}`}>{l.name}</Link>, status: <PushTag value={l.push_state} />,
          facts: [[t('lists.points_pushed'), `${l.points_pushed} / ${l.points}`], [t('lists.users_pushed'), `${l.users_pushed} / ${l.users}`], [t('lists.pushing_time'), <When key="w" at={l.pushed_at} zone={zone} withZone />]],
          actions: operate(l),
        })}
        empty={{ title: t('lists.empty'), next: t('lists.empty_next'), action: add }}
      />
      {adding && <LocalListDialog onClose={() => setAdding(false)} />}
      {editing && <LocalListDialog list={editing} onClose={() => setEditing(undefined)} />}
    </>
  )
}
