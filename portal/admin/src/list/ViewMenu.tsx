import { CheckOutlined, DeleteOutlined, StarOutlined } from '@ant-design/icons'
import { App, Button, Checkbox, Dropdown, Form, Input, type MenuProps, Modal } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { View } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'
import { FormDialog, useRequired } from '../parts/FormDialog'
import { useProblemText } from '../parts/ProblemText'
import type { Filter, ListState } from './state'
import { useViews, viewQuery, viewState } from './views'

interface Props {
  name: string
  filters: readonly Filter[]
  sorts: readonly string[]
  state: ListState
  go: (s: ListState) => void
}

export function ViewMenu({ name, filters, sorts, state, go }: Props) {
  const { t } = useTranslation()
  const { views, reload } = useViews(name, filters, sorts)
  const [saving, setSaving] = useState(false)
  const [editing, setEditing] = useState(false)
  const now = viewQuery(state)
  const queryOf = (v: View) => viewQuery(viewState(v.query, filters, sorts))
  const current = views.find((v) => queryOf(v) === now)
  const items: MenuProps['items'] = [
    ...views.map((v) => ({
      key: v.id, icon: v === current ? <CheckOutlined aria-hidden /> : <span className="menu-gap" />,
      label: v.default ? t('views.name_default', { name: v.name }) : v.name,
      onClick: () => go({ ...viewState(v.query, filters, sorts), limit: state.limit }),
    })),
    ...(views.length > 0 ? [{ type: 'divider' as const }] : []),
    { key: 'save', label: t('views.save'), disabled: current !== undefined, onClick: () => setSaving(true) },
    ...(views.length > 0 ? [{ key: 'edit', label: t('views.edit'), onClick: () => setEditing(true) }] : []),
  ]
  return (
    <>
      <Dropdown menu={{ items }} trigger={['click']}>
        <Button icon={<StarOutlined aria-hidden />} aria-label={current ? t('views.current', { name: current.name }) : t('views.title')} title={t('views.title')}>
          {current && <span className="view-name">{current.name}</span>}
        </Button>
      </Dropdown>
      {saving && <SaveDialog list={name} query={now} reload={reload} onClose={() => setSaving(false)} />}
      {editing && <EditDialog views={views} reload={reload} onClose={() => setEditing(false)} />}
    </>
  )
}

function SaveDialog({ list, query, reload, onClose }: { list: string; query: string; reload: () => Promise<void>; onClose: () => void }) {
  const { t } = useTranslation()
  const required = useRequired()
  return (
    <FormDialog<{ name: string; default: boolean }> title={t('views.save')} ok={t('form.save')} initial={{ default: false }} onClose={onClose} what={t('views.save_what')}
      submit={async (v, key) => {
        await take(api.POST('/api/v1/views', { body: { list, query, name: v.name.trim(), default: v.default }, params: { header: { 'Idempotency-Key': key } } }))
        await reload()
        onClose()
      }}>
      <Form.Item name="name" label={t('views.name')} rules={[required]}><Input maxLength={60} autoFocus /></Form.Item>
      <Form.Item name="default" valuePropName="checked"><Checkbox>{t('views.default')}</Checkbox></Form.Item>
    </FormDialog>
  )
}

function EditDialog({ views, reload, onClose }: { views: View[]; reload: () => Promise<void>; onClose: () => void }) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const text = useProblemText()
  const change = async (work: Promise<unknown>) => {
    try {
      await work
    } catch (e) {
      void message.error(text(e))
    }
    await reload()
  }
  const patch = (v: View, body: { name?: string; default?: boolean }) => change(take(api.PATCH('/api/v1/views/{id}', { body, params: { path: { id: v.id } } })))
  return (
    <Modal open title={t('views.edit')} onCancel={onClose} footer={<Button onClick={onClose}>{t('form.close')}</Button>}>
      <ul className="views">
        {views.map((v) => (
          <li key={v.id}>
            <Input defaultValue={v.name} maxLength={60} aria-label={t('views.name')}
              onBlur={(e) => { const name = e.target.value.trim(); if (name && name !== v.name) void patch(v, { name }) }} />
            <Checkbox checked={v.default} onChange={(e) => void patch(v, { default: e.target.checked })}>{t('views.default_short')}</Checkbox>
            <Button type="text" danger icon={<DeleteOutlined aria-hidden />} aria-label={t('views.delete', { name: v.name })} title={t('views.delete', { name: v.name })}
              onClick={() => void change(take(api.DELETE('/api/v1/views/{id}', { params: { path: { id: v.id } } })))} />
          </li>
        ))}
      </ul>
    </Modal>
  )
}
