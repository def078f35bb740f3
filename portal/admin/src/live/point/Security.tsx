// How the point shows who it is: what it must fulfil and what it did, its certificates, and
// changes of key and profile on their way.

import {
  CheckCircleOutlined, ClockCircleOutlined, CloseCircleOutlined, ExclamationCircleOutlined, KeyOutlined, SafetyCertificateOutlined, StopOutlined, UpOutlined,
} from '@ant-design/icons'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Alert, App, Button, Checkbox, Form, Input, Select } from 'antd'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { ChargePoint, Command, PointSecurity, SecurityChange } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'
import { newKey } from '@ccms/shared/key'
import { useMay } from '../../login/me'
import { Facts } from '../../parts/Facts'
import { FormDialog, useRequired } from '../../parts/FormDialog'
import { Mono } from '../../parts/Mono'
import { Failed } from '../../parts/PageStates'
import { useProblemText } from '../../parts/ProblemText'
import { PageSkeleton } from '../../parts/Skeletons'
import { Tag, type Tone } from '../../parts/Status'
import { When } from '../../parts/Times'
import { word } from '../../parts/words'
import { ResultDialog } from '../commands/ResultDialog'
import { usePolling } from '../stream'
import { CertificateTag } from '../../assets/CertificateTag'
import { SecurityEvents } from './SecurityEvents'

type Dialog = 'key' | 'upgrade' | 'least' | 'root'

export function Security({ point }: { point: ChargePoint }) {
  const { t } = useTranslation()
  const may = useMay()
  const client = useQueryClient()
  const { message } = App.useApp()
  const text = useProblemText()
  const polling = usePolling()
  const [dialog, setDialog] = useState<Dialog>()
  const [sent, setSent] = useState<Command>()
  const key = ['security', point.id]
  const query = useQuery({
    queryKey: key,
    queryFn: ({ signal }) => take(api.GET('/api/v1/charge-points/{id}/security', { signal, params: { path: { id: point.id } } })),
    refetchInterval: polling,
  })
  // A change shows in the row of the point, which the stream brings.
  useEffect(() => { void client.invalidateQueries({ queryKey: ['security', point.id] }) }, [client, point])
  if (query.isPending) return <PageSkeleton />
  if (query.isError) return <Failed error={query.error} title={t('list.error')} retry={() => void query.refetch()} />
  const s = query.data
  const zone = point.time_zone
  const ask = async (type: 'request_certificate' | 'get_certificates') => {
    try {
      setSent(await take(api.POST('/api/v1/charge-points/{id}/certificate-commands', { params: { path: { id: point.id }, header: { 'Idempotency-Key': newKey() } }, body: { type } })))
    } catch (e) {
      void message.error(text(e))
    }
  }
  const close = () => setDialog(undefined)
  const done = () => { close(); void client.invalidateQueries({ queryKey: ['security'] }) }
  return (
    <>
      {may('security.write') && (
        <div className="config-bar">
          <span className="row-buttons wrap">
            <Button icon={<KeyOutlined aria-hidden />} onClick={() => setDialog('key')}>{t('security.key_change')}</Button>
            <Button icon={<UpOutlined aria-hidden />} disabled={(s.met ?? 1) >= 3} onClick={() => setDialog('upgrade')}>{t('security.upgrade')}</Button>
            <Button icon={<SafetyCertificateOutlined aria-hidden />} disabled={!point.online} onClick={() => void ask('request_certificate')}>{t('security.request')}</Button>
            <Button disabled={!point.online} onClick={() => setDialog('root')}>{t('security.root')}</Button>
            <Button disabled={!point.online} onClick={() => void ask('get_certificates')}>{t('security.read_roots')}</Button>
            <Button onClick={() => setDialog('least')}>{t('security.least')}</Button>
          </span>
        </div>
      )}
      {s.refused_at && (!s.met_at || s.refused_at > s.met_at) && (
        <Alert type="warning" showIcon className="space-below" title={<>{t('security.refused')} <When at={s.refused_at} zone={zone} />: {s.refused_why}</>} />
      )}
      <Facts items={[
        [t('security.met'), s.met === undefined ? t('points.never') : <ProfileWord key="m" value={s.met} />],
        [t('security.transport'), s.met === undefined ? undefined : s.transport ?? t('security.no_tls')],
        [t('security.required'), <ProfileWord key="r" value={s.required} />],
        s.required === s.minimum && s.minimum > s.profile && [t('security.why'), t('security.by_minimum')],
        [t('security.roots'), roots(s, t('security.roots_unknown'), t('security.roots_installed'), (n) => t('security.roots_count', { count: n }))],
      ].filter(Boolean) as [string, React.ReactNode][]} />
      <section className="space-above" aria-label={t('security.changes')}>
        <h3>{t('security.changes')}</h3>
        {s.changes.length === 0 ? <p className="quiet">{t('security.no_changes')}</p> : <ul className="history">{s.changes.map((c) => <Change key={c.id} change={c} zone={zone} />)}</ul>}
      </section>
      <section className="space-above" aria-label={t('security.certificates')}>
        <h3>{t('security.certificates')}</h3>
        {s.certificates.length === 0
          ? <p className="quiet">{t('security.no_certificates')}</p>
          : (
            <ul className="history">
              {s.certificates.map((c) => (
                <li key={c.id}>
                  <CertificateTag value={c.state} />
                  {c.serial && <Mono value={c.serial} />}
                  {c.not_after && <span>{t('security.until')} <When at={c.not_after} zone={zone} /></span>}
                  {c.id === s.certificate_id && <span className="quiet">{t('security.in_use')}</span>}
                </li>
              ))}
            </ul>
          )}
      </section>
      <div className="space-above">
        <h3>{t('security.events')}</h3>
        <SecurityEvents point={point.id} />
      </div>
      {dialog === 'key' && <KeyDialog point={point} onDone={done} onClose={close} />}
      {dialog === 'upgrade' && <UpgradeDialog point={point} security={s} onDone={done} onClose={close} />}
      {dialog === 'least' && <LeastDialog point={point} security={s} onDone={done} onClose={close} />}
      {dialog === 'root' && <RootDialog point={point} onSent={(c) => { close(); setSent(c) }} onClose={close} />}
      {sent && <ResultDialog first={sent} point={point} onClose={() => { setSent(undefined); done() }} />}
    </>
  )
}

