// What each model of charge point can and cannot do: what was learned, and what staff say.

import { DeleteOutlined, EditOutlined, PlusOutlined } from '@ant-design/icons'
import { useQueryClient } from '@tanstack/react-query'
import { App, Button, Checkbox, Form, Input, Select, Space } from 'antd'
import { useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Model, ModelQuirks } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'
import { none } from '@ccms/shared/format'
import { type Column, List } from '../list/List'
import type { Filter, ListState } from '../list/state'
import { messages } from '../live/commands/dialogs'
import { useMay, useZone } from '../login/me'
import { FormDialog, useRequired } from '../parts/FormDialog'
import { useProblemText } from '../parts/ProblemText'
import { When } from '../parts/Times'
import { commandWord } from '../parts/words'

const query = (st: ListState) => ({ name: st.filters.name, sort: st.sort, limit: st.limit, cursor: st.cursor })
const commands = [
  'remote_start', 'trigger_message', 'reset', 'unlock', 'change_availability', 'get_configuration', 'change_configuration', 'clear_cache', 'set_charging_profile',
  'clear_charging_profile', 'get_composite_schedule', 'send_local_list', 'get_local_list_version', 'reserve', 'cancel_reservation', 'update_firmware', 'get_diagnostics', 'get_log',
  'data_transfer', 'extended_trigger',
]
// A name that ends with _one would be taken for a plural form.
const flags = [['never_probe', 'never_probe'], ['stack_level_zero', 'stack_level_zero'], ['profile_connector_one', 'profile_connector'],
  ['zero_limit_ignored', 'zero_limit']] as const

/** What staff say, in short. */
function said(q: ModelQuirks): number {
  return [q.never_probe, q.stack_level_zero, q.profile_connector_one, q.zero_limit_ignored, q.profile_kind, q.rate_unit].filter((x) => x !== undefined).length
    + Object.keys(q.actions ?? {}).length + Object.keys(q.keys ?? {}).length
}

export default function Models() {
  const { t } = useTranslation()
  const may = useMay()
  const client = useQueryClient()
  const { modal, message } = App.useApp()
  const text = useProblemText()
  const zone = useZone()
  const [open, setOpen] = useState<Model>()
  const [making, setMaking] = useState(false)
  const filters = useMemo<Filter[]>(() => [{ key: 'name', kind: 'text', label: t('model.name') }], [t])
  const name = (m: Model) => `${m.vendor} ${m.model}`
  const remove = (m: Model) => void modal.confirm({
    title: t('model.delete_title', { name: name(m) }), content: t('model.delete_what'), okText: t('template.delete'), okButtonProps: { danger: true }, cancelText: t('form.cancel'),
    onOk: async () => {
      try {
        await take(api.DELETE('/api/v1/models/{id}', { params: { path: { id: m.id }, header: { 'If-Match': `"${m.version}"` } } }))
        await client.invalidateQueries({ queryKey: ['models'] })
      } catch (e) {
        void message.error(text(e))
      }
    },
  })
  const actions = (m: Model) => (
    <span className="row-buttons">
      <Button size="small" icon={<EditOutlined aria-hidden />} onClick={() => setOpen(m)} aria-label={t('model.open_title', { name: name(m) })}>{t('model.open')}</Button>
      {may('assets.write') && <Button size="small" type="text" danger icon={<DeleteOutlined aria-hidden />} onClick={() => remove(m)} title={t('template.delete')} aria-label={t('model.delete_title', { name: name(m) })} />}
    </span>
  )
  const columns: Column<Model>[] = [
    { key: 'name', title: t('model.name'), sort: 'name', cell: name, wide: true, fixed: true },
    { key: 'firmware', title: t('points.firmware'), wide: true, cell: (m) => (m.firmware === '*' ? t('model.any_firmware') : m.firmware) },
    { key: 'said', title: t('model.said'), num: true, cell: (m) => said(m.quirks) },
    { key: 'learned', title: t('model.learned'), num: true, cell: (m) => m.learned.length },
    { key: 'at', title: t('model.learned_at'), note: zone, cell: (m) => (m.learned_at ? <When at={m.learned_at} zone={zone} /> : none) },
    { key: 'note', title: t('model.note'), cell: (m) => m.note ?? none, wide: true, off: true },
    { key: 'operation', title: t('list.operation'), pin: true, cell: actions },
  ]
  const add = may('assets.write') && <Button type="primary" icon={<PlusOutlined aria-hidden />} onClick={() => setMaking(true)}>{t('list.add')}</Button>
  return (
    <>
      <List<Model>
        queryKey={['models']} name="models" label={t('nav.models')} filters={filters} columns={columns} defaultSort="name" actions={add}
        load={(st, signal) => take(api.GET('/api/v1/models', { signal, params: { query: query(st) } }))}
        exports={{ path: '/api/v1/models', query }}
        rowName={name}
        card={(m) => ({ title: name(m), facts: [[t('points.firmware'), m.firmware === '*' ? t('model.any_firmware') : m.firmware], [t('model.said'), said(m.quirks)], [t('model.learned'), m.learned.length]], actions: actions(m) })}
        empty={{ title: t('model.empty'), next: t('model.empty_next'), action: add }}
      />
      {(open || making) && <ModelDialog model={open} onClose={() => { setOpen(undefined); setMaking(false) }} />}
    </>
  )
}

