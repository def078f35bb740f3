import { useQueryClient } from '@tanstack/react-query'
import { App, Form, Input, Radio } from 'antd'
import { useTranslation } from 'react-i18next'
import { api, take } from '@ccms/shared/client'
import { viewerZone } from '@ccms/shared/format'
import { FormDialog, useRequired } from '../parts/FormDialog'
import { PickMany, picks } from '../users/PickMany'

interface Values { of: 'site' | 'point'; site?: string; point?: string; from?: string; until?: string; reason?: string }

const iso = (local: string | undefined) => (local ? new Date(local).toISOString() : undefined)

/** Plans a window; of one charge point where the dialog is opened from its page. */
export function WindowDialog({ point, onClose }: { point?: { id: string; name: string }; onClose: () => void }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const { message } = App.useApp()
  const required = useRequired()
  return (
    <FormDialog<Values> title={point ? t('window.add_of', { point: point.name }) : t('window.add')} ok={t('window.add_go')} what={t('window.what')} onClose={onClose}
      initial={point ? { of: 'point', point: point.id } : { of: 'site' }}
      rename={(p) => (p[0] === 'site_id' ? ['site'] : p[0] === 'charge_point_id' ? ['point'] : p)}
      submit={async (v, key) => {
        const which = point ? { charge_point_id: point.id } : v.of === 'site' ? { site_id: v.site } : { charge_point_id: v.point }
        await take(api.POST('/api/v1/maintenance-windows', {
          params: { header: { 'Idempotency-Key': key } },
          body: { ...which, from: iso(v.from), until: iso(v.until) ?? '', reason: v.reason?.trim() ?? '' },
        }))
        await client.invalidateQueries({ queryKey: ['windows'] })
        void message.success(t('form.saved'))
        onClose()
      }}>
      {(form) => (
        <>
          {!point && (
            <>
              <Form.Item name="of" label={t('window.of')}>
                <Radio.Group options={[{ value: 'site', label: t('window.of_site') }, { value: 'point', label: t('window.of_point') }]} />
              </Form.Item>
              <Form.Item noStyle shouldUpdate={(a: Values, b: Values) => a.of !== b.of}>
                {() => (form.getFieldValue('of') === 'site'
                  ? <Form.Item name="site" label={t('col.station')} rules={[required]}><PickMany one from={picks.sites} /></Form.Item>
                  : <Form.Item name="point" label={t('col.point_name')} rules={[required]}><PickMany one from={picks.points} /></Form.Item>)}
              </Form.Item>
            </>
          )}
          <Form.Item name="from" label={`${t('window.from')} (${t('form.optional')})`} extra={t('window.from_help')}><Input type="datetime-local" /></Form.Item>
          <Form.Item name="until" label={t('window.until')} rules={[required]} extra={t('window.until_help', { zone: viewerZone() })}><Input type="datetime-local" /></Form.Item>
          <Form.Item name="reason" label={t('window.reason')} rules={[required]} extra={t('window.reason_help')}><Input maxLength={200} /></Form.Item>
        </>
      )}
    </FormDialog>
  )
}
