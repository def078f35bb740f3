// Certificates of charge points: who signs them, which there are, and what touched their
// security.

import { PlusOutlined, SafetyCertificateOutlined, StopOutlined, UploadOutlined } from '@ant-design/icons'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Button, Form, Input, Select } from 'antd'
import { useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useSearchParams } from 'react-router'
import type { Authority, PointCertificate, SecuritySettings } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'
import { none } from '@ccms/shared/format'
import { type Column, List } from '../list/List'
import type { Filter, ListState } from '../list/state'
import { SecurityEvents } from '../live/point/SecurityEvents'
import { useMay, useZone } from '../login/me'
import { Facts } from '../parts/Facts'
import { FormDialog, useRequired } from '../parts/FormDialog'
import { Mono } from '../parts/Mono'
import { Failed } from '../parts/PageStates'
import { PageSkeleton } from '../parts/Skeletons'
import { Tag } from '../parts/Status'
import { type TabItem, Tabs } from '../parts/Tabs'
import { When } from '../parts/Times'
import { word } from '../parts/words'
import { CertificateTag } from './CertificateTag'

export default function Certificates() {
  const { t } = useTranslation()
  const [search, setSearch] = useSearchParams()
  const tabs: TabItem[] = [
    { key: 'issued', label: t('certificates.tab_issued'), content: <Issued /> },
    { key: 'authorities', label: t('certificates.tab_authorities'), content: <Authorities /> },
    { key: 'events', label: t('security.events'), content: <SecurityEvents /> },
  ]
  const asked = search.get('tab')
  return <Tabs items={tabs} active={tabs.some((x) => x.key === asked) ? asked! : 'issued'} onChange={(tab) => setSearch({ tab }, { replace: true })} label={t('nav.certificates')} />
}

const states: PointCertificate['state'][] = ['requested', 'issued', 'installed', 'refused', 'replaced', 'revoked']
const query = (st: ListState) => ({ state: st.filters.state, sort: st.sort, limit: st.limit, cursor: st.cursor })
const zoneOf = (c: PointCertificate, own: string) => c.time_zone ?? own

function Issued() {
  const { t } = useTranslation()
  const may = useMay()
  const own = useZone()
  const [revoking, setRevoking] = useState<PointCertificate>()
  const [signing, setSigning] = useState<PointCertificate>()
  const filters = useMemo<Filter[]>(() => [
    { key: 'state', kind: 'select', label: t('col.state'), options: states.map((s) => ({ value: s, label: word(t, 'certificate_state', s) })) },
  ], [t])
  const actions = (c: PointCertificate, words?: boolean) => (
    <span className="row-actions">
      {c.state === 'requested'
        ? <Button size="small" icon={<UploadOutlined aria-hidden />} onClick={() => setSigning(c)} title={t('certificates.sign')} aria-label={t('certificates.sign_of', { point: c.charge_point_name ?? '' })}>{words && t('certificates.sign')}</Button>
        : c.state !== 'revoked' && <Button size="small" danger icon={<StopOutlined aria-hidden />} onClick={() => setRevoking(c)} title={t('certificates.revoke')} aria-label={t('certificates.revoke_of', { point: c.charge_point_name ?? '' })}>{words && t('certificates.revoke')}</Button>}
    </span>
  )
  const columns: Column<PointCertificate>[] = [
    { key: 'site', title: t('col.station'), wide: true, cell: (c) => c.site_name ?? none },
    { key: 'point', title: t('col.point_name'), fixed: true, wide: true, cell: (c) => <Link to={`/live/points/${c.charge_point_id}?tab=security`}>{c.charge_point_name}</Link> },
    { key: 'number', title: t('certificates.serial'), cell: (c) => (c.serial ? <Mono value={c.serial} /> : none) },
    { key: 'state', title: t('col.state'), cell: (c) => <CertificateTag value={c.state} /> },
    { key: 'requested', title: t('certificates.requested'), sort: 'requested_at', cell: (c) => <When at={c.requested_at} zone={zoneOf(c, own)} withZone /> },
    { key: 'until', title: t('certificates.until'), cell: (c) => (c.not_after ? <When at={c.not_after} zone={zoneOf(c, own)} withZone /> : none) },
  ]
  if (may('security.write')) columns.push({ key: 'operation', title: t('list.operation'), pin: true, cell: (c) => actions(c) })
  return (
    <>
      <List<PointCertificate>
        queryKey={['certificates']} name="certificates" label={t('nav.certificates')} filters={filters} columns={columns} defaultSort="-requested_at"
        load={(st, signal) => take(api.GET('/api/v1/certificates', { signal, params: { query: query(st) } }))}
        exports={{ path: '/api/v1/certificates', query }}
        rowName={(c) => c.charge_point_name ?? c.id}
        card={(c) => ({
          title: c.charge_point_name ?? c.id, status: <CertificateTag value={c.state} />,
          facts: [[t('col.station'), c.site_name ?? none], [t('certificates.requested'), <When key="r" at={c.requested_at} zone={zoneOf(c, own)} withZone />], [t('certificates.until'), c.not_after ? <When key="u" at={c.not_after} zone={zoneOf(c, own)} withZone /> : none]],
          actions: may('security.write') ? actions(c, true) : undefined,
        })}
        empty={{ title: t('certificates.empty'), next: t('certificates.empty_next') }}
      />
      {revoking && <RevokeDialog certificate={revoking} onClose={() => setRevoking(undefined)} />}
      {signing && <SignDialog certificate={signing} onClose={() => setSigning(undefined)} />}
    </>
  )
}