interface Values {
  vendor: string; model: string; firmware?: string; note?: string
  never_probe?: string; stack_level_zero?: string; profile_connector_one?: string; zero_limit_ignored?: string; profile_kind?: ModelQuirks['profile_kind']; rate_unit?: ModelQuirks['rate_unit']
  cannot: string[]; can: string[]; lacks: string[]; has: string[]; forget?: boolean
}

const words = (b?: boolean) => (b === undefined ? undefined : b ? 'yes' : 'no')
const truth = (s?: string) => (s === undefined ? undefined : s === 'yes')
const names = (m: Record<string, boolean> | undefined, value: boolean) => Object.entries(m ?? {}).filter(([, v]) => v === value).map(([k]) => k)
const table = (no: string[], yes: string[]) => Object.fromEntries([...no.map((k) => [k.trim(), false] as const), ...yes.map((k) => [k.trim(), true] as const)])

function valuesOf(m?: Model): Partial<Values> {
  const q = m?.quirks ?? {}
  return {
    vendor: m?.vendor, model: m?.model, firmware: m?.firmware ?? '*', note: m?.note, never_probe: words(q.never_probe), stack_level_zero: words(q.stack_level_zero),
    profile_connector_one: words(q.profile_connector_one), zero_limit_ignored: words(q.zero_limit_ignored), profile_kind: q.profile_kind, rate_unit: q.rate_unit,
    cannot: names(q.actions, false), can: names(q.actions, true), lacks: names(q.keys, false), has: names(q.keys, true),
  }
}

