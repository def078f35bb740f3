// The devices that stood in the place of this charge point, and putting another there.

import { SwapOutlined } from '@ant-design/icons'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Alert, Button, Form, Input, Radio } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { ChargePoint, Device } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'
import { none } from '@ccms/shared/format'
import { KeyDialog, type Shown } from '../../assets/KeyDialog'
import { useMay } from '../../login/me'
import { FormDialog, useRequired } from '../../parts/FormDialog'
import { Mono } from '../../parts/Mono'
import { Blank, Failed } from '../../parts/PageStates'
import { PageSkeleton } from '../../parts/Skeletons'
import { When } from '../../parts/Times'

export function Hardware({ point }: { point: ChargePoint }) {
  const { t } = useTranslation()
  const may = useMay()
  const [swapping, setSwapping] = useState(false)
  const [shown, setShown] = useState<Shown>()
  // Another serial number in the point's row means another history.
  const query = useQuery({
    queryKey: ['hardware', point.id, point.hardware_serial],
    queryFn: ({ signal }) => take(api.GET('/api/v1/charge-points/{id}/hardware', { signal, params: { path: { id: point.id } } })),
  })
  if (query.isPending) return <PageSkeleton />
  if (query.isError) return <Failed error={query.error} title={t('list.error')} retry={() => void query.refetch()} />
  const all = query.data.items
  const now = all[0]
  const swap = may('assets.write') && <Button icon={<SwapOutlined aria-hidden />} onClick={() => setSwapping(true)}>{t('hardware.swap')}</Button>
  return (
    <>
      {now && !now.confirmed && <Alert type="warning" showIcon className="form-alert" title={t('hardware.another', { serial: now.hardware_serial, before: all[1]?.hardware_serial ?? none })} action={swap || undefined} />}
      <div className="config-bar"><span className="quiet">{t('hardware.what')}</span>{(!now || now.confirmed) && swap}</div>
      {all.length === 0 ? <Blank title={t('hardware.empty')} next={t('hardware.empty_next')} /> : (
        <div className="scroll-x">
          <table className="table" aria-label={t('hardware.title')}>
            <thead><tr><th scope="col">{t('points.hardware_serial')}</th><th scope="col">{t('points.vendor')}</th><th scope="col">{t('points.firmware')}</th><th scope="col">{t('hardware.from')}</th><th scope="col">{t('hardware.until')}</th><th scope="col">{t('hardware.how')}</th></tr></thead>
            <tbody>
              {all.map((d) => (
                <tr key={`${d.hardware_serial} ${d.from}`}>
                  <td>{d.hardware_serial ? <Mono value={d.hardware_serial} /> : <span className="quiet">{t('hardware.awaited')}</span>}</td>
                  <td>{[d.vendor, d.model].filter(Boolean).join(' ') || none}</td>
                  <td>{d.firmware ?? none}</td>
                  <td>{d.from ? <When at={d.from} zone={point.time_zone} /> : none}</td>
                  <td>{d.until ? <When at={d.until} zone={point.time_zone} /> : t('hardware.now')}</td>
                  <td>{[t(`hardware.origin.${d.origin}`), d.reason, d.actor].filter(Boolean).join(' · ')}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {swapping && <SwapDialog point={point} now={now} onClose={() => setSwapping(false)} onDone={(s) => { setSwapping(false); setShown(s) }} />}
      {shown && <KeyDialog shown={shown} onClose={() => setShown(undefined)} />}
    </>
  )
}

function SwapDialog({ point, now, onClose, onDone }: { point: ChargePoint; now?: Device; onClose: () => void; onDone: (s?: Shown) => void }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const required = useRequired()
  const seen = now && !now.confirmed
  return (
    <FormDialog<{ reason: string; key: 'new' | 'keep' }> title={t('hardware.swap_title', { name: point.name })} ok={t('hardware.swap')} initial={{ key: seen ? 'keep' : 'new' }}
      what={seen ? t('hardware.seen_what', { serial: now.hardware_serial }) : t('hardware.swap_what')} onClose={onClose}
      submit={async (v, key) => {
        const made = await take(api.POST('/api/v1/charge-points/{id}/swap', { body: { reason: v.reason.trim(), keep_key: v.key === 'keep' || undefined }, params: { path: { id: point.id }, header: { 'Idempotency-Key': key } } }))
        for (const k of ['hardware', 'charge-point', 'configuration']) void client.invalidateQueries({ queryKey: [k, point.id] })
        onDone(made.key ? { identity: point.identity, name: point.name, key: made.key } : undefined)
      }}>
      <Form.Item name="key" label={t('inbox.key')}>
        <Radio.Group className="radio-lines" options={[{ value: 'new', label: t('hardware.key_new') }, { value: 'keep', label: t('hardware.key_keep') }]} />
      </Form.Item>
      <Form.Item name="reason" label={t('reset.reason')} rules={[required]}><Input maxLength={200} /></Form.Item>
    </FormDialog>
  )
}
