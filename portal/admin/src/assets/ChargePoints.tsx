import { DiffOutlined, EditOutlined, KeyOutlined, PlusOutlined } from '@ant-design/icons'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { App, Button, Form, Input, Select } from 'antd'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import type { ChargePoint, ChargePointNew } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'
import { kw, none } from '@ccms/shared/format'
import { newKey } from '@ccms/shared/key'
import { type Column, List } from '../list/List'
import type { Filter, ListState } from '../list/state'
import { useMay } from '../login/me'
import { FormDialog, useRequired } from '../parts/FormDialog'
import { Mono } from '../parts/Mono'
import { useProblemText } from '../parts/ProblemText'
import { AssetTag, Tag } from '../parts/Status'
import { EditPoint } from './EditPoint'
import { KeyDialog, type Shown } from './KeyDialog'
import { pointBody, pointDefaults, PointFields, type PointValues, SubprotocolField } from './pointFields'

const query = (st: ListState) => ({
  site: st.filters.site, q: st.filters.q, status: st.filters.status as ChargePoint['status'] | undefined, settings_differ: st.filters.settings === 'differ' || undefined, sort: st.sort, limit: st.limit, cursor: st.cursor,
})

export default function ChargePoints() {
  const { t } = useTranslation()
  const may = useMay()
  const { modal, message } = App.useApp()
  const text = useProblemText()
  const [adding, setAdding] = useState(false)
  const [edit, setEdit] = useState<ChargePoint>()
  const [shown, setShown] = useState<Shown>()
  const filters = useMemo<Filter[]>(() => [
    { key: 'site', kind: 'text', label: t('col.station') },
    { key: 'q', kind: 'text', label: t('col.name'), more: true },
    { key: 'status', kind: 'select', label: t('col.status'), more: true, options: [{ value: 'VALID', label: t('asset_status.VALID') }, { value: 'INVALID', label: t('asset_status.INVALID') }] },
    { key: 'settings', kind: 'select', label: t('template.settings'), more: true, options: [{ value: 'differ', label: t('template.differ_filter') }] },
  ], [t])

  const renew = (p: ChargePoint) => void modal.confirm({
    title: t('assets.new_key_title', { name: p.name }), content: t('assets.new_key_what'), okText: t('assets.new_key_go'), okButtonProps: { danger: true },
    cancelText: t('form.cancel'),
    onOk: async () => {
      try {
        const { key } = await take(api.POST('/api/v1/charge-points/{id}/key', { params: { path: { id: p.id }, header: { 'Idempotency-Key': newKey() } } }))
        setShown({ identity: p.identity, name: p.name, key })
      } catch (e) {
        void message.error(text(e))
      }
    },
  })
  const actions = (p: ChargePoint) => may('assets.write') && (
    <span className="row-buttons">
      <Button size="small" type="text" icon={<EditOutlined aria-hidden />} onClick={() => setEdit(p)} title={t('assets.edit_of', { name: p.name })} aria-label={t('assets.edit_of', { name: p.name })} />
      <Button size="small" type="text" icon={<KeyOutlined aria-hidden />} onClick={() => renew(p)} title={t('assets.new_key_of', { name: p.name })} aria-label={t('assets.new_key_of', { name: p.name })} />
    </span>
  )
  const columns: Column<ChargePoint>[] = [
    { key: 'site', title: t('col.station'), cell: (p) => p.site_name, wide: true },
    { key: 'name', title: t('col.name'), sort: 'name', cell: (p) => <Link to={`/live/points/${p.id}`}>{p.name}</Link>, wide: true },
    { key: 'serial', title: t('col.serial'), sort: 'identity', cell: (p) => <Mono value={p.identity} /> },
    { key: 'code', title: t('col.code'), sort: 'code', cell: (p) => <Mono value={p.code} /> },
    { key: 'type', title: t('col.connector_type'), cell: (p) => p.charger_type },
    { key: 'power', title: t('col.max_power'), num: true, cell: (p) => kw(p.max_power_w) },
    { key: 'status', title: t('col.status'), cell: (p) => <AssetTag value={p.status} /> },
    { key: 'settings', title: t('template.settings'), cell: (p) => (p.settings_differ ? <Link to={`/live/points/${p.id}?tab=configuration`}><Tag tone="wait" icon={DiffOutlined} text={t('template.differ', { count: p.settings_differ })} /></Link> : none) },
  ]
  if (may('assets.write')) columns.push({ key: 'operating', title: t('list.operating'), pin: true, cell: actions })
  const add = may('assets.write') && <Button type="primary" icon={<PlusOutlined aria-hidden />} onClick={() => setAdding(true)}>{t('list.add')}</Button>
  return (
    <>
      <List<ChargePoint>
        queryKey={['charge-points', 'assets']} name="points" label={t('nav.points')} filters={filters} columns={columns} defaultSort="name" actions={add}
        load={(st, signal) => take(api.GET('/api/v1/charge-points', { signal, params: { query: query(st) } }))}
        exports={{ path: '/api/v1/charge-points', query }}
        rowName={(p) => p.name}
        card={(p) => ({
          title: <><Link to={`/live/points/${p.id}`}>{p.name}</Link> · {p.site_name}</>, status: <AssetTag value={p.status} />,
          facts: [[t('col.serial'), <Mono key="s" value={p.identity} />], [t('col.connector_type'), p.charger_type], [t('col.max_power'), `${kw(p.max_power_w)} kW`]],
          actions: actions(p),
        })}
        empty={{ title: t('assets.empty'), next: t('assets.empty_next'), action: add }}
      />
      {adding && <PointDialog onClose={() => setAdding(false)} onMade={(s) => { setAdding(false); setShown(s) }} />}
      {edit && <EditPoint point={edit} onClose={() => setEdit(undefined)} />}
      {shown && <KeyDialog shown={shown} onClose={() => setShown(undefined)} />}
    </>
  )
}