function RevokeDialog({ certificate: c, onClose }: { certificate: PointCertificate; onClose: () => void }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const required = useRequired()
  return (
    <FormDialog<{ reason: string }> title={t('certificates.revoke_of', { point: c.charge_point_name ?? '' })} ok={t('certificates.revoke')} danger initial={{}} onClose={onClose} what={t('certificates.revoke_what')}
      submit={async (v, key) => {
        await take(api.POST('/api/v1/certificates/{id}/revoke', { params: { path: { id: c.id }, header: { 'Idempotency-Key': key } }, body: { reason: v.reason.trim() } }))
        await client.invalidateQueries({ queryKey: ['certificates'] })
        onClose()
      }}>
      <Form.Item name="reason" label={t('reset.reason')} rules={[required]}><Input maxLength={200} /></Form.Item>
    </FormDialog>
  )
}

/** The request to take away, and what the operator's own authority made of it. */
function SignDialog({ certificate: c, onClose }: { certificate: PointCertificate; onClose: () => void }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const required = useRequired()
  const detail = useQuery({ queryKey: ['certificates', c.id], queryFn: ({ signal }) => take(api.GET('/api/v1/certificates/{id}', { signal, params: { path: { id: c.id } } })) })
  return (
    <FormDialog<{ certificate_pem: string }> title={t('certificates.sign_of', { point: c.charge_point_name ?? '' })} ok={t('certificates.sign')} initial={{}} width={640} onClose={onClose}
      what={(
        <>
          <p>{t('certificates.sign_what')}</p>
          {detail.data && <Input.TextArea readOnly rows={6} className="mono-input" value={detail.data.request_pem} aria-label={t('certificates.request')} />}
          {detail.data && <a href={`data:application/pkcs10,${encodeURIComponent(detail.data.request_pem)}`} download={`${c.identity ?? 'request'}.csr`}>{t('certificates.download')}</a>}
        </>
      )}
      submit={async (v, key) => {
        await take(api.POST('/api/v1/certificates/{id}/signed', { params: { path: { id: c.id }, header: { 'Idempotency-Key': key } }, body: { certificate_pem: v.certificate_pem.trim() } }))
        await client.invalidateQueries({ queryKey: ['certificates'] })
        onClose()
      }}>
      <Form.Item name="certificate_pem" label={t('certificates.signed')} rules={[required]}><Input.TextArea rows={6} className="mono-input" maxLength={10000} spellCheck={false} /></Form.Item>
    </FormDialog>
  )
}

