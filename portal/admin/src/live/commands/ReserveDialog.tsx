import { useQueryClient } from '@tanstack/react-query'
import { App, Form, Select } from 'antd'
import { useRef } from 'react'
import { useTranslation } from 'react-i18next'
import type { ChargePoint, Command } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'
import { serverNow } from '@ccms/shared/clock'
import { FormDialog, useRequired } from '../../parts/FormDialog'
import { PickWho } from '../PickWho'
import { Reason, renamed } from './fields'

/** How long a connector is kept, in minutes. */
const minutes = [15, 30, 60, 120, 240, 480] as const

interface Values { connector: number; who: string; minutes: number; reason?: string }

/** Keeps a connector for a card; onSent has the command where the charge point was told. */
export function ReserveDialog({ point, connector, onSent, onClose }: { point: ChargePoint; connector?: number; onSent: (c?: Command) => void; onClose: () => void }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const { message } = App.useApp()
  const required = useRequired()
  // The end counts from the first click: a repeat of the same request must say the same.
  const until = useRef({ key: '', at: '' })
  const free = point.connectors.find((c) => c.status === 'Available') ?? point.connectors[0]
  return (
    <FormDialog<Values> title={t('reserve.title', { point: point.name })} ok={t('reserve.go')} what={t('reserve.what')} onClose={onClose}
      initial={{ connector: connector ?? free?.number, minutes: 30 }}
      rename={(p) => (p[0] === 'until' ? ['minutes'] : renamed(p))}
      submit={async (v, key) => {
        if (until.current.key !== key) until.current = { key, at: new Date(serverNow() + v.minutes * 60_000).toISOString() }
        const [kind, ...rest] = v.who.split(':')
        const who = rest.join(':')
        const made = await take(api.POST('/api/v1/reservations', {
          params: { header: { 'Idempotency-Key': key } },
          body: { charge_point_id: point.id, connector: v.connector, until: until.current.at, reason: v.reason?.trim() || undefined, ...(kind === 'token' ? { token_uid: who } : { driver_id: who }) },
        }))
        await client.invalidateQueries({ queryKey: ['reservations'] })
        if (!made.command_id) {
          void message.success(t('reserve.soft'))
          return onSent()
        }
        onSent(await take(api.GET('/api/v1/commands/{id}', { params: { path: { id: made.command_id } } })))
      }}>
      <Form.Item name="connector" label={t('start.connector')} rules={[{ required: true, message: t('form.required') }]}>
        <Select options={[...point.connectors.map((c) => ({ value: c.number, label: c.type ? `${c.number} · ${c.type}` : `${c.number}` })), { value: 0, label: t('reserve.any') }]} />
      </Form.Item>
      <Form.Item name="who" label={t('start.who')} extra={t('start.who_help')} rules={[required]}><PickWho cards /></Form.Item>
      <Form.Item name="minutes" label={t('reserve.for')}>
        <Select options={minutes.map((m) => ({ value: m, label: m < 60 ? t('reserve.minutes', { count: m }) : t('reserve.hours', { count: m / 60 }) }))} />
      </Form.Item>
      <Reason required={false} />
    </FormDialog>
  )
}