interface Values extends PointValues { site_id: string; name: string; identity: string; subprotocol: ChargePoint['subprotocol'] }

function PointDialog({ onClose, onMade }: { onClose: () => void; onMade: (s: Shown) => void }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const required = useRequired()
  const sites = useQuery({ queryKey: ['sites', 'pick'], queryFn: ({ signal }) => take(api.GET('/api/v1/sites', { signal, params: { query: { status: 'VALID', limit: 100 } } })) })
  const first = sites.data?.items.length === 1 ? sites.data.items[0]!.id : undefined
  if (sites.isPending) return null
  return (
    <FormDialog<Values> title={t('assets.add')} ok={t('form.save')} width={560} initial={{ site_id: first, subprotocol: 'lenient', ...pointDefaults }} onClose={onClose}
      what={sites.data?.items.length === 0 ? t('assets.no_site') : undefined}
      rename={(p) => (p[0] === 'max_power_w' ? ['max_power_kw'] : p)}
      submit={async (v, key) => {
        const body: ChargePointNew = { site_id: v.site_id, name: v.name.trim(), identity: v.identity.trim(), subprotocol: v.subprotocol, ...pointBody(v) }
        const made = await take(api.POST('/api/v1/charge-points', { body, params: { header: { 'Idempotency-Key': key } } }))
        await client.invalidateQueries({ queryKey: ['charge-points'] })
        onMade({ identity: made.charge_point.identity, name: made.charge_point.name, key: made.key })
      }}>
      <Form.Item name="site_id" label={t('assets.site')} rules={[required]}>
        <Select showSearch={{ optionFilterProp: 'label' }} options={(sites.data?.items ?? []).map((s) => ({ value: s.id, label: s.name }))} />
      </Form.Item>
      <Form.Item name="name" label={t('assets.name')} rules={[required]}><Input maxLength={200} autoFocus /></Form.Item>
      <Form.Item name="identity" label={t('assets.identity')} extra={t('assets.identity_help')} rules={[required, { pattern: /^[A-Za-z0-9*_=:+|@.-]{1,48}$/, message: t('assets.identity_rule') }]}>
        <Input maxLength={48} className="mono-input" autoCapitalize="none" spellCheck={false} />
      </Form.Item>
      <PointFields />
      <details className="profile-more">
        <summary>{t('assets.more')}</summary>
        <SubprotocolField />
      </details>
    </FormDialog>
  )
}