function Authorities() {
  const { t } = useTranslation()
  const may = useMay()
  const zone = useZone()
  const [dialog, setDialog] = useState<'add' | 'settings' | { drop: Authority } | { list: Authority }>()
  const all = useQuery({ queryKey: ['authorities'], queryFn: ({ signal }) => take(api.GET('/api/v1/authorities', { signal })) })
  const settings = useQuery({ queryKey: ['security-settings'], queryFn: ({ signal }) => take(api.GET('/api/v1/security-settings', { signal })) })
  if (all.isPending || settings.isPending) return <PageSkeleton />
  if (all.isError || settings.isError) return <Failed error={all.error ?? settings.error} title={t('list.error')} retry={() => { void all.refetch(); void settings.refetch() }} />
  const s = settings.data
  return (
    <div className="surface">
      <div className="config-bar">
        <Facts items={[
          [t('certificates.minimum'), `${s.minimum} · ${word(t, 'security_profile', String(s.minimum))}`],
          [t('certificates.issuer'), word(t, 'certificate_issuer', s.issuer)],
        ]} />
        {may('security.write') && (
          <span className="row-buttons">
            <Button onClick={() => setDialog('settings')}>{t('certificates.settings')}</Button>
            <Button icon={<PlusOutlined aria-hidden />} onClick={() => setDialog('add')}>{t('certificates.add')}</Button>
          </span>
        )}
      </div>
      {all.data.items.length === 0 && <p className="quiet">{t('certificates.no_authority')}</p>}
      <ul className="history">
        {all.data.items.map((a) => (
          <li key={a.id} className="history-command">
            <div>
              <b>{a.name}</b> <Tag tone={a.trusted ? 'free' : 'off'} icon={a.trusted ? SafetyCertificateOutlined : StopOutlined} text={t(a.trusted ? 'certificates.trusted' : 'certificates.dropped')} />
              {' '}<span className="quiet">{word(t, 'certificate_issuer', a.kind)} · {t('certificates.organisation', { name: a.organisation })} · {t('security.until')} <When at={a.not_after} zone={zone} /></span>
            </div>
            <div><span className="quiet">{t('certificates.fingerprint')}</span> <Mono value={a.sha256} /></div>
            <span className="row-buttons">
              <a href={`data:application/x-pem-file,${encodeURIComponent(a.certificate_pem)}`} download={`${a.name}.pem`} aria-label={t('certificates.pem_of', { name: a.name })}>{t('certificates.pem')}</a>
              {may('security.write') && a.trusted && a.kind === 'own' && <Button size="small" onClick={() => setDialog({ list: a })} aria-label={t('certificates.list_of', { name: a.name })}>{t('certificates.list')}</Button>}
              {may('security.write') && a.trusted && <Button size="small" danger onClick={() => setDialog({ drop: a })} aria-label={t('certificates.drop_of', { name: a.name })}>{t('certificates.drop')}</Button>}
            </span>
          </li>
        ))}
      </ul>
      {dialog === 'settings' && <SettingsDialog settings={s} onClose={() => setDialog(undefined)} />}
      {dialog === 'add' && <AddDialog onClose={() => setDialog(undefined)} />}
      {typeof dialog === 'object' && 'drop' in dialog && <DropDialog authority={dialog.drop} onClose={() => setDialog(undefined)} />}
      {typeof dialog === 'object' && 'list' in dialog && <ListDialog authority={dialog.list} onClose={() => setDialog(undefined)} />}
    </div>
  )
}

