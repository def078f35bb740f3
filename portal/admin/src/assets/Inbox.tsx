// Charge points that nobody registered: who they say they are, and what becomes of them.

import { EyeInvisibleOutlined, EyeOutlined, LinkOutlined, MoreOutlined, PlusOutlined, DeleteOutlined, SettingOutlined } from '@ant-design/icons'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Alert, App, Button, Dropdown, Form, Input, Radio, Select } from 'antd'
import { useEffect, useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import type { UnknownChargePoint } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'
import { none } from '@ccms/shared/format'
import { newKey } from '@ccms/shared/key'
import { type Column, List } from '../list/List'
import type { Filter, ListState } from '../list/state'
import { useMay, useZone } from '../login/me'
import { Facts } from '../parts/Facts'
import { FormDialog, useRequired } from '../parts/FormDialog'
import { Mono } from '../parts/Mono'
import { useProblemText } from '../parts/ProblemText'
import { Tag } from '../parts/Status'
import { When } from '../parts/Times'
import { KeyDialog, type Shown } from './KeyDialog'
import { pointBody, pointDefaults, PointFields, type PointValues } from './pointFields'

const query = (st: ListState) => ({ identity: st.filters.identity, ignored: st.filters.shown === 'ignored', sort: st.sort, limit: st.limit, cursor: st.cursor })

const what = (u: UnknownChargePoint) => [u.vendor, u.model, u.firmware].filter(Boolean).join(' ')

export default function Inbox() {
  const { t } = useTranslation()
  const may = useMay()
  const client = useQueryClient()
  const navigate = useNavigate()
  const { modal, message } = App.useApp()
  const text = useProblemText()
  const zone = useZone()
  const [adopting, setAdopting] = useState<UnknownChargePoint>()
  const [linking, setLinking] = useState<UnknownChargePoint>()
  const [shown, setShown] = useState<Shown>()
  const [door, setDoor] = useState(false)
  const filters = useMemo<Filter[]>(() => [
    { key: 'identity', kind: 'text', label: t('col.serial') },
    { key: 'shown', kind: 'select', label: t('inbox.shown'), any: t('inbox.waiting'), options: [{ value: 'ignored', label: t('inbox.ignored') }] },
  ], [t])
  const refetch = () => client.invalidateQueries({ queryKey: ['inbox'] })
  const attempt = async (work: () => Promise<unknown>) => {
    try {
      await work()
      await refetch()
    } catch (e) {
      void message.error(text(e))
    }
  }
  const ignore = (u: UnknownChargePoint) => attempt(() => take(api.POST('/api/v1/unknown-charge-points/{id}/ignore', {
    body: { ignored: !u.ignored }, params: { path: { id: u.id }, header: { 'Idempotency-Key': newKey() } } })))
  const forget = (u: UnknownChargePoint) => void modal.confirm({
    title: t('inbox.forget_title', { identity: u.identity }), content: t('inbox.forget_what'), okText: t('inbox.forget'), okButtonProps: { danger: true }, cancelText: t('form.cancel'),
    onOk: () => attempt(() => take(api.DELETE('/api/v1/unknown-charge-points/{id}', { params: { path: { id: u.id } } }))),
  })
  const actions = (u: UnknownChargePoint) => may('assets.write') && (
    <span className="row-buttons">
      <Button size="small" type="primary" icon={<PlusOutlined aria-hidden />} onClick={() => setAdopting(u)} aria-label={t('inbox.adopt_title', { identity: u.identity })}>{t('inbox.adopt')}</Button>
      <Dropdown trigger={['click']} menu={{ items: [
        { key: 'link', icon: <LinkOutlined aria-hidden />, label: t('inbox.link'), onClick: () => setLinking(u) },
        { key: 'ignore', icon: u.ignored ? <EyeOutlined aria-hidden /> : <EyeInvisibleOutlined aria-hidden />, label: t(u.ignored ? 'inbox.hear' : 'inbox.ignore'), onClick: () => void ignore(u) },
        { key: 'forget', danger: true, icon: <DeleteOutlined aria-hidden />, label: t('inbox.forget'), onClick: () => forget(u) },
      ] }}>
        <Button size="small" type="text" icon={<MoreOutlined aria-hidden />} aria-label={t('assets.menu', { name: u.identity })} />
      </Dropdown>
    </span>
  )
  const columns: Column<UnknownChargePoint>[] = [
    { key: 'identity', title: t('col.serial'), cell: (u) => <Mono value={u.identity} />, fixed: true },
    { key: 'what', title: t('inbox.what'), cell: (u) => what(u) || <span className="quiet">{t('inbox.silent')}</span>, wide: true },
    { key: 'hardware', title: t('points.hardware_serial'), cell: (u) => (u.hardware_serial ? <Mono value={u.hardware_serial} /> : none) },
    { key: 'address', title: t('inbox.address'), cell: (u) => u.address ?? none },
    { key: 'first', title: t('inbox.first'), note: zone, cell: (u) => <When at={u.first_seen_at} zone={zone} />, off: true },
    { key: 'last', title: t('inbox.last'), note: zone, sort: 'last_at', cell: (u) => <When at={u.last_seen_at} zone={zone} /> },
    { key: 'tries', title: t('inbox.tries'), num: true, cell: (u) => u.tries },
    { key: 'held', title: t('inbox.held'), num: true, cell: (u) => u.held_reports },
    { key: 'operation', title: t('list.operation'), pin: true, cell: actions },
  ]
  const settings = may('assets.write') && <Button icon={<SettingOutlined aria-hidden />} onClick={() => setDoor(true)}>{t('inbox.door')}</Button>
  return (
    <>
      <List<UnknownChargePoint>
        queryKey={['inbox']} name="inbox" label={t('nav.inbox')} filters={filters} columns={columns} defaultSort="-last_at" actions={settings} refetchMs={15_000}
        load={(st, signal) => take(api.GET('/api/v1/unknown-charge-points', { signal, params: { query: query(st) } }))}
        exports={{ path: '/api/v1/unknown-charge-points', query }}
        rowName={(u) => u.identity}
        card={(u) => ({
          title: u.identity, status: u.held_reports > 0 ? <Tag tone="wait" icon={LinkOutlined} text={t('inbox.held_count', { count: u.held_reports })} /> : undefined,
          facts: [[t('inbox.what'), what(u) || t('inbox.silent')], [t('inbox.last'), <When key="l" at={u.last_seen_at} zone={zone} />], [t('inbox.tries'), u.tries]],
          actions: actions(u),
        })}
        empty={{ title: t('inbox.empty'), next: t('inbox.empty_next') }}
      />
      {adopting && <AdoptDialog unknown={adopting} onClose={() => setAdopting(undefined)} onMade={(s, id) => {
        setAdopting(undefined)
        void refetch()
        void client.invalidateQueries({ queryKey: ['charge-points'] })
        if (s) setShown(s)
        else void navigate(`/live/points/${id}`)
      }} />}
      {linking && <LinkDialog unknown={linking} onClose={() => setLinking(undefined)} onDone={() => { setLinking(undefined); void refetch() }} />}
      {shown && <KeyDialog shown={shown} onClose={() => setShown(undefined)} />}
      {door && <DoorDialog onClose={() => setDoor(false)} />}
    </>
  )
}

/** Which key it has from then on: a new one, or the password that it presented last. */
function KeyChoice({ unknown: u, stays }: { unknown: UnknownChargePoint; stays?: boolean }) {
  const { t } = useTranslation()
  return (
    <>
      {u.keys_seen > 1 && <Alert type="warning" showIcon className="form-alert" title={t('inbox.keys_seen', { count: u.keys_seen })} />}
      <Form.Item name="key" label={t('inbox.key')} extra={t('inbox.key_help')}>
        <Radio.Group className="radio-lines" options={[
          { value: 'new', label: t(stays ? 'inbox.key_stays' : 'inbox.key_new') },
          { value: 'keep', label: u.key_mark ? t('inbox.key_keep', { mark: u.key_mark }) : t('inbox.key_none'), disabled: !u.key_mark },
        ]} />
      </Form.Item>
    </>
  )
}

interface Adopt extends PointValues { site_id: string; name: string; key: 'new' | 'keep' }

function AdoptDialog({ unknown: u, onClose, onMade }: { unknown: UnknownChargePoint; onClose: () => void; onMade: (s: Shown | undefined, id: string) => void }) {
  const { t } = useTranslation()
  const required = useRequired()
  const sites = useQuery({ queryKey: ['sites', 'pick'], queryFn: ({ signal }) => take(api.GET('/api/v1/sites', { signal, params: { query: { status: 'VALID', limit: 100 } } })) })
  if (sites.isPending) return null
  const first = sites.data?.items.length === 1 ? sites.data.items[0]!.id : undefined
  return (
    <FormDialog<Adopt> title={t('inbox.adopt_title', { identity: u.identity })} ok={t('inbox.adopt')} width={560} onClose={onClose}
      initial={{ site_id: first, name: u.identity, key: 'new', ...pointDefaults }}
      what={sites.data?.items.length === 0 ? t('assets.no_site') : <Told unknown={u} />}
      rename={(p) => (p[0] === 'max_power_w' ? ['max_power_kw'] : p[0] === 'keep_key' ? ['key'] : p)}
      submit={async (v, key) => {
        const made = await take(api.POST('/api/v1/unknown-charge-points/{id}/adopt', {
          body: { site_id: v.site_id, name: v.name.trim(), keep_key: v.key === 'keep' ? u.key_mark : undefined, ...pointBody(v) },
          params: { path: { id: u.id }, header: { 'Idempotency-Key': key } },
        }))
        onMade(made.key ? { identity: made.charge_point.identity, name: made.charge_point.name, key: made.key } : undefined, made.charge_point.id)
      }}>
      <Form.Item name="site_id" label={t('assets.site')} rules={[required]}>
        <Select showSearch={{ optionFilterProp: 'label' }} options={(sites.data?.items ?? []).map((s) => ({ value: s.id, label: s.name }))} />
      </Form.Item>
      <Form.Item name="name" label={t('assets.name')} rules={[required]}><Input maxLength={200} /></Form.Item>
      <PointFields />
      <KeyChoice unknown={u} />
    </FormDialog>
  )
}

function Told({ unknown: u }: { unknown: UnknownChargePoint }) {
  const { t } = useTranslation()
  return (
    <Facts items={[
      [t('inbox.what'), what(u) || t('inbox.silent')],
      Boolean(u.hardware_serial) && [t('points.hardware_serial'), <Mono key="h" value={u.hardware_serial!} />],
      Boolean(u.address) && [t('inbox.address'), u.address],
      u.held_reports > 0 && [t('inbox.held'), t('inbox.held_what', { count: u.held_reports })],
    ]} />
  )
}

interface LinkTo { charge_point_id: string; key: 'new' | 'keep'; reason: string }

/** It is a charge point that is registered, under another name. */
function LinkDialog({ unknown: u, onClose, onDone }: { unknown: UnknownChargePoint; onClose: () => void; onDone: () => void }) {
  const { t } = useTranslation()
  const required = useRequired()
  const [typed, setTyped] = useState('')
  const [q, setQ] = useState('')
  useEffect(() => {
    const timer = setTimeout(() => setQ(typed.trim()), 250)
    return () => clearTimeout(timer)
  }, [typed])
  const detail = useQuery({ queryKey: ['inbox', u.id], queryFn: ({ signal }) => take(api.GET('/api/v1/unknown-charge-points/{id}', { signal, params: { path: { id: u.id } } })) })
  const points = useQuery({ queryKey: ['charge-points', 'pick', q], queryFn: ({ signal }) => take(api.GET('/api/v1/charge-points', { signal, params: { query: { q: q || undefined, status: 'VALID', limit: 20 } } })) })
  if (detail.isPending) return null
  const same = detail.data?.charge_point_id
  const options = (points.data?.items ?? []).map((p) => ({ value: p.id, label: `${p.name} · ${p.identity} · ${p.site_name}` }))
  if (same && !options.some((o) => o.value === same)) options.unshift({ value: same, label: detail.data?.charge_point_name ?? same })
  return (
    <FormDialog<LinkTo> title={t('inbox.link_title', { identity: u.identity })} ok={t('inbox.link_go')} initial={{ charge_point_id: same, key: 'new' }} what={t(same ? 'inbox.link_same' : 'inbox.link_what')}
      rename={(p) => (p[0] === 'keep_key' ? ['key'] : p)} onClose={onClose}
      submit={async (v, key) => {
        await take(api.POST('/api/v1/unknown-charge-points/{id}/alias', {
          body: { charge_point_id: v.charge_point_id, keep_key: v.key === 'keep' ? u.key_mark : undefined, reason: v.reason.trim() },
          params: { path: { id: u.id }, header: { 'Idempotency-Key': key } },
        }))
        onDone()
      }}>
      <Form.Item name="charge_point_id" label={t('nav.points')} rules={[required]}>
        <Select showSearch={{ filterOption: false, onSearch: setTyped }} options={options} loading={points.isFetching} notFoundContent={t('list.no_match')} />
      </Form.Item>
      <KeyChoice unknown={u} stays />
      <Form.Item name="reason" label={t('reset.reason')} rules={[required]}><Input maxLength={200} /></Form.Item>
    </FormDialog>
  )
}

function DoorDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const now = useQuery({ queryKey: ['onboarding'], queryFn: ({ signal }) => take(api.GET('/api/v1/onboarding', { signal })) })
  if (!now.data) return null
  const address = `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}${now.data.path}`
  return (
    <FormDialog<{ knock: 'on' | 'off' }> title={t('inbox.door_title')} ok={t('form.save')} initial={{ knock: now.data.unknown_may_knock ? 'on' : 'off' }} onClose={onClose}
      what={<><p>{t('inbox.door_what')}</p><Mono value={address} /></>}
      submit={async (v) => {
        await take(api.PUT('/api/v1/onboarding', { body: { unknown_may_knock: v.knock === 'on' } }))
        await client.invalidateQueries({ queryKey: ['onboarding'] })
        onClose()
      }}>
      <Form.Item name="knock" label={t('inbox.knock')}>
        <Radio.Group className="radio-lines" options={[{ value: 'on', label: t('inbox.knock_on') }, { value: 'off', label: t('inbox.knock_off') }]} />
      </Form.Item>
    </FormDialog>
  )
}
