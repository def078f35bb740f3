import { CheckCircleOutlined, PlusOutlined, StopOutlined } from '@ant-design/icons'
import { useQueryClient } from '@tanstack/react-query'
import { App, Button, Form, Input } from 'antd'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Token } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'
import { type Column, List } from '../list/List'
import type { Filter, ListState } from '../list/state'
import { PickWho } from '../live/PickWho'
import { useMay } from '../login/me'
import { FormDialog, useRequired } from '../parts/FormDialog'
import { Mono } from '../parts/Mono'
import { useProblemText } from '../parts/ProblemText'
import { CardTag } from '../parts/Status'
import { word } from '../parts/words'

const query = (st: ListState) => ({
  q: st.filters.q, status: st.filters.status as Token['status'] | undefined, sort: st.sort, limit: st.limit, cursor: st.cursor,
})

export default function Cards() {
  const { t } = useTranslation()
  const may = useMay()
  const client = useQueryClient()
  const { modal, message } = App.useApp()
  const text = useProblemText()
  const [adding, setAdding] = useState(false)
  const filters = useMemo<Filter[]>(() => [
    { key: 'q', kind: 'text', label: t('cards.search') },
    { key: 'status', kind: 'select', label: t('col.card_status'), more: true, options: (['ENABLE', 'DISABLE', 'LOST', 'EXPIRED'] as const).map((s) => ({ value: s, label: t(`card_status.${s}`) })) },
  ], [t])

  const change = (k: Token) => {
    const on = k.status !== 'ENABLE'
    modal.confirm({
      title: t(on ? 'cards.enable_title' : 'cards.disable_title', { uid: k.uid }), content: t(on ? 'cards.enable_what' : 'cards.disable_what'),
      okText: t(on ? 'cards.enable' : 'cards.disable'), okButtonProps: { danger: !on }, cancelText: t('form.cancel'),
      onOk: async () => {
        try {
          await take(api.PATCH('/api/v1/tokens/{id}', { body: { status: on ? 'ENABLE' : 'DISABLE' }, params: { path: { id: k.id }, header: { 'If-Match': `"${k.version}"` } } }))
        } catch (e) {
          void message.error(text(e))
        }
        await client.invalidateQueries({ queryKey: ['tokens'] })
      },
    })
  }
  const button = (k: Token) => {
    if (!may('drivers.write')) return null
    const on = k.status !== 'ENABLE'
    return (
      <Button size="small" type="text" icon={on ? <CheckCircleOutlined aria-hidden /> : <StopOutlined aria-hidden />} onClick={() => change(k)}
        aria-label={t(on ? 'cards.enable_of' : 'cards.disable_of', { uid: k.uid })} title={t(on ? 'cards.enable_of' : 'cards.disable_of', { uid: k.uid })}>
        {t(on ? 'cards.enable' : 'cards.disable')}
      </Button>
    )
  }
  const columns: Column<Token>[] = [
    { key: 'account', title: t('col.account'), cell: (k) => <Mono value={k.account} /> },
    { key: 'number', title: t('col.charging_account'), sort: 'charging_account', cell: (k) => <Mono value={k.charging_account} /> },
    { key: 'uid', title: t('col.rfid'), cell: (k) => <Mono value={k.uid} /> },
    { key: 'status', title: t('col.card_status'), cell: (k) => <CardTag value={k.status} /> },
    { key: 'delivery', title: t('col.delivery'), cell: (k) => word(t, 'delivery', k.delivery_type) },
  ]
  if (may('drivers.write')) columns.push({ key: 'operation', title: t('list.operation'), pin: true, cell: button })
  const add = may('drivers.write') && <Button type="primary" icon={<PlusOutlined aria-hidden />} onClick={() => setAdding(true)}>{t('list.add')}</Button>
  return (
    <>
      <List<Token>
        queryKey={['tokens']} name="cards" label={t('nav.cards')} filters={filters} columns={columns} actions={add}
        load={(st, signal) => take(api.GET('/api/v1/tokens', { signal, params: { query: query(st) } }))}
        exports={{ path: '/api/v1/tokens', query }}
        rowName={(k) => k.uid}
        card={(k) => ({
          title: <Mono value={k.uid} />, status: <CardTag value={k.status} />,
          facts: [[t('col.account'), k.account], [t('col.charging_account'), k.charging_account], [t('col.delivery'), word(t, 'delivery', k.delivery_type)]],
          actions: button(k),
        })}
        empty={{ title: t('cards.empty'), next: t('cards.empty_next'), action: add }}
      />
      {adding && <CardDialog onClose={() => setAdding(false)} />}
    </>
  )
}

function CardDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const { message } = App.useApp()
  const required = useRequired()
  return (
    <FormDialog<{ who: string; uid: string }> title={t('cards.add')} ok={t('form.save')} initial={{}} onClose={onClose}
      rename={(p) => (p[0] === 'driver_id' ? ['who'] : p)}
      submit={async (v, key) => {
        await take(api.POST('/api/v1/tokens', { body: { driver_id: v.who.replace(/^driver:/, ''), uid: v.uid.trim() }, params: { header: { 'Idempotency-Key': key } } }))
        await client.invalidateQueries({ queryKey: ['tokens'] })
        void message.success(t('form.saved'))
        onClose()
      }}>
      <Form.Item name="who" label={t('cards.driver')} extra={t('cards.driver_help')} rules={[required]}><PickWho /></Form.Item>
      <Form.Item name="uid" label={t('cards.uid')} extra={t('cards.uid_help')} rules={[required]}><Input maxLength={80} className="mono-input" autoCapitalize="characters" spellCheck={false} /></Form.Item>
    </FormDialog>
  )
}
