// One local list: its charge points, each with what it has, and its cards.

import { ArrowLeftOutlined, CloudUploadOutlined, DeleteOutlined, EditOutlined } from '@ant-design/icons'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Alert, App, Button } from 'antd'
import { useEffect, useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useNavigate, useParams, useSearchParams } from 'react-router'
import type { LocalList, LocalListCard, LocalListPoint } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'
import { none, zoneName } from '@ccms/shared/format'
import en from '@ccms/shared/i18n/en.json'
import { Problem } from '@ccms/shared/problem'
import { type Column, List } from '../list/List'
import { type Filter, type ListState, paged } from '../list/state'
import { useMay, useZone } from '../login/me'
import { Facts } from '../parts/Facts'
import { Mono } from '../parts/Mono'
import { Blank, Failed } from '../parts/PageStates'
import { useProblemText } from '../parts/ProblemText'
import { PageSkeleton } from '../parts/Skeletons'
import { AssetTag, Online, PushTag } from '../parts/Status'
import { type TabItem, Tabs } from '../parts/Tabs'
import { When } from '../parts/Times'
import { word } from '../parts/words'
import { LocalListDialog } from './LocalListDialog'
import { moves, usePush } from './LocalLists'

export default function LocalListPage() {
  const { t } = useTranslation()
  const { id = '' } = useParams()
  const query = useQuery({
    queryKey: ['local-lists', id],
    queryFn: ({ signal }) => take(api.GET('/api/v1/local-lists/{id}', { signal, params: { path: { id } } })),
    refetchInterval: (q) => (q.state.data && moves(q.state.data) ? 2000 : 15_000),
  })
  const l = query.data
  useEffect(() => { if (l) document.title = `${l.name} – ${t('brand')}` }, [l, t])
  const back = <Link to="/users/local-lists" className="back"><ArrowLeftOutlined aria-hidden /> {t('record.back')}</Link>
  if (query.isPending) return <PageSkeleton />
  if (!l) {
    return query.error instanceof Problem && query.error.status === 404
      ? <Blank title={t('problem.missing')} action={back} />
      : <Failed error={query.error} title={t('list.error')} retry={() => void query.refetch()} />
  }
  return <article className="record">{back}<Loaded list={l} /></article>
}

function Loaded({ list: l }: { list: LocalList }) {
  const { t } = useTranslation()
  const may = useMay()
  const push = usePush()
  const zone = useZone()
  const [search, setSearch] = useSearchParams()
  const [editing, setEditing] = useState(false)
  const tabs: TabItem[] = [
    { key: 'points', label: t('lists.tab_points'), content: <Points list={l} zone={zone} /> },
    { key: 'cards', label: t('lists.tab_cards'), content: <Cards list={l} zone={zone} /> },
  ]
  const asked = search.get('tab')
  return (
    <>
      <header className="record-head">
        <div className="record-name">
          <h2>{l.name}</h2>
          <PushTag value={l.push_state} />
          <AssetTag value={l.status} />
        </div>
        <dl className="record-main">
          <div><dt>{t('lists.points_pushed')}</dt><dd className="num">{l.points_pushed} <small>/ {l.points}</small></dd></div>
          <div><dt>{t('lists.users_pushed')}</dt><dd className="num">{l.users_pushed} <small>/ {l.users}</small></dd></div>
        </dl>
        <span className="row-buttons wraps">
          {may('live.command') && <Button disabled={l.points === 0} icon={<CloudUploadOutlined aria-hidden />} onClick={() => push(l)}>{t('lists.push')}</Button>}
          {may('drivers.write') && <Button icon={<EditOutlined aria-hidden />} onClick={() => setEditing(true)}>{t('lists.edit')}</Button>}
          {may('drivers.write') && <Remove list={l} />}
        </span>
      </header>
      {l.too_many && <Alert type="warning" showIcon title={t('lists.too_many')} />}
      {l.left_out > 0 && <Alert type="info" showIcon title={t('lists.left_out', { count: l.left_out })} />}
      <div className="record-body">
        <aside className="record-facts" aria-label={t('record.facts')}>
          <h3 className="visually-hidden">{t('record.facts')}</h3>
          <Facts items={[
            [t('lists.cards'), t(`lists.rule.${l.cards}`)],
            [t('lists.without_balance'), l.without_balance ? t('yes') : t('no')],
            [t('lists.pushing_time'), <When key="p" at={l.pushed_at} zone={zone} />],
            [t('lists.last_success'), <When key="s" at={l.succeeded_at} zone={zone} />],
            l.points_failed > 0 && [t('lists.points_failed'), <span key="f" className="num tone-text-bad">{l.points_failed}</span>],
            l.points_leaving > 0 && [t('lists.leaving'), <span key="l" className="num">{l.points_leaving}</span>],
          ]} />
          <p className="quiet small">{t('record.zone', { zone: zoneName(zone) })}</p>
        </aside>
        <section className="record-tabs"><Tabs items={tabs} active={asked === 'cards' ? 'cards' : 'points'} onChange={(tab) => setSearch({ tab }, { replace: true })} label={l.name} /></section>
      </div>
      {editing && <LocalListDialog list={l} onClose={() => setEditing(false)} />}
    </>
  )
}

