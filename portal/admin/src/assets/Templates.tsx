// Settings that charge points shall have: given when they start, compared once a day.

import { CheckCircleOutlined, DeleteOutlined, EditOutlined, PlusOutlined, SendOutlined } from '@ant-design/icons'
import { useQueryClient } from '@tanstack/react-query'
import { App, Button, Checkbox, Form, Input, Space, Switch } from 'antd'
import { useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { ConfigTemplate } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'
import { none } from '@ccms/shared/format'
import { type Column, List } from '../list/List'
import type { ListState } from '../list/state'
import { useMay, useZone } from '../login/me'
import { FormDialog, useRequired } from '../parts/FormDialog'
import { useProblemText } from '../parts/ProblemText'
import { Tag } from '../parts/Status'
import { When } from '../parts/Times'

const query = (st: ListState) => ({ sort: st.sort, limit: st.limit, cursor: st.cursor })

export default function Templates() {
  const { t } = useTranslation()
  const may = useMay()
  const client = useQueryClient()
  const { modal, message } = App.useApp()
  const text = useProblemText()
  const zone = useZone()
  const [open, setOpen] = useState<ConfigTemplate>()
  const [making, setMaking] = useState(false)
  const [applying, setApplying] = useState<ConfigTemplate>()
  const of = (e: ConfigTemplate) => (e.vendor ? [e.vendor, e.model].filter(Boolean).join(' ') : t('template.all'))
  const state = (e: ConfigTemplate) => (e.active ? <Tag tone="free" icon={CheckCircleOutlined} text={t('template.active')} /> : <Tag tone="off" icon={EditOutlined} text={t('template.draft')} />)
  const remove = (e: ConfigTemplate) => void modal.confirm({
    title: t('template.delete_title', { name: e.name }), content: t('template.delete_what'), okText: t('template.delete'), okButtonProps: { danger: true }, cancelText: t('form.cancel'),
    onOk: async () => {
      try {
        await take(api.DELETE('/api/v1/config-templates/{id}', { params: { path: { id: e.id }, header: { 'If-Match': `"${e.version}"` } } }))
        await client.invalidateQueries({ queryKey: ['templates'] })
      } catch (err) {
        void message.error(text(err))
      }
    },
  })
  const actions = (e: ConfigTemplate) => may('assets.write') && (
    <span className="row-buttons">
      <Button size="small" icon={<EditOutlined aria-hidden />} onClick={() => setOpen(e)} aria-label={t('template.edit_title', { name: e.name })}>{t('template.edit')}</Button>
      {may('live.configure') && <Button size="small" type="text" icon={<SendOutlined aria-hidden />} disabled={!e.active} onClick={() => setApplying(e)} title={t('template.apply')} aria-label={t('template.apply_title', { name: e.name })} />}
      <Button size="small" type="text" danger icon={<DeleteOutlined aria-hidden />} onClick={() => remove(e)} title={t('template.delete')} aria-label={t('template.delete_title', { name: e.name })} />
    </span>
  )
  const columns: Column<ConfigTemplate>[] = [
    { key: 'name', title: t('template.name'), sort: 'name', cell: (e) => e.name, wide: true, fixed: true },
    { key: 'of', title: t('template.of'), cell: of, wide: true },
    { key: 'keys', title: t('template.settings'), num: true, cell: (e) => e.settings.length },
    { key: 'state', title: t('col.status'), cell: state },
    { key: 'changed', title: t('template.changed'), note: zone, cell: (e) => <When at={e.changed_at} zone={zone} /> },
    { key: 'operation', title: t('list.operation'), pin: true, cell: actions },
  ]
  const add = may('assets.write') && <Button type="primary" icon={<PlusOutlined aria-hidden />} onClick={() => setMaking(true)}>{t('list.add')}</Button>
  return (
    <>
      <List<ConfigTemplate>
        queryKey={['templates']} name="templates" label={t('nav.templates')} columns={columns} defaultSort="name" actions={add}
        load={(st, signal) => take(api.GET('/api/v1/config-templates', { signal, params: { query: query(st) } }))}
        exports={{ path: '/api/v1/config-templates', query }}
        rowName={(e) => e.name}
        card={(e) => ({ title: e.name, status: state(e), facts: [[t('template.of'), of(e)], [t('template.settings'), e.settings.length], [t('template.changed'), <When key="c" at={e.changed_at} zone={zone} />]], actions: actions(e) })}
        empty={{ title: t('template.empty'), next: t('template.empty_next'), action: add }}
      />
      {making && <NewDialog onClose={() => setMaking(false)} onMade={(e) => { setMaking(false); setOpen(e) }} />}
      {open && <EditDialog template={open} onClose={() => setOpen(undefined)} />}
      {applying && <ApplyDialog template={applying} onClose={() => setApplying(undefined)} />}
    </>
  )
}

interface Head { name: string; vendor?: string; model?: string }

/** A new one is a draft with the default settings, to be looked at before it counts. */
function NewDialog({ onClose, onMade }: { onClose: () => void; onMade: (e: ConfigTemplate) => void }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  return (
    <FormDialog<Head> title={t('template.add')} ok={t('template.next')} initial={{ name: t('template.default_name') }} what={t('template.add_what')} onClose={onClose}
      submit={async (v, key) => {
        const made = await take(api.POST('/api/v1/config-templates', { body: { name: v.name.trim(), vendor: v.vendor?.trim() || undefined, model: v.model?.trim() || undefined }, params: { header: { 'Idempotency-Key': key } } }))
        await client.invalidateQueries({ queryKey: ['templates'] })
        onMade(made)
      }}>
      <HeadFields />
    </FormDialog>
  )
}

function HeadFields() {
  const { t } = useTranslation()
  const required = useRequired()
  return (
    <>
      <Form.Item name="name" label={t('template.name')} rules={[required]}><Input maxLength={100} /></Form.Item>
      <Space wrap align="start">
        <Form.Item name="vendor" label={t('template.vendor')} extra={t('template.vendor_help')}><Input maxLength={255} className="price-wide" /></Form.Item>
        <Form.Item name="model" label={t('template.model')}><Input maxLength={255} className="price-wide" /></Form.Item>
      </Space>
    </>
  )
}

interface Values extends Head { active: boolean; settings: { key: string; value?: string; at_least?: boolean }[] }

const valuesOf = (e: ConfigTemplate): Values => ({ name: e.name, vendor: e.vendor, model: e.model, active: e.active, settings: e.settings })

/** One version of a field, where two people changed it. */
function Said({ value }: { value: unknown }) {
  const { t } = useTranslation()
  if (typeof value === 'boolean') return <>{t(value ? 'yes' : 'no')}</>
  if (!Array.isArray(value)) return <>{String(value ?? '') || none}</>
  return <ul className="said">{(value as Values['settings']).map((s) => <li key={s.key} className="mono-text">{s.key} {s.at_least ? '≥' : '='} {s.value || none}</li>)}</ul>
}

function EditDialog({ template: e, onClose }: { template: ConfigTemplate; onClose: () => void }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const required = useRequired()
  const { message } = App.useApp()
  const version = useRef(e.version)
  const labels: Record<string, string> = {
    name: t('template.name'), vendor: t('template.vendor'), model: t('template.model'), active: t('template.active_label'), settings: t('template.settings'),
  }
  return (
    <FormDialog<Values> title={t('template.edit_title', { name: e.name })} ok={t('form.save')} width={720} what={t('template.edit_what')} onClose={onClose} initial={valuesOf(e)}
      conflict={{ label: (name) => labels[name] ?? name, show: (_, value) => <Said value={value} />, newest: async () => {
        const now = await take(api.GET('/api/v1/config-templates/{id}', { params: { path: { id: e.id } } }))
        version.current = now.version
        return valuesOf(now)
      } }}
      submit={async (v) => {
        await take(api.PUT('/api/v1/config-templates/{id}', {
          body: {
            name: v.name.trim(), vendor: v.vendor?.trim() || undefined, model: v.model?.trim() || undefined, active: v.active,
            settings: v.settings.map((s) => ({ key: s.key.trim(), value: s.value ?? '', at_least: s.at_least || undefined })),
          },
          params: { path: { id: e.id }, header: { 'If-Match': `"${version.current}"` } },
        }))
        await client.invalidateQueries({ queryKey: ['templates'] })
        void message.success(t('form.saved'))
        onClose()
      }}>
      <HeadFields />
      <Form.Item name="active" label={t('template.active_label')} valuePropName="checked" extra={t('template.active_help')}><Switch /></Form.Item>
      <fieldset className="fieldset">
        <legend>{t('template.settings')}</legend>
        <Form.List name="settings">
          {(fields, { add, remove }) => (
            <>
              {fields.map((f, i) => (
                <Space key={f.key} align="start" wrap className="band">
                  <Form.Item name={[f.name, 'key']} label={t('template.key', { number: i + 1 })} rules={[required]}><Input maxLength={50} className="mono-input key-wide" autoCapitalize="none" spellCheck={false} /></Form.Item>
                  <Form.Item name={[f.name, 'value']} label={t('template.value', { number: i + 1 })}><Input maxLength={500} className="mono-input price" autoCapitalize="none" spellCheck={false} /></Form.Item>
                  <Form.Item name={[f.name, 'at_least']} valuePropName="checked" className="band-check"><Checkbox>{t('template.at_least')}</Checkbox></Form.Item>
                  {fields.length > 1 && <Button type="text" className="band-remove" icon={<DeleteOutlined aria-hidden />} onClick={() => remove(f.name)} aria-label={t('template.key_remove', { number: i + 1 })} />}
                </Space>
              ))}
              <Button icon={<PlusOutlined aria-hidden />} onClick={() => add({ key: '', value: '' })}>{t('template.key_add')}</Button>
            </>
          )}
        </Form.List>
      </fieldset>
    </FormDialog>
  )
}

function ApplyDialog({ template: e, onClose }: { template: ConfigTemplate; onClose: () => void }) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const required = useRequired()
  return (
    <FormDialog<{ reason: string }> title={t('template.apply_title', { name: e.name })} ok={t('template.apply')} initial={{}} what={t('template.apply_what')} onClose={onClose}
      submit={async (v, key) => {
        await take(api.POST('/api/v1/config-templates/{id}/apply', { body: { reason: v.reason.trim() }, params: { path: { id: e.id }, header: { 'Idempotency-Key': key } } }))
        void message.success(t('template.applying'))
        onClose()
      }}>
      <Form.Item name="reason" label={t('reset.reason')} rules={[required]}><Input maxLength={200} /></Form.Item>
    </FormDialog>
  )
}
