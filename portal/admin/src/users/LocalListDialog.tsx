import { useQueryClient } from '@tanstack/react-query'
import { App, Checkbox, Form, Input, Select } from 'antd'
import { useRef } from 'react'
import { useTranslation } from 'react-i18next'
import type { LocalList } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'
import { FormDialog, useRequired } from '../parts/FormDialog'
import { Names, PickMany, picks } from './PickMany'

interface Values {
  name: string
  cards: LocalList['cards']
  cards_of?: string
  without_balance?: boolean
  status?: LocalList['status']
  token_ids: string[]
  site_ids: string[]
  charge_point_ids: string[]
}

const valuesOf = (l: LocalList): Values => ({
  name: l.name, cards: l.cards, cards_of: l.cards_of, without_balance: l.without_balance, status: l.status, token_ids: l.token_ids, site_ids: l.site_ids, charge_point_ids: l.charge_point_ids,
})

export function LocalListDialog({ list, onClose }: { list?: LocalList; onClose: () => void }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const { message } = App.useApp()
  const required = useRequired()
  const version = useRef(list?.version ?? 0)
  const labels: Record<string, string> = {
    name: t('lists.name'), cards: t('lists.cards'), cards_of: t('lists.cards_of'), without_balance: t('lists.without_balance'), status: t('col.status'),
    token_ids: t('lists.tokens'), site_ids: t('lists.sites'), charge_point_ids: t('lists.points'),
  }
  const show = (name: string, value: unknown) => {
    switch (name) {
      case 'cards': return t(`lists.rule.${value as LocalList['cards']}`)
      case 'status': return t(`asset_status.${value as LocalList['status']}`)
      case 'without_balance': return t(value ? 'yes' : 'no')
      case 'cards_of': return value ? <Names ids={[value as string]} from={picks.subOperators} /> : ''
      case 'token_ids': case 'site_ids': case 'charge_point_ids': {
        const ids = (value ?? []) as string[]
        return ids.length === 0 ? '' : <Names ids={ids} from={name === 'token_ids' ? picks.tokens : name === 'site_ids' ? picks.sites : picks.points} />
      }
      default: return undefined
    }
  }
  return (
    <FormDialog<Values> title={list ? t('lists.edit_of', { name: list.name }) : t('lists.add')} ok={t('form.save')} what={t('lists.what')} onClose={onClose} width={560}
      initial={list ? valuesOf(list) : { cards: 'ALL', token_ids: [], site_ids: [], charge_point_ids: [] }}
      // A fault names one of several: it belongs to the field.
      rename={(p) => p.slice(0, 1)}
      conflict={list && { label: (name) => labels[name] ?? name, show, newest: async () => {
        const now = await take(api.GET('/api/v1/local-lists/{id}', { params: { path: { id: list.id } } }))
        version.current = now.version
        return valuesOf(now)
      } }}
      submit={async (v, key) => {
        const body = {
          name: v.name.trim(), cards: v.cards, cards_of: v.cards === 'SUB_OPERATOR' ? v.cards_of : undefined, without_balance: v.without_balance ?? false,
          token_ids: v.cards === 'MANUAL' ? v.token_ids ?? [] : [], site_ids: v.site_ids ?? [], charge_point_ids: v.charge_point_ids ?? [],
        }
        if (list) {
          await take(api.PATCH('/api/v1/local-lists/{id}', { body: { ...body, status: v.status }, params: { path: { id: list.id }, header: { 'If-Match': `"${version.current}"` } } }))
        } else {
          await take(api.POST('/api/v1/local-lists', { body, params: { header: { 'Idempotency-Key': key } } }))
        }
        await client.invalidateQueries({ queryKey: ['local-lists'] })
        void message.success(t('form.saved'))
        onClose()
      }}>
      {(form) => (
        <>
          <Form.Item name="name" label={labels.name} rules={[required]}><Input maxLength={100} autoFocus /></Form.Item>
          <Form.Item name="cards" label={labels.cards}>
            <Select options={(['ALL', 'SUB_OPERATOR', 'MANUAL'] as const).map((c) => ({ value: c, label: t(`lists.rule.${c}`) }))} />
          </Form.Item>
          <Form.Item noStyle dependencies={['cards']}>
            {() => {
              switch (form.getFieldValue('cards') as Values['cards']) {
                case 'SUB_OPERATOR': return <Form.Item name="cards_of" label={labels.cards_of} rules={[required]}><PickMany one from={picks.subOperators} /></Form.Item>
                case 'MANUAL': return <Form.Item name="token_ids" label={labels.token_ids}><PickMany from={picks.tokens} /></Form.Item>
                default: return null
              }
            }}
          </Form.Item>
          <Form.Item name="without_balance" valuePropName="checked" extra={t('lists.without_balance_help')}><Checkbox>{labels.without_balance}</Checkbox></Form.Item>
          <Form.Item name="site_ids" label={labels.site_ids} extra={t('lists.sites_help')}><PickMany from={picks.sites} /></Form.Item>
          <Form.Item name="charge_point_ids" label={labels.charge_point_ids} extra={t('lists.points_help')}><PickMany from={picks.points} /></Form.Item>
          {list && (
            <Form.Item name="status" label={labels.status} extra={t('lists.status_help')}>
              <Select options={[{ value: 'VALID', label: t('asset_status.VALID') }, { value: 'INVALID', label: t('asset_status.INVALID') }]} />
            </Form.Item>
          )}
        </>
      )}
    </FormDialog>
  )
}