function Remove({ list: l }: { list: LocalList }) {
  const { t } = useTranslation()
  const { modal, message } = App.useApp()
  const text = useProblemText()
  const client = useQueryClient()
  const go = useNavigate()
  return (
    <Button danger icon={<DeleteOutlined aria-hidden />} onClick={() => void modal.confirm({
      title: t('lists.delete_of', { name: l.name }), content: t('lists.delete_what'), okText: t('lists.delete'), okButtonProps: { danger: true }, cancelText: t('form.cancel'),
      onOk: async () => {
        try {
          await take(api.DELETE('/api/v1/local-lists/{id}', { params: { path: { id: l.id }, header: { 'If-Match': `"${l.version}"` } } }))
        } catch (e) {
          void message.error(text(e))
          return
        }
        await client.invalidateQueries({ queryKey: ['local-lists'] })
        void go('/users/local-lists')
      },
    })}>{t('lists.delete')}</Button>
  )
}

type PointRow = LocalListPoint & { id: string }

function Points({ list: l, zone }: { list: LocalList; zone: string }) {
  const { t } = useTranslation()
  const filters = useMemo<Filter[]>(() => [
    { key: 'name', kind: 'text', label: t('col.name') },
    { key: 'state', kind: 'select', label: t('lists.push_status'), options: Object.keys(en.push_state).filter((s) => s !== 'DRAFT' && s !== 'PARTIAL').map((s) => ({ value: s, label: word(t, 'push_state', s) })) },
  ], [t])
  const columns = useMemo<Column<PointRow>[]>(() => [
    { key: 'site', title: t('col.station'), wide: true, cell: (p) => p.site_name ?? none },
    { key: 'name', title: t('col.name'), sort: 'name', fixed: true, wide: true, cell: (p) => <Link to={`/live/points/${p.charge_point_id}`}>{p.charge_point_name}</Link> },
    { key: 'online', title: t('col.online'), cell: (p) => <Online online={p.online} /> },
    { key: 'state', title: t('lists.push_status'), cell: (p) => <State row={p} /> },
    { key: 'version', title: t('lists.reported'), num: true, cell: (p) => p.reported_version ?? none },
    { key: 'sent', title: t('lists.sent_version'), num: true, off: true, cell: (p) => p.list_version },
    { key: 'users', title: t('lists.users_pushed'), num: true, cell: (p) => p.users },
    { key: 'success', title: t('lists.last_success'), note: zoneName(zone), cell: (p) => <When at={p.succeeded_at} zone={zone} /> },
    { key: 'detail', title: t('lists.why'), wide: true, cell: (p) => <Why row={p} zone={zone} /> },
  ], [t, zone])
  const query = (st: ListState) => ({ name: st.filters.name, state: st.filters.state as LocalListPoint['state'] | undefined, ...paged(st) })
  return (
    <List<PointRow>
      queryKey={['local-lists', l.id, 'points']} name="local_list_points" label={t('lists.tab_points')} filters={filters} columns={columns} defaultSort="name" refetchMs={moves(l) ? 2000 : 15_000}
      load={async (st, signal) => {
        const page = await take(api.GET('/api/v1/local-lists/{id}/charge-points', { signal, params: { path: { id: l.id }, query: query(st) } }))
        return { ...page, items: page.items.map((p) => ({ ...p, id: p.charge_point_id })) }
      }}
      exports={{ path: `/api/v1/local-lists/${l.id}/charge-points`, query }}
      rowName={(p) => p.charge_point_name}
      card={(p) => ({
        title: <Link to={`/live/points/${p.charge_point_id}`}>{p.charge_point_name}</Link>, status: <State row={p} />,
        facts: [[t('col.online'), <Online key="o" online={p.online} />], [t('lists.reported'), p.reported_version ?? none], [t('lists.why'), <Why key="w" row={p} zone={zone} />]],
      })}
      empty={{ title: t('lists.no_points'), next: t('lists.no_points_next') }}
    />
  )
}

