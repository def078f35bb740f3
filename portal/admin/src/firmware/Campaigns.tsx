import { PlusOutlined } from '@ant-design/icons'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Button, Form, Input, InputNumber, Select, Space } from 'antd'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useNavigate } from 'react-router'
import type { FileProtocol, FirmwareCampaign } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'
import { none } from '@ccms/shared/format'
import { type Column, List } from '../list/List'
import { paged } from '../list/state'
import { ProtocolField } from '../live/commands/dialogs'
import { Reason } from '../live/commands/fields'
import { useMay, useZone } from '../login/me'
import { FormDialog, useRequired } from '../parts/FormDialog'
import { CampaignTag } from '../parts/Status'
import { When } from '../parts/Times'

export function Campaigns() {
  const { t } = useTranslation()
  const may = useMay()
  const zone = useZone()
  const [adding, setAdding] = useState(false)
  const columns = useMemo<Column<FirmwareCampaign>[]>(() => [
    { key: 'name', title: t('col.name'), fixed: true, wide: true, cell: (c) => <Link to={`/assets/firmware/campaigns/${c.id}`}>{c.name}</Link> },
    { key: 'state', title: t('col.state'), cell: (c) => <CampaignTag value={c.state} />, wide: true },
    { key: 'total', title: t('firmware.total'), num: true, cell: (c) => c.total },
    { key: 'window', title: t('firmware.window'), cell: (c) => (c.window_from ? `${c.window_from}–${c.window_to}` : t('firmware.any_time')) },
    { key: 'created', title: t('col.time'), note: zone, sort: 'created_at', cell: (c) => <When at={c.created_at} zone={zone} /> },
    { key: 'ended', title: t('firmware.ended'), cell: (c) => <When at={c.ended_at} zone={zone} /> },
  ], [t, zone])
  const add = may('firmware.write') && <Button type="primary" icon={<PlusOutlined aria-hidden />} onClick={() => setAdding(true)}>{t('firmware.campaign_add')}</Button>
  return (
    <>
      <List<FirmwareCampaign>
        queryKey={['firmware-campaigns']} name="firmware_campaigns" label={t('firmware.campaigns')} columns={columns} defaultSort="-created_at" actions={add} refetchMs={10_000}
        load={(st, signal) => take(api.GET('/api/v1/firmware-campaigns', { signal, params: { query: paged(st) } }))}
        exports={{ path: '/api/v1/firmware-campaigns', query: paged }}
        rowName={(c) => c.name}
        card={(c) => ({
          title: <Link to={`/assets/firmware/campaigns/${c.id}`}>{c.name}</Link>, status: <CampaignTag value={c.state} />,
          facts: [[t('firmware.total'), c.total], [t('col.time'), <When key="w" at={c.created_at} zone={zone} />], [t('firmware.window'), c.window_from ? `${c.window_from}–${c.window_to}` : none]],
        })}
        empty={{ title: t('firmware.no_campaign'), next: t('firmware.no_campaign_next'), action: add }}
      />
      {adding && <CampaignDialog onClose={() => setAdding(false)} />}
    </>
  )
}

interface Values {
  name: string; image_id: string; rollback_image_id?: string; site_id?: string; canary_percent: number; parallel: number
  window_from?: string; window_to?: string; protocol: FileProtocol | ''; reason: string
}

function CampaignDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const client = useQueryClient()
  const required = useRequired()
  const images = useQuery({
    queryKey: ['firmware-images', 'ready'],
    queryFn: ({ signal }) => take(api.GET('/api/v1/firmware-images', { signal, params: { query: { state: 'ready', limit: 100 } } })),
  })
  const sites = useQuery({ queryKey: ['sites', 'choose'], queryFn: ({ signal }) => take(api.GET('/api/v1/sites', { signal, params: { query: { limit: 100, sort: 'name' } } })) })
  const options = (images.data?.items ?? []).map((i) => ({ value: i.id, label: `${i.name} · ${i.vendor} ${i.model} · ${i.release}` }))
  const clock = { pattern: /^([01]\d|2[0-3]):[0-5]\d$/, message: t('firmware.window_bad') }
  return (
    <FormDialog<Values> title={t('firmware.campaign_add')} ok={t('firmware.campaign_go')} danger what={t('firmware.campaign_what')} width={560}
      initial={{ canary_percent: 5, parallel: 10, protocol: '' }} onClose={onClose}
      submit={async (v, key) => {
        const made = await take(api.POST('/api/v1/firmware-campaigns', {
          params: { header: { 'Idempotency-Key': key } },
          body: { name: v.name.trim(), image_id: v.image_id, rollback_image_id: v.rollback_image_id, site_id: v.site_id, canary_percent: v.canary_percent, parallel: v.parallel,
            window_from: v.window_from || undefined, window_to: v.window_to || undefined, protocol: v.protocol || undefined, reason: v.reason.trim() },
        }))
        await client.invalidateQueries({ queryKey: ['firmware-campaigns'] })
        onClose()
        void navigate(`/assets/firmware/campaigns/${made.id}`)
      }}>
      <Form.Item name="name" label={t('col.name')} rules={[required]}><Input maxLength={100} autoFocus /></Form.Item>
      <Form.Item name="image_id" label={t('firmware.image')} rules={[required]}><Select loading={images.isPending} options={options} showSearch={{ optionFilterProp: 'label' }} /></Form.Item>
      <Form.Item name="rollback_image_id" label={`${t('firmware.rollback_image')} (${t('form.optional')})`} extra={t('firmware.rollback_help')}><Select allowClear options={options} /></Form.Item>
      <Form.Item name="site_id" label={`${t('firmware.site')} (${t('form.optional')})`}>
        <Select allowClear placeholder={t('firmware.all_sites')} options={(sites.data?.items ?? []).map((s) => ({ value: s.id, label: s.name }))} showSearch={{ optionFilterProp: 'label' }} />
      </Form.Item>
      <Space wrap align="start">
        <Form.Item name="canary_percent" label={t('firmware.canary_percent')} extra={t('firmware.canary_help')} className="half"><InputNumber min={0} max={100} suffix="%" /></Form.Item>
        <Form.Item name="parallel" label={t('firmware.parallel')} className="half"><InputNumber min={1} max={500} /></Form.Item>
      </Space>
      <Space wrap align="start">
        <Form.Item name="window_from" label={`${t('firmware.window_from')} (${t('form.optional')})`} extra={t('firmware.window_help')} rules={[clock]} className="half"><Input maxLength={5} inputMode="numeric" placeholder="01:00" className="mono-input clock" /></Form.Item>
        <Form.Item name="window_to" label={`${t('firmware.window_to')} (${t('form.optional')})`} rules={[clock]} className="half"><Input maxLength={5} inputMode="numeric" placeholder="05:00" className="mono-input clock" /></Form.Item>
      </Space>
      <ProtocolField />
      <Reason required />
    </FormDialog>
  )
}
