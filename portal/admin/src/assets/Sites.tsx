import { EditOutlined, PlusOutlined } from '@ant-design/icons'
import { useQueryClient } from '@tanstack/react-query'
import { App, Button, Form, Input, Select } from 'antd'
import { useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Site, SiteNew } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'
import { kw, none, scaled, watts } from '@ccms/shared/format'
import { type Column, List } from '../list/List'
import type { Filter, ListState } from '../list/state'
import { useMay, useZone } from '../login/me'
import { Decimal } from '../parts/Decimal'
import { FormDialog, useRequired } from '../parts/FormDialog'
import { AssetTag } from '../parts/Status'
import { ZoneName } from '../parts/Times'
import { SiteInWindow } from '../upkeep/window'
import { positionOf, positionText } from './position'

const query = (st: ListState) => ({
  name: st.filters.name, status: st.filters.status as Site['status'] | undefined, sort: st.sort, limit: st.limit, cursor: st.cursor,
})

export default function Sites() {
  const { t } = useTranslation()
  const may = useMay()
  const [adding, setAdding] = useState(false)
  const [editing, setEditing] = useState<Site>()
  const filters = useMemo<Filter[]>(() => [
    { key: 'name', kind: 'text', label: t('col.name') },
    { key: 'status', kind: 'select', label: t('col.status'), options: [{ value: 'VALID', label: t('asset_status.VALID') }, { value: 'INVALID', label: t('asset_status.INVALID') }] },
  ], [t])
  const edit = (s: Site) => may('assets.write') && (
    <Button size="small" type="text" icon={<EditOutlined aria-hidden />} aria-label={t('sites.edit_of', { name: s.name })} title={t('sites.edit_of', { name: s.name })} onClick={() => setEditing(s)} />
  )
  const columns: Column<Site>[] = [
    { key: 'name', title: t('col.name'), sort: 'name', cell: (s) => <>{s.name} <SiteInWindow site={s} all /></>, wide: true, fixed: true },
    { key: 'address', title: t('col.address'), cell: (s) => s.address || none, wide: 'most' },
    { key: 'zone', title: t('col.time_zone'), cell: (s) => s.time_zone },
    { key: 'position', title: t('sites.position'), cell: (s) => positionText(s.position) || none, off: true },
    { key: 'contracted', title: t('sites.contracted'), note: 'kW', num: true, cell: (s) => (s.contracted_power_w === undefined ? none : kw(s.contracted_power_w)), off: true },
    { key: 'care', title: t('col.customer_care'), cell: (s) => s.customer_care ?? none },
    { key: 'status', title: t('col.status'), cell: (s) => <AssetTag value={s.status} /> },
  ]
  if (may('assets.write')) columns.push({ key: 'operation', title: t('list.operation'), pin: true, cell: edit })
  const add = may('assets.write') && <Button type="primary" icon={<PlusOutlined aria-hidden />} onClick={() => setAdding(true)}>{t('list.add')}</Button>
  return (
    <>
      <List<Site>
        queryKey={['sites']} name="sites" label={t('nav.sites')} filters={filters} columns={columns} defaultSort="name" actions={add}
        load={(st, signal) => take(api.GET('/api/v1/sites', { signal, params: { query: query(st) } }))}
        exports={{ path: '/api/v1/sites', query }}
        rowName={(s) => s.name}
        card={(s) => ({ title: <>{s.name} <SiteInWindow site={s} all /></>, status: <AssetTag value={s.status} />, facts: [[t('col.address'), s.address || none], [t('col.time_zone'), <ZoneName key="z" zone={s.time_zone} />], [t('col.customer_care'), s.customer_care ?? none]], actions: edit(s) })}
        empty={{ title: t('sites.empty'), next: t('sites.empty_next'), action: add }}
      />
      {adding && <SiteDialog onClose={() => setAdding(false)} />}
      {editing && <SiteDialog site={editing} onClose={() => setEditing(undefined)} />}
    </>
  )
}

