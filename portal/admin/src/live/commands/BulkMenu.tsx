// One command for the chosen rows.

import { SendOutlined } from '@ant-design/icons'
import { useMutation } from '@tanstack/react-query'
import { Button, Dropdown, Form, Input, Select } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import type { Bulk, BulkNew, ChargePoint } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'
import { useMay } from '../../login/me'
import { FormDialog, useRequired } from '../../parts/FormDialog'
import { bodyOf, bulkAsks, fourDigits, isDangerous, mayWait, needs } from './asks'
import { chargingNow, messages, What } from './dialogs'
import { type Common, commonOf, Reason, renamed, Wait } from './fields'
import { boundsOf, type ProfileValues, renamedProfile } from './profile'
import { clearBody, ClearFields, clearInitial, type ClearValues, profileBody, ProfileFields, profileInitial, renamedClear } from './profiles'

type BulkAsk = (typeof bulkAsks)[number]

export function BulkMenu({ points, clear }: { points: readonly ChargePoint[]; clear: () => void }) {
  const { t } = useTranslation()
  const may = useMay()
  const navigate = useNavigate()
  const [ask, setAsk] = useState<BulkAsk>()
  const started = (b: Bulk) => {
    setAsk(undefined)
    clear()
    void navigate(`/live/bulks/${b.id}`)
  }
  return (
    <>
      <Dropdown trigger={['click']} menu={{
        items: bulkAsks.filter((a) => may(needs(a))).map((a) => ({ key: a, label: t(`points.${a}`), danger: isDangerous(a) })),
        onClick: ({ key }) => setAsk(key as BulkAsk),
      }}>
        <Button size="small" icon={<SendOutlined aria-hidden />}>{t('bulk.send')}</Button>
      </Dropdown>
      {ask && <BulkDialog ask={ask} points={points} onStarted={started} onClose={() => setAsk(undefined)} />}
    </>
  )
}

/** Seconds between two points of one site. */
const pauses = [0, 1, 2, 5, 15, 30, 60, 300] as const
/** As the server has them, where nobody says another. */
const pauseOf = (ask: BulkAsk) => (ask.endsWith('reset') ? 15 : ask === 'trigger' || ask === 'clear_cache' ? 1 : 2)

interface Own { message: string; interval: number; digits: string }
type Values = Own & Common & ProfileValues & ClearValues

/** Of many points nothing is known that all of them have told: each is asked as it can be. */
const anyPoint = boundsOf(undefined)

function BulkDialog({ ask, points, onStarted, onClose }: {
  ask: BulkAsk; points: readonly ChargePoint[]; onStarted: (b: Bulk) => void; onClose: () => void
}) {
  const { t } = useTranslation()
  const required = useRequired()
  const [digits] = useState(fourDigits)
  const start = useMutation({
    mutationFn: (v: { body: BulkNew; key: string }) => take(api.POST('/api/v1/command-bulks', { params: { header: { 'Idempotency-Key': v.key } }, body: v.body })),
  })
  const offline = points.filter((p) => !p.online).length
  const running = points.reduce((n, p) => n + chargingNow(p), 0)
  // What the one with the fewest connectors has, all of them have.
  const connectors = Array.from({ length: Math.min(...points.map((p) => p.connectors.length)) }, (_, i) => ({ value: i + 1, label: String(i + 1) }))
  const sites = new Set(points.map((p) => p.site_id)).size
  return (
    <FormDialog<Values> title={t('bulk.title', { what: t(`bulk.what.${ask}`), count: points.length })} ok={t('bulk.go', { count: points.length })} danger={isDangerous(ask)}
      rename={ask === 'set_profile' ? renamedProfile : ask === 'clear_profile' ? renamedClear : renamed} width={ask === 'set_profile' ? 640 : undefined} onClose={onClose}
      initial={{ message: messages[0], interval: pauseOf(ask), wait: 0, ...(ask === 'set_profile' ? profileInitial('A') : ask === 'clear_profile' ? clearInitial() : {}) }}
      what={(
        <What ask={ask} running={running} many>
          <p className="space-above">{t('bulk.which', { count: points.length, sites: t('bulk.sites', { count: sites }) })}</p>
          {offline > 0 && <p className="quiet">{t('bulk.offline', { count: offline })}</p>}
        </What>
      )}
      submit={async (v, key) => onStarted(await start.mutateAsync({ key, body: {
        ...bodyOf(ask) as { type: BulkNew['type'] }, ...(ask === 'trigger' ? { requested_message: v.message } : ask === 'set_profile' ? profileBody(v) : ask === 'clear_profile' ? clearBody(v) : {}),
        charge_point_ids: points.map((p) => p.id), interval_s: v.interval, ...commonOf(v),
      } }))}>
      {(form) => (
        <>
          {ask === 'set_profile' && <ProfileFields form={form} bounds={anyPoint} connectors={connectors} />}
          {ask === 'clear_profile' && <ClearFields connectors={connectors} many />}
          {ask === 'trigger' && <Form.Item name="message" label={t('trigger.message')}><Select options={messages.map((m) => ({ value: m, label: m }))} /></Form.Item>}
          <Form.Item name="interval" label={t('bulk.interval')} extra={t('bulk.interval_help')}>
            <Select options={pauses.map((n) => ({ value: n, label: n === 0 ? t('bulk.at_once') : t('bulk.seconds', { count: n }) }))} />
          </Form.Item>
          {mayWait(ask) && <Wait refuse />}
          <Reason required />
          <Form.Item name="digits" label={t('bulk.digits', { digits })} extra={t('bulk.digits_help')}
            rules={[required, { validator: (_, v: string) => (v && v.trim() !== digits ? Promise.reject(new Error(t('bulk.digits_wrong'))) : Promise.resolve()) }]}>
            <Input className="mono-input digits" inputMode="numeric" autoComplete="off" maxLength={4} />
          </Form.Item>
        </>
      )}
    </FormDialog>
  )
}