function State({ row: p }: { row: LocalListPoint }) {
  const { t } = useTranslation()
  return (
    <>
      <PushTag value={p.state} />
      {p.chunks !== undefined && p.chunks > 1 && <span className="quiet small num"> {t('lists.part', { part: p.chunk ?? 0, parts: p.chunks })}</span>}
    </>
  )
}

function Why({ row: p, zone }: { row: LocalListPoint; zone: string }) {
  const { t } = useTranslation()
  const parts = [p.leaving && t('lists.is_leaving'), p.detail, p.tries !== undefined && p.tries > 0 && t('lists.tries', { count: p.tries })].filter(Boolean)
  return (
    <>
      {parts.length > 0 ? <bdi>{parts.join(' · ')}</bdi> : p.state === 'QUEUED' && !p.online ? t('lists.waits') : none}
      {p.state === 'QUEUED' && p.next_at && (p.tries ?? 0) > 0 && <span className="quiet small"> {t('lists.next')} <When at={p.next_at} zone={zone} /></span>}
    </>
  )
}

type CardRow = LocalListCard & { id: string }

function Cards({ list: l, zone }: { list: LocalList; zone: string }) {
  const { t } = useTranslation()
  const columns = useMemo<Column<CardRow>[]>(() => [
    { key: 'uid', title: t('col.rfid'), fixed: true, cell: (c) => <Mono value={c.uid} /> },
    { key: 'account', title: t('col.charging_account'), cell: (c) => <Mono value={c.charging_account} /> },
    { key: 'expires', title: t('lists.expires'), note: zoneName(zone), cell: (c) => <When at={c.expires_at} zone={zone} /> },
  ], [t, zone])
  return (
    <List<CardRow>
      queryKey={['local-lists', l.id, 'cards']} name="local_list_cards" label={t('lists.tab_cards')} columns={columns}
      load={async (st, signal) => {
        const page = await take(api.GET('/api/v1/local-lists/{id}/cards', { signal, params: { path: { id: l.id }, query: { limit: st.limit, cursor: st.cursor } } }))
        return { ...page, items: page.items.map((c) => ({ ...c, id: c.token_id })) }
      }}
      exports={{ path: `/api/v1/local-lists/${l.id}/cards`, query: () => ({}) }}
      rowName={(c) => c.uid}
      card={(c) => ({ title: <Mono value={c.uid} />, facts: [[t('col.charging_account'), c.charging_account], [t('lists.expires'), <When key="e" at={c.expires_at} zone={zone} withZone />]] })}
      empty={{ title: t('lists.no_cards'), next: t('lists.no_cards_next') }}
    />
  )
}