export function useZoneOptions() {
  return useMemo(() => {
    const known = typeof Intl.supportedValuesOf === 'function' ? Intl.supportedValuesOf('timeZone') : []
    return [...new Set(['UTC', ...known])].map((z) => ({ value: z, label: z }))
  }, [])
}

type Values = Pick<SiteNew, 'name' | 'address' | 'time_zone' | 'customer_care'> & { position?: string; contracted_kw?: string }

const valuesOf = (s: Site): Values => ({ name: s.name, address: s.address, time_zone: s.time_zone, customer_care: s.customer_care, position: positionText(s.position), contracted_kw: s.contracted_power_w === undefined ? undefined : scaled(s.contracted_power_w, 3, 3).replace(/\.?0+$/, '') })

function SiteDialog({ site, onClose }: { site?: Site; onClose: () => void }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const { message } = App.useApp()
  const own = useZone()
  const required = useRequired()
  const zones = useZoneOptions()
  const version = useRef(site?.version ?? 0)
  const label = (name: string) => (name === 'address' ? t('sites.address') : name === 'time_zone' ? t('sites.time_zone') : name === 'customer_care' ? t('sites.customer_care') : name === 'position' ? t('sites.position') : name === 'contracted_kw' ? t('sites.contracted') : t('sites.name'))
  return (
    <FormDialog<Values> title={site ? t('sites.edit_of', { name: site.name }) : t('sites.add')} ok={t('form.save')} onClose={onClose}
      rename={(p) => (p[0] === 'contracted_power_w' ? ['contracted_kw'] : p[0] === 'position' ? ['position'] : p)}
      initial={site ? valuesOf(site) : { time_zone: own }}
      conflict={site && { label, newest: async () => {
        const now = await take(api.GET('/api/v1/sites/{id}', { params: { path: { id: site.id } } }))
        version.current = now.version
        return valuesOf(now)
      } }}
      submit={async (v, key) => {
        const address = v.address?.trim()
        const care = v.customer_care?.trim()
        const contracted = watts(v.contracted_kw)
        const position = positionOf(v.position) ?? null
        if (site) {
          await take(api.PATCH('/api/v1/sites/{id}', {
            body: { name: v.name.trim(), time_zone: v.time_zone, address: address || null, customer_care: care || null, position, contracted_power_w: contracted ?? null },
            params: { path: { id: site.id }, header: { 'If-Match': `"${version.current}"` } },
          }))
        } else {
          await take(api.POST('/api/v1/sites', { body: { name: v.name.trim(), time_zone: v.time_zone, address: address || undefined, customer_care: care || undefined, position: position ?? undefined, contracted_power_w: contracted }, params: { header: { 'Idempotency-Key': key } } }))
        }
        await Promise.all([client.invalidateQueries({ queryKey: ['sites'] }), client.invalidateQueries({ queryKey: ['site-status'] })])
        void message.success(t('form.saved'))
        onClose()
      }}>
      <Form.Item name="name" label={t('sites.name')} rules={[required]}><Input maxLength={200} autoFocus /></Form.Item>
      <Form.Item name="address" label={t('sites.address')}><Input maxLength={300} /></Form.Item>
      <Form.Item name="position" label={t('sites.position')} extra={t('sites.position_help')}
        rules={[{ validator: (_, v: string | undefined) => (positionOf(v) === undefined ? Promise.reject(new Error(t('sites.position_bad'))) : Promise.resolve()) }]}>
        <Input maxLength={60} className="mono-input" />
      </Form.Item>
      <Form.Item name="contracted_kw" label={t('sites.contracted')} extra={t('sites.contracted_help')} rules={[{ pattern: /^\d{1,6}(\.\d{1,3})?$/, message: t('form.number') }]}><Decimal className="price" suffix="kW" /></Form.Item>
      <Form.Item name="time_zone" label={t('sites.time_zone')} extra={t('sites.time_zone_help')} rules={[required]}><Select showSearch options={zones} /></Form.Item>
      <Form.Item name="customer_care" label={t('sites.customer_care')}><Input maxLength={40} inputMode="tel" /></Form.Item>
    </FormDialog>
  )
}