function roots(s: PointSecurity, unknown: string, installed: string, count: (n: number) => string): string {
  if (s.installed_at) return count(s.installed?.length ?? 0)
  return s.root_installed_at ? installed : unknown
}

export function ProfileWord({ value }: { value: number }) {
  const { t } = useTranslation()
  return <span>{value} · {word(t, 'security_profile', String(value))}</span>
}

const looks: Record<SecurityChange['state'], [Tone, typeof ClockCircleOutlined]> = {
  asked: ['wait', ClockCircleOutlined], taken: ['wait', ClockCircleOutlined], restart: ['wait', ClockCircleOutlined], unclear: ['wait', ExclamationCircleOutlined],
  done: ['free', CheckCircleOutlined], refused: ['bad', StopOutlined], rolled_back: ['bad', CloseCircleOutlined],
}

function Change({ change: c, zone }: { change: SecurityChange; zone: string }) {
  const { t } = useTranslation()
  const [tone, icon] = looks[c.state]
  return (
    <li className="history-command">
      <div>
        <When at={c.created_at} zone={zone} /> <b>{c.kind === 'key' ? t('security.change_key') : t('security.change_profile', { from: c.from ?? 0, to: c.to ?? 0 })}</b>
        {' '}<Tag tone={tone} icon={icon} text={word(t, 'change_state', c.state)} title={t(`security.change_what.${c.state}`)} />
        <span className="quiet"> {t('point.because', { reason: c.reason })} · {c.actor}</span>
      </div>
      {c.detail && <div className="quiet">{c.detail}</div>}
    </li>
  )
}

function Reason() {
  const { t } = useTranslation()
  const required = useRequired()
  return <Form.Item name="reason" label={t('reset.reason')} extra={t('stop.reason_help')} rules={[required]}><Input maxLength={200} /></Form.Item>
}

