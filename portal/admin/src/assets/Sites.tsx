import { PlusOutlined } from '@ant-design/icons'
import { useQueryClient } from '@tanstack/react-query'
import { App, Button, Form, Input, Select } from 'antd'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Site, SiteNew } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'
import { none, viewerZone } from '@ccms/shared/format'
import { type Column, List } from '../list/List'
import type { Filter, ListState } from '../list/state'
import { useMay, useSignedIn } from '../login/me'
import { FormDialog, useRequired } from '../parts/FormDialog'
import { AssetTag } from '../parts/Status'

const query = (st: ListState) => ({
  name: st.filters.name, status: st.filters.status as Site['status'] | undefined, sort: st.sort, limit: st.limit, cursor: st.cursor,
})

export default function Sites() {
  const { t } = useTranslation()
  const may = useMay()
  const [adding, setAdding] = useState(false)
  const filters = useMemo<Filter[]>(() => [
    { key: 'name', kind: 'text', label: t('col.name') },
    { key: 'status', kind: 'select', label: t('col.status'), options: [{ value: 'VALID', label: t('asset_status.VALID') }, { value: 'INVALID', label: t('asset_status.INVALID') }] },
  ], [t])
  const columns = useMemo<Column<Site>[]>(() => [
    { key: 'name', title: t('col.name'), sort: 'name', cell: (s) => s.name, wide: true },
    { key: 'address', title: t('col.address'), cell: (s) => s.address || none, wide: true },
    { key: 'zone', title: t('col.time_zone'), cell: (s) => s.time_zone },
    { key: 'care', title: t('col.customer_care'), cell: (s) => s.customer_care ?? none },
    { key: 'status', title: t('col.status'), cell: (s) => <AssetTag value={s.status} /> },
  ], [t])
  const add = may('assets.write') && <Button type="primary" icon={<PlusOutlined aria-hidden />} onClick={() => setAdding(true)}>{t('list.add')}</Button>
  return (
    <>
      <List<Site>
        queryKey={['sites']} name="sites" label={t('nav.sites')} filters={filters} columns={columns} defaultSort="name" actions={add}
        load={(st, signal) => take(api.GET('/api/v1/sites', { signal, params: { query: query(st) } }))}
        exports={{ path: '/api/v1/sites', query }}
        rowName={(s) => s.name}
        card={(s) => ({ title: s.name, status: <AssetTag value={s.status} />, facts: [[t('col.address'), s.address || none], [t('col.time_zone'), s.time_zone], [t('col.customer_care'), s.customer_care ?? none]] })}
        empty={{ title: t('sites.empty'), next: t('sites.empty_next'), action: add }}
      />
      {adding && <SiteDialog onClose={() => setAdding(false)} />}
    </>
  )
}

export function useZoneOptions() {
  return useMemo(() => {
    const known = typeof Intl.supportedValuesOf === 'function' ? Intl.supportedValuesOf('timeZone') : []
    return [...new Set(['UTC', ...known])].map((z) => ({ value: z, label: z }))
  }, [])
}

function SiteDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const { message } = App.useApp()
  const me = useSignedIn()
  const required = useRequired()
  const zones = useZoneOptions()
  return (
    <FormDialog<SiteNew> title={t('sites.add')} ok={t('form.save')} initial={{ time_zone: me.operator?.time_zone ?? viewerZone() }} onClose={onClose}
      submit={async (v, key) => {
        const body: SiteNew = { name: v.name.trim(), time_zone: v.time_zone, address: v.address?.trim() || undefined, customer_care: v.customer_care?.trim() || undefined }
        await take(api.POST('/api/v1/sites', { body, params: { header: { 'Idempotency-Key': key } } }))
        await client.invalidateQueries({ queryKey: ['sites'] })
        void message.success(t('form.saved'))
        onClose()
      }}>
      <Form.Item name="name" label={t('sites.name')} rules={[required]}><Input maxLength={100} autoFocus /></Form.Item>
      <Form.Item name="address" label={t('sites.address')}><Input maxLength={300} /></Form.Item>
      <Form.Item name="time_zone" label={t('sites.time_zone')} extra={t('sites.time_zone_help')} rules={[required]}><Select showSearch options={zones} /></Form.Item>
      <Form.Item name="customer_care" label={t('sites.customer_care')}><Input maxLength={40} inputMode="tel" /></Form.Item>
    </FormDialog>
  )
}