function ModelDialog({ model: m, onClose }: { model?: Model; onClose: () => void }) {
  const { t } = useTranslation()
  const may = useMay()
  const client = useQueryClient()
  const { message } = App.useApp()
  const required = useRequired()
  const version = useRef(m?.version ?? 0)
  const readOnly = !may('assets.write')
  const yesNo = [{ value: 'yes', label: t('model.yes') }, { value: 'no', label: t('model.no') }]
  const options = [...commands.map((c) => ({ value: c, label: commandWord(t, 'type', c) })), ...messages.map((x) => ({ value: `trigger_message:${x}`, label: `${commandWord(t, 'type', 'trigger_message')} · ${x}` }))]
  const label = (name: string) => (name === 'note' ? t('model.note') : name === 'profile_kind' ? t('model.profile_kind') : name === 'rate_unit' ? t('model.rate_unit')
    : name === 'cannot' || name === 'can' || name === 'lacks' || name === 'has' || name === 'forget' ? t(`model.${name}`) : t(`model.${flags.find(([f]) => f === name)?.[1] ?? 'name'}`))
  const show = (name: string, value: unknown) => {
    if (Array.isArray(value)) return (value as string[]).map((x) => (name === 'cannot' || name === 'can' ? commandWord(t, 'type', x) : x)).join(', ')
    if (value === 'yes' || value === 'no') return t(value)
    if (value === 'absolute' || value === 'relative') return t(`model.${value}`)
    return typeof value === 'boolean' ? t(value ? 'yes' : 'no') : String(value ?? '')
  }
  const tags = (name: keyof Values, opts?: { value: string; label: string }[]) => (
    <Form.Item name={name} label={t(`model.${name as 'cannot' | 'can' | 'lacks' | 'has'}`)}>
      {opts ? <Select mode="multiple" showSearch={{ optionFilterProp: 'label' }} options={opts} notFoundContent={t('list.no_match')} />
        : <Select mode="tags" open={false} suffixIcon={null} placeholder={t('model.keys_help')} tokenSeparators={[',', ' ']} />}
    </Form.Item>
  )
  return (
    <FormDialog<Values> title={m ? t('model.open_title', { name: `${m.vendor} ${m.model}` }) : t('model.add')} ok={t('form.save')} width={720} initial={valuesOf(m)} onClose={onClose} readOnly={readOnly}
      conflict={m && { label, show, newest: async () => {
        const now = await take(api.GET('/api/v1/models/{id}', { params: { path: { id: m.id } } }))
        version.current = now.version
        return valuesOf(now)
      } }}
      what={m ? <Learned model={m} /> : t('model.add_what')}
      rename={(p) => (p[0] === 'quirks' ? [p[1] === 'actions' ? 'cannot' : p[1] === 'keys' ? 'lacks' : p[1]!] : p)}
      submit={async (v, key) => {
        const quirks: ModelQuirks = {
          never_probe: truth(v.never_probe), stack_level_zero: truth(v.stack_level_zero), profile_connector_one: truth(v.profile_connector_one),
          zero_limit_ignored: truth(v.zero_limit_ignored), profile_kind: v.profile_kind, rate_unit: v.rate_unit, actions: table(v.cannot, v.can), keys: table(v.lacks, v.has),
        }
        if (m) {
          await take(api.PUT('/api/v1/models/{id}', { body: { quirks, note: v.note?.trim() || undefined, forget_learned: v.forget || undefined }, params: { path: { id: m.id }, header: { 'If-Match': `"${version.current}"` } } }))
        } else {
          await take(api.POST('/api/v1/models', { body: { vendor: v.vendor.trim(), model: v.model.trim(), firmware: v.firmware?.trim() || undefined, quirks, note: v.note?.trim() || undefined }, params: { header: { 'Idempotency-Key': key } } }))
        }
        await client.invalidateQueries({ queryKey: ['models'] })
        void message.success(t('form.saved'))
        onClose()
      }}>
      {!m && (
        <Space wrap align="start">
          <Form.Item name="vendor" label={t('template.vendor')} rules={[required]}><Input maxLength={255} className="price-wide" /></Form.Item>
          <Form.Item name="model" label={t('template.model')} rules={[required]}><Input maxLength={255} className="price-wide" /></Form.Item>
          <Form.Item name="firmware" label={t('points.firmware')} extra={t('model.firmware_help')}><Input maxLength={255} className="mono-input price-wide" /></Form.Item>
        </Space>
      )}
      <Space wrap align="start">
        {flags.map(([f, label]) => <Form.Item key={f} name={f} label={t(`model.${label}`)} tooltip={t(`model.${label}_help`)}><Select allowClear className="price-wide" placeholder={t('model.not_said')} options={yesNo} /></Form.Item>)}
        <Form.Item name="profile_kind" label={t('model.profile_kind')}><Select allowClear className="price-wide" placeholder={t('model.not_said')} options={[{ value: 'absolute', label: t('model.absolute') }, { value: 'relative', label: t('model.relative') }]} /></Form.Item>
        <Form.Item name="rate_unit" label={t('model.rate_unit')}><Select allowClear className="price-wide" placeholder={t('model.not_said')} options={[{ value: 'A', label: 'A' }, { value: 'W', label: 'W' }]} /></Form.Item>
      </Space>
      {tags('cannot', options)}
      {tags('can', options)}
      {tags('lacks')}
      {tags('has')}
      <Form.Item name="note" label={t('model.note')}><Input.TextArea maxLength={1000} rows={2} /></Form.Item>
      {m && m.learned.length > 0 && may('assets.write') && <Form.Item name="forget" valuePropName="checked"><Checkbox>{t('model.forget')}</Checkbox></Form.Item>}
    </FormDialog>
  )
}

function Learned({ model: m }: { model: Model }) {
  const { t } = useTranslation()
  const zone = useZone()
  // "trigger_message:MeterValues": the command, and which message.
  const subject = (what: string) => { const [c, ...rest] = what.split(':'); return [commandWord(t, 'type', c!), ...rest].join(' · ') }
  if (m.learned.length === 0) return <>{t('model.nothing_learned')}</>
  return (
    <section className="scroll-x" aria-label={t('model.learned')}>
      <table className="table" aria-label={t('model.learned')}>
        <thead><tr><th scope="col">{t('model.kind')}</th><th scope="col">{t('model.subject')}</th><th scope="col" className="cell-num">{t('model.times')}</th><th scope="col" title={t('model.counts_for_help')}>{t('model.counts_for')}</th><th scope="col">{t('model.last_at')} <small>{zone}</small></th></tr></thead>
        <tbody>
          {m.learned.map((f) => (
            <tr key={f.kind + f.subject}><td>{t(`model.kinds.${f.kind}`)}</td><td>{f.kind === 'action' ? subject(f.subject) : <span className="mono-text">{f.subject}</span>}</td><td className="cell-num">{f.times}</td><td>{t(`model.counts.${f.counts_for}`)}</td><td><When at={f.last_at} zone={zone} /></td></tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}