interface DialogProps { point: ChargePoint; onDone: () => void; onClose: () => void }

function KeyDialog({ point, onDone, onClose }: DialogProps) {
  const { t } = useTranslation()
  return (
    <FormDialog<{ reason: string }> title={t('security.key_title', { point: point.name })} ok={t('security.key_change')} initial={{}} onClose={onClose} what={t('security.key_what')}
      submit={async (v, key) => {
        await take(api.POST('/api/v1/charge-points/{id}/key-change', { params: { path: { id: point.id }, header: { 'Idempotency-Key': key } }, body: { reason: v.reason.trim() } }))
        onDone()
      }}>
      <Reason />
    </FormDialog>
  )
}

function UpgradeDialog({ point, security: s, onDone, onClose }: DialogProps & { security: PointSecurity }) {
  const { t } = useTranslation()
  const from = Math.max(s.profile, s.met ?? 0)
  const rootUnknown = !s.root_installed_at && !(s.installed && s.installed.length > 0) && (s.met ?? 0) < 2
  return (
    <FormDialog<{ to: number; root_known?: boolean; reason: string }> title={t('security.upgrade_title', { point: point.name })} ok={t('security.upgrade')} danger
      initial={{ to: Math.min(3, Math.max(2, from + 1)) }} onClose={onClose} what={t('security.upgrade_what')}
      submit={async (v, key) => {
        await take(api.POST('/api/v1/charge-points/{id}/profile-upgrade', {
          params: { path: { id: point.id }, header: { 'Idempotency-Key': key } }, body: { to: v.to, root_known: v.root_known || undefined, reason: v.reason.trim() },
        }))
        onDone()
      }}>
      <Form.Item name="to" label={t('security.to')}>
        <Select options={[2, 3].filter((n) => n > from).map((n) => ({ value: n, label: `${n} · ${word(t, 'security_profile', String(n))}` }))} />
      </Form.Item>
      {rootUnknown && <Form.Item name="root_known" valuePropName="checked" extra={t('security.root_known_help')}><Checkbox>{t('security.root_known')}</Checkbox></Form.Item>}
      <Reason />
    </FormDialog>
  )
}

function LeastDialog({ point, security: s, onDone, onClose }: DialogProps & { security: PointSecurity }) {
  const { t } = useTranslation()
  return (
    <FormDialog<{ profile: number; reason: string }> title={t('security.least_title', { point: point.name })} ok={t('form.save')} danger initial={{ profile: s.profile }} onClose={onClose}
      what={t('security.least_what')}
      submit={async (v) => {
        await take(api.PUT('/api/v1/charge-points/{id}/security-profile', { params: { path: { id: point.id } }, body: { profile: v.profile, reason: v.reason.trim() } }))
        onDone()
      }}>
      <Form.Item name="profile" label={t('security.required')}>
        <Select options={[0, 1, 2, 3].filter((n) => n >= s.minimum).map((n) => ({ value: n, label: `${n} · ${word(t, 'security_profile', String(n))}` }))} />
      </Form.Item>
      <Reason />
    </FormDialog>
  )
}

function RootDialog({ point, onSent, onClose }: { point: ChargePoint; onSent: (c: Command) => void; onClose: () => void }) {
  const { t } = useTranslation()
  const required = useRequired()
  return (
    <FormDialog<{ certificate_pem: string; reason: string }> title={t('security.root_title', { point: point.name })} ok={t('security.root_go')} initial={{}} width={640} onClose={onClose}
      what={t('security.root_what')}
      submit={async (v, key) => onSent(await take(api.POST('/api/v1/charge-points/{id}/certificate-commands', {
        params: { path: { id: point.id }, header: { 'Idempotency-Key': key } }, body: { type: 'install_certificate', certificate_pem: v.certificate_pem.trim(), reason: v.reason.trim() },
      })))}>
      <Form.Item name="certificate_pem" label={t('security.pem')} rules={[required]}><Input.TextArea rows={8} className="mono-input" maxLength={5500} spellCheck={false} /></Form.Item>
      <Reason />
    </FormDialog>
  )
}
