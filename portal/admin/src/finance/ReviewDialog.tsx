// What a person makes of a session that waits for one: bill it as it stands or corrected,
// or take nothing. Once, with a reason.

import { useQueryClient } from '@tanstack/react-query'
import { Alert, App, Form, Input, Radio } from 'antd'
import { useTranslation } from 'react-i18next'
import type { SessionDetail } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'
import { instant, kwh, zoneName } from '@ccms/shared/format'
import { PickWho } from '../live/PickWho'
import { Decimal } from '../parts/Decimal'
import { FormDialog, useRequired } from '../parts/FormDialog'
import { word } from '../parts/words'

interface Values { verdict: 'bill' | 'void'; energy?: string; from?: string; to?: string; who?: string; reason: string }

/** What a field for a date and a time holds, by the clock of the zone. */
const typed = (local: string | undefined, zone: string) => {
  const [day = '', clock = ''] = (local ?? '').split('T')
  return instant(day, clock, zone)
}

/** kWh as typed, in Wh; the form has checked the shape. */
const watthours = (typed: string | undefined) => {
  const m = /^(\d{1,7})(?:\.(\d{1,3}))?$/.exec((typed ?? '').trim())
  return m ? Number(m[1]) * 1000 + Number((m[2] ?? '').padEnd(3, '0')) : undefined
}

const field: Record<string, string> = { energy_wh: 'energy', started_at: 'from', ended_at: 'to', driver_id: 'who' }

export function ReviewDialog({ session: s, onClose }: { session: SessionDetail; onClose: () => void }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const { message } = App.useApp()
  const required = useRequired()
  const zone = s.time_zone ?? 'UTC'
  return (
    <FormDialog<Values> title={t('review.title', { id: s.transaction_id ?? '' })} ok={t('review.go')} width={560} initial={{ verdict: 'bill' }} onClose={onClose}
      what={(
        <>
          {t('review.what')}
          {s.flags.length > 0 && <Alert className="space-above" type="warning" title={<ul className="plain">{s.flags.map((f) => <li key={f}>{word(t, 'flag', f)}</li>)}</ul>} />}
        </>
      )}
      rename={(p) => (typeof p[0] === 'string' && field[p[0]] ? [field[p[0]]!] : p)}
      submit={async (v, key) => {
        const bills = v.verdict === 'bill'
        const fresh = await take(api.POST('/api/v1/sessions/{id}/review', {
          params: { path: { id: s.id }, header: { 'Idempotency-Key': key } },
          body: {
            verdict: v.verdict, reason: v.reason.trim(),
            ...(bills && { energy_wh: watthours(v.energy), started_at: typed(v.from, zone), ended_at: typed(v.to, zone), driver_id: v.who?.replace('driver:', '') }),
          },
        }))
        client.setQueryData(['session', s.id], fresh)
        await Promise.all(['sessions', 'drivers', 'postings', 'trial-balance', 'home'].map((k) => client.invalidateQueries({ queryKey: [k] })))
        void message.success(t('review.done'))
        onClose()
      }}>
      {(form) => (
        <>
          <Form.Item name="verdict" label={t('review.verdict')}>
            <Radio.Group options={[{ value: 'bill', label: t('review.bill') }, { value: 'void', label: t('review.void') }]} />
          </Form.Item>
          <Form.Item noStyle shouldUpdate={(a: Values, b: Values) => a.verdict !== b.verdict}>
            {() => form.getFieldValue('verdict') === 'bill' && (
              <>
                {!s.charging_account && (
                  <Form.Item name="who" label={t('review.who')} rules={[required]} extra={t('review.who_help')}><PickWho /></Form.Item>
                )}
                <Form.Item name="energy" label={`${t('review.energy')} (${t('form.optional')})`} extra={t('review.energy_help', { energy: kwh(s.energy_wh) })}
                  rules={[{ pattern: /^\d{1,7}(\.\d{1,3})?$/, message: t('form.number') }]}>
                  <Decimal suffix="kWh" />
                </Form.Item>
                <Form.Item name="from" label={`${t('review.from')} (${t('form.optional')})`}><Input type="datetime-local" step={1} /></Form.Item>
                <Form.Item name="to" label={`${t('review.to')} (${t('form.optional')})`} extra={t('review.times_help', { zone: zoneName(zone) })}><Input type="datetime-local" step={1} /></Form.Item>
              </>
            )}
          </Form.Item>
          <Form.Item name="reason" label={t('profiles.reason')} extra={t('review.reason_help')} rules={[required]}><Input maxLength={200} dir="auto" /></Form.Item>
        </>
      )}
    </FormDialog>
  )
}
