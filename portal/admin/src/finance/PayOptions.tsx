// How drivers pay: which ways are offered, with which keys. Keys are typed and never shown.

import { ApiOutlined, CheckCircleOutlined, ExclamationCircleOutlined, MinusCircleOutlined, MobileOutlined, SettingOutlined } from '@ant-design/icons'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { App, Button, Checkbox, Form, Input } from 'antd'
import { useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { PaymentOption } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'
import { useMay, useSignedIn, useZone } from '../login/me'
import { Facts } from '../parts/Facts'
import { FormDialog } from '../parts/FormDialog'
import { Mono } from '../parts/Mono'
import { Failed } from '../parts/PageStates'
import { useProblemText } from '../parts/ProblemText'
import { PageSkeleton } from '../parts/Skeletons'
import { Tag } from '../parts/Status'
import { When } from '../parts/Times'
import { word } from '../parts/words'

export function usePayOptions(on = true) {
  return useQuery({
    queryKey: ['payment-options'], enabled: on,
    queryFn: ({ signal }) => take(api.GET('/api/v1/payment-options', { signal })),
  })
}

export default function PayOptions() {
  const { t } = useTranslation()
  const query = usePayOptions()
  const [editing, setEditing] = useState<PaymentOption>()
  if (query.isPending) return <PageSkeleton />
  if (query.isError) return <Failed error={query.error} title={t('list.error')} retry={() => void query.refetch()} />
  return (
    <article className="ledger">
      <header className="record-head"><p className="quiet">{t('payments.options_what')}</p></header>
      {query.data.items.map((o) => <Option key={o.method} option={o} onEdit={() => setEditing(o)} />)}
      {editing && <OptionDialog option={editing} onClose={() => setEditing(undefined)} />}
    </article>
  )
}

function Option({ option: o, onEdit }: { option: PaymentOption; onEdit: () => void }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const { message } = App.useApp()
  const me = useSignedIn()
  const may = useMay()
  const text = useProblemText()
  const [busy, setBusy] = useState(false)
  const zone = useZone()
  const name = word(t, 'pay_method', o.method)
  const test = async () => {
    setBusy(true)
    try {
      const done = await take(api.POST('/api/v1/payment-options/{method}/test', { params: { path: { method: o.method } } }))
      if (done.test_failure) void message.error(done.test_failure, 8)
      else void message.success(t('payments.test_good'))
    } catch (e) {
      void message.error(text(e), 8)
    } finally {
      setBusy(false)
      await client.invalidateQueries({ queryKey: ['payment-options'] })
    }
  }
  return (
    <section className="record-tabs" aria-label={name}>
      <div className="pay-option">
        <div className="record-name">
          <h2>{name}</h2>
          {o.ready ? <Tag tone="free" icon={CheckCircleOutlined} text={t('payments.offered')} /> : <Tag tone="off" icon={MinusCircleOutlined} text={t('payments.not_offered')} />}
          {o.ready && o.guests && <Tag tone="busy" icon={MobileOutlined} text={t('source.GUEST')} />}
          {o.test_failure && <Tag tone="bad" icon={ExclamationCircleOutlined} text={t('payments.test_bad')} />}
        </div>
        {!me.sub_operator && may('finance.write') && (
          <span className="row-actions">
            {o.provider && o.key_set && <Button icon={<ApiOutlined aria-hidden />} loading={busy} onClick={() => void test()} aria-label={t('payments.test_of', { name })}>{t('payments.test')}</Button>}
            <Button icon={<SettingOutlined aria-hidden />} onClick={onEdit} aria-label={t('payments.set_up_of', { name })}>{t('payments.set_up')}</Button>
          </span>
        )}
      </div>
      <p className="quiet">{word(t, 'pay_method_what', o.method)}</p>
      {o.provider && (
        <div className="pay-facts"><Facts items={[
          [t('payments.key'), o.key_set ? t('payments.key_ends', { end: o.key_ends ?? '' }) : t('payments.key_none')],
          [t(o.method === 'paypal' ? 'payments.webhook_id' : 'payments.webhook'), o.webhook_set ? t('payments.set') : t('payments.key_none')],
          Boolean(o.webhook_path) && [t('payments.webhook_address'), <Mono key="w" value={window.location.origin + (o.webhook_path ?? '')} />],
          Boolean(o.tested_at) && [t('payments.tested'), <span key="t"><When at={o.tested_at!} zone={zone} />{o.test_failure ? ` · ${o.test_failure}` : ` · ${t('payments.test_good')}`}</span>],
        ]} /></div>
      )}
    </section>
  )
}

interface Values { enabled?: boolean; guests?: boolean; client_id?: string; secret_key?: string; webhook_secret?: string }

function OptionDialog({ option: o, onClose }: { option: PaymentOption; onClose: () => void }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const { message } = App.useApp()
  const name = word(t, 'pay_method', o.method)
  const typed = (v?: string) => (v?.trim() ? v.trim() : undefined)
  const version = useRef(o.version)
  return (
    <FormDialog<Values> title={t('payments.set_up_of', { name })} ok={t('form.save')} initial={{ enabled: o.enabled, guests: o.guests, client_id: o.client_id }} onClose={onClose}
      what={o.provider ? t('payments.keys_what') : word(t, 'pay_method_what', o.method)}
      conflict={{
        label: (field) => t(field === 'enabled' ? 'payments.offer' : field === 'guests' ? 'payments.guests' : field === 'client_id' ? 'payments.client_id' : field === 'secret_key' ? 'payments.key' : o.method === 'paypal' ? 'payments.webhook_id' : 'payments.webhook'),
        // Keys are never shown, not even to who typed them.
        show: (field, value) => (field === 'enabled' || field === 'guests' ? t(value ? 'yes' : 'no') : field === 'client_id' ? undefined : t(value ? 'payments.set' : 'payments.key_none')),
        newest: async () => {
          const now = (await take(api.GET('/api/v1/payment-options'))).items.find((x) => x.method === o.method)
          version.current = now?.version ?? version.current
          return { enabled: now?.enabled, guests: now?.guests, client_id: now?.client_id }
        },
      }}
      submit={async (v) => {
        await take(api.PUT('/api/v1/payment-options/{method}', {
          params: { path: { method: o.method }, header: { 'If-Match': `"${version.current}"` } },
          body: { enabled: Boolean(v.enabled), guests: o.provider ? Boolean(v.guests) : undefined, client_id: o.method === 'paypal' ? typed(v.client_id) : undefined, secret_key: typed(v.secret_key), webhook_secret: typed(v.webhook_secret) },
        }))
        await client.invalidateQueries({ queryKey: ['payment-options'] })
        void message.success(t('form.saved'))
        onClose()
      }}>
      {o.method === 'paypal' && <Form.Item name="client_id" label={t('payments.client_id')}><Input maxLength={500} autoComplete="off" /></Form.Item>}
      {o.provider && (
        <>
          <Form.Item name="secret_key" label={t('payments.key')} extra={o.key_set ? t('payments.key_stays', { end: o.key_ends ?? '' }) : undefined}>
            <Input.Password maxLength={500} autoComplete="new-password" visibilityToggle={false} />
          </Form.Item>
          <Form.Item name="webhook_secret" label={t(o.method === 'paypal' ? 'payments.webhook_id' : 'payments.webhook')} extra={o.webhook_set ? t('payments.webhook_stays') : undefined}>
            <Input.Password maxLength={500} autoComplete="new-password" visibilityToggle={false} />
          </Form.Item>
        </>
      )}
      <Form.Item name="enabled" valuePropName="checked"><Checkbox>{t('payments.offer')}</Checkbox></Form.Item>
      {o.provider && <Form.Item name="guests" valuePropName="checked" extra={t('payments.guests_what')}><Checkbox>{t('payments.guests')}</Checkbox></Form.Item>}
    </FormDialog>
  )
}