function SettingsDialog({ settings: s, onClose }: { settings: SecuritySettings; onClose: () => void }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const version = useRef(s.version)
  const show = (name: string, value: unknown) => (name === 'minimum' ? `${String(value)} · ${word(t, 'security_profile', String(value))}` : word(t, 'certificate_issuer', String(value)))
  return (
    <FormDialog<{ minimum: number; issuer: SecuritySettings['issuer'] }> title={t('certificates.settings_title')} ok={t('form.save')} initial={{ minimum: s.minimum, issuer: s.issuer }} danger onClose={onClose}
      what={t('certificates.settings_what')}
      conflict={{ label: (name) => t(name === 'minimum' ? 'certificates.minimum' : 'certificates.issuer'), show, newest: async () => {
        const now = await take(api.GET('/api/v1/security-settings'))
        version.current = now.version
        return { minimum: now.minimum, issuer: now.issuer }
      } }}
      submit={async (v) => {
        await take(api.PUT('/api/v1/security-settings', { params: { header: { 'If-Match': `"${version.current}"` } }, body: v }))
        await client.invalidateQueries({ queryKey: ['security-settings'] })
        onClose()
      }}>
      <Form.Item name="minimum" label={t('certificates.minimum')} extra={t('certificates.minimum_help')}>
        <Select options={[0, 1, 2, 3].map((n) => ({ value: n, label: `${n} · ${word(t, 'security_profile', String(n))}` }))} />
      </Form.Item>
      <Form.Item name="issuer" label={t('certificates.issuer')} extra={t('certificates.issuer_help')}>
        <Select options={(['built_in', 'own'] as const).map((x) => ({ value: x, label: word(t, 'certificate_issuer', x) }))} />
      </Form.Item>
    </FormDialog>
  )
}

function AddDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const required = useRequired()
  return (
    <FormDialog<{ kind: 'built_in' | 'own'; certificate_pem?: string; organisation?: string }> title={t('certificates.add')} ok={t('certificates.add_go')} initial={{ kind: 'own' }} width={640} onClose={onClose}
      what={t('certificates.add_what')}
      submit={async (v, key) => {
        const own = v.kind === 'own' ? { certificate_pem: v.certificate_pem?.trim(), organisation: v.organisation?.trim() || undefined } : {}
        await take(api.POST('/api/v1/authorities', { params: { header: { 'Idempotency-Key': key } }, body: { kind: v.kind, ...own } }))
        await client.invalidateQueries({ queryKey: ['authorities'] })
        onClose()
      }}>
      {(form) => (
        <>
          <Form.Item name="kind" label={t('certificates.whose')}><Select options={(['own', 'built_in'] as const).map((x) => ({ value: x, label: word(t, 'certificate_issuer', x) }))} /></Form.Item>
          <Form.Item noStyle shouldUpdate>
            {() => form.getFieldValue('kind') === 'own' && (
              <>
                <Form.Item name="certificate_pem" label={t('security.pem')} rules={[required]}><Input.TextArea rows={8} className="mono-input" maxLength={10000} spellCheck={false} /></Form.Item>
                <Form.Item name="organisation" label={`${t('certificates.organisation_field')} (${t('form.optional')})`} extra={t('certificates.organisation_help')}><Input maxLength={64} /></Form.Item>
              </>
            )}
          </Form.Item>
        </>
      )}
    </FormDialog>
  )
}

function DropDialog({ authority: a, onClose }: { authority: Authority; onClose: () => void }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const required = useRequired()
  return (
    <FormDialog<{ reason: string }> title={t('certificates.drop_of', { name: a.name })} ok={t('certificates.drop')} danger initial={{}} onClose={onClose} what={t('certificates.drop_what')}
      submit={async (v, key) => {
        await take(api.POST('/api/v1/authorities/{id}/drop', { params: { path: { id: a.id }, header: { 'Idempotency-Key': key } }, body: { reason: v.reason.trim() } }))
        await client.invalidateQueries({ queryKey: ['authorities'] })
        onClose()
      }}>
      <Form.Item name="reason" label={t('reset.reason')} rules={[required]}><Input maxLength={200} /></Form.Item>
    </FormDialog>
  )
}

function ListDialog({ authority: a, onClose }: { authority: Authority; onClose: () => void }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const required = useRequired()
  return (
    <FormDialog<{ list_pem: string }> title={t('certificates.list_of', { name: a.name })} ok={t('form.save')} initial={{}} width={640} onClose={onClose} what={t('certificates.list_what')}
      submit={async (v) => {
        await take(api.PUT('/api/v1/authorities/{id}/revocations', { params: { path: { id: a.id } }, body: { list_pem: v.list_pem.trim() } }))
        await client.invalidateQueries({ queryKey: ['authorities'] })
        onClose()
      }}>
      <Form.Item name="list_pem" label={t('certificates.list')} rules={[required]}><Input.TextArea rows={8} className="mono-input" spellCheck={false} /></Form.Item>
    </FormDialog>
  )
}
