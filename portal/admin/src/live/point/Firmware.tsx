// The firmware of one point: what was installed from here, how far it is, and the next.

import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Alert, App, Button, Checkbox, Form, Select } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { ChargePoint, FileProtocol } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'
import { Installs } from '../../firmware/Installs'
import { useMay } from '../../login/me'
import { FormDialog, useRequired } from '../../parts/FormDialog'
import { chargingNow, ProtocolField } from '../commands/dialogs'
import { Reason } from '../commands/fields'

export function Firmware({ point }: { point: ChargePoint }) {
  const { t } = useTranslation()
  const may = useMay()
  const [asking, setAsking] = useState(false)
  const install = may('firmware.write') && <Button type="primary" disabled={!point.online} title={point.online ? undefined : t('fault.charge_point_offline')} onClick={() => setAsking(true)}>{t('firmware.install')}</Button>
  return (
    <>
      <Installs point={point.id} zone={point.time_zone} actions={install} />
      {asking && <InstallDialog point={point} onClose={() => setAsking(false)} />}
    </>
  )
}

const same = (a: string | undefined, b: string) => (a ?? '').trim().toLowerCase() === b.toLowerCase()

function InstallDialog({ point, onClose }: { point: ChargePoint; onClose: () => void }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const { message } = App.useApp()
  const required = useRequired()
  const images = useQuery({
    queryKey: ['firmware-images', 'ready'],
    queryFn: ({ signal }) => take(api.GET('/api/v1/firmware-images', { signal, params: { query: { state: 'ready', limit: 100 } } })),
  })
  const fitting = (images.data?.items ?? []).filter((i) => !i.missing && same(point.vendor, i.vendor) && same(point.model, i.model))
  const charging = chargingNow(point)
  return (
    <FormDialog<{ image_id: string; protocol: FileProtocol | ''; reason: string; now?: boolean }> title={t('firmware.install_of', { point: point.name })} ok={t('firmware.install_go')} danger
      initial={{ protocol: '' }} onClose={onClose}
      what={images.isSuccess && fitting.length === 0 ? t('firmware.none_fits', { model: [point.vendor, point.model].filter(Boolean).join(' ') }) : (
        <>{t('firmware.install_what')}{charging > 0 && <Alert type="warning" showIcon className="space-above" title={t('reset.running', { count: charging })} />}</>
      )}
      submit={async (v, key) => {
        await take(api.POST('/api/v1/charge-points/{id}/firmware', {
          params: { path: { id: point.id }, header: { 'Idempotency-Key': key } },
          body: { image_id: v.image_id, protocol: v.protocol || undefined, reason: v.reason.trim(), now: v.now || undefined },
        }))
        await client.invalidateQueries({ queryKey: ['firmware-installs'] })
        void message.success(t('firmware.asked'))
        onClose()
      }}>
      <Form.Item name="image_id" label={t('firmware.image')} rules={[required]}>
        <Select loading={images.isPending} options={fitting.map((i) => ({ value: i.id, label: `${i.name} · ${i.release}` }))} />
      </Form.Item>
      <ProtocolField />
      {charging > 0 && <Form.Item name="now" valuePropName="checked" extra={t('firmware.now_help')}><Checkbox>{t('firmware.now')}</Checkbox></Form.Item>}
      <Reason required />
    </FormDialog>
  )
}
