// How the point's settings stand to the template that is for it, above the settings.

import {
  CheckCircleOutlined, ClockCircleOutlined, CloseCircleOutlined, DiffOutlined, LockOutlined, MinusCircleOutlined, QuestionCircleOutlined, SendOutlined, StopOutlined, SyncOutlined,
} from '@ant-design/icons'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Button, Form, Input } from 'antd'
import { type ComponentType, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { ChargePoint, PointSettings } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'
import { none } from '@ccms/shared/format'
import { useMay } from '../../login/me'
import { FormDialog, useRequired } from '../../parts/FormDialog'
import { Tag, type Tone } from '../../parts/Status'
import { When } from '../../parts/Times'

type State = PointSettings['items'][number]['state']

const looks: Record<State, [Tone, ComponentType]> = {
  unread: ['off', QuestionCircleOutlined], same: ['free', CheckCircleOutlined], differs: ['bad', DiffOutlined], sent: ['wait', ClockCircleOutlined],
  taken: ['wait', ClockCircleOutlined], restart: ['wait', SyncOutlined], refused: ['bad', StopOutlined], read_only: ['off', LockOutlined],
  not_supported: ['off', MinusCircleOutlined], not_taken: ['bad', CloseCircleOutlined], failed: ['bad', CloseCircleOutlined],
  skipped: ['off', MinusCircleOutlined],
}
const busy = new Set<PointSettings['phase']>(['waiting', 'reading', 'applying', 'restart', 'restarting'])

export function Template({ point }: { point: ChargePoint }) {
  const { t } = useTranslation()
  const may = useMay()
  const [applying, setApplying] = useState(false)
  const query = useQuery({
    queryKey: ['configuration', point.id, 'template'],
    queryFn: ({ signal }) => take(api.GET('/api/v1/charge-points/{id}/settings', { signal, params: { path: { id: point.id } } })),
    refetchInterval: (q) => (q.state.data && busy.has(q.state.data.phase) ? 3000 : 30_000),
  })
  const g = query.data
  if (!g?.template_id) return null
  return (
    <section className="template" aria-label={t('template.of_point', { name: g.template_name })}>
      <div className="config-bar">
        <span>
          <b>{t('template.of_point', { name: g.template_name })}</b>{' '}
          <span className="quiet">{t(`template.phase.${g.phase}`)}{g.checked_at && <> · {t('template.checked')} <When at={g.checked_at} zone={point.time_zone} /></>}</span>
        </span>
        {may('live.command') && may('live.configure') && (
          <Button icon={<SendOutlined aria-hidden />} disabled={!point.online || g.phase === 'never_asked' || g.phase === 'applying'} onClick={() => setApplying(true)}>{t('template.again')}</Button>
        )}
      </div>
      <div className="scroll-x">
        <table className="table table-config" aria-label={t('template.of_point', { name: g.template_name })}>
          <thead><tr><th scope="col">{t('config.key')}</th><th scope="col">{t('template.wanted')}</th><th scope="col">{t('template.have')}</th><th scope="col">{t('col.status')}</th></tr></thead>
          <tbody>
            {g.items.map((s) => {
              const [tone, icon] = looks[s.state]
              return (
                <tr key={s.key} data-key={s.key}>
                  <td className="mono-text">{s.key}</td>
                  <td className="mono-text" data-label={t('template.wanted')}>{s.at_least ? `≥ ${s.value}` : s.value}</td>
                  <td className="mono-text" data-label={t('template.have')}>{s.have ?? none}</td>
                  <td><Tag tone={tone} icon={icon} text={t(`template.state.${s.state}`)} /></td>
                </tr>
              )
            })}
          </tbody>
        </table>
      </div>
      {applying && <Again point={point} onClose={() => setApplying(false)} />}
    </section>
  )
}

function Again({ point, onClose }: { point: ChargePoint; onClose: () => void }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const required = useRequired()
  return (
    <FormDialog<{ reason: string }> title={t('template.again_title', { name: point.name })} ok={t('template.again')} initial={{}} what={t('template.again_what')} onClose={onClose}
      submit={async (v, key) => {
        await take(api.POST('/api/v1/charge-points/{id}/settings/apply', { body: { reason: v.reason.trim() }, params: { path: { id: point.id }, header: { 'Idempotency-Key': key } } }))
        await client.invalidateQueries({ queryKey: ['configuration', point.id] })
        onClose()
      }}>
      <Form.Item name="reason" label={t('reset.reason')} rules={[required]}><Input maxLength={200} /></Form.Item>
    </FormDialog>
  )
}
