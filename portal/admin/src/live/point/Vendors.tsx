// What the point sent that only its vendor knows, and what such messages are answered with.

import { DeleteOutlined, EditOutlined, PlusOutlined } from '@ant-design/icons'
import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query'
import { App, Button, Form, Input, Modal, Select } from 'antd'
import { useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { ChargePoint, VendorMessage, VendorRule } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'
import { type Column, List } from '../../list/List'
import { paged } from '../../list/state'
import { useMay } from '../../login/me'
import { FormDialog, useRequired } from '../../parts/FormDialog'
import { Blank, Failed } from '../../parts/PageStates'
import { useProblemText } from '../../parts/ProblemText'
import { PageSkeleton } from '../../parts/Skeletons'
import { When } from '../../parts/Times'

export function Vendors({ point }: { point: ChargePoint }) {
  const { t } = useTranslation()
  const may = useMay()
  const [rules, setRules] = useState(false)
  const [add, setAdd] = useState<Partial<VendorRule>>()
  const zone = point.time_zone
  const columns = useMemo<Column<VendorMessage>[]>(() => {
    const out: Column<VendorMessage>[] = [
      { key: 'at', title: t('col.time'), cell: (m) => <When at={m.received_at} zone={zone} />, sort: 'at' },
      { key: 'vendor', title: t('vendor.vendor'), cell: (m) => <span className="mono-text">{m.vendor_id}</span> },
      { key: 'message', title: t('vendor.message'), cell: (m) => <span className="mono-text">{m.message_id}</span> },
      { key: 'answer', title: t('vendor.answer'), cell: (m) => t(`vendor.answers.${m.answer}`) },
      { key: 'data', title: t('vendor.data'), wide: true, cell: (m) => <span className="mono-text">{m.data?.slice(0, 120)}</span> },
    ]
    if (may('assets.write')) {
      out.push({ key: 'operation', title: t('list.operation'), pin: true, cell: (m) => m.vendor_id !== '' && (m.answer === 'unknown_vendor_id' || m.answer === 'unknown_message_id') && (
        <Button size="small" onClick={() => setAdd({ vendor_id: m.vendor_id, message_id: m.message_id })} aria-label={t('vendor.register_of', { vendor: m.vendor_id })}>{t('vendor.register')}</Button>
      ) })
    }
    return out
  }, [t, zone, may])
  return (
    <>
      <List<VendorMessage>
        queryKey={['vendor-messages', point.id]} label={t('point.tab_vendor')} columns={columns} defaultSort="-at"
        load={(st, signal) => take(api.GET('/api/v1/charge-points/{id}/vendor-messages', { signal, params: { path: { id: point.id }, query: paged(st) } }))}
        exports={{ path: `/api/v1/charge-points/${point.id}/vendor-messages`, query: paged }}
        rowName={(m) => `${m.vendor_id} ${m.message_id ?? ''}`}
        card={(m) => ({ title: <span className="mono-text">{m.vendor_id}</span>, facts: [[t('vendor.message'), m.message_id ?? ''], [t('vendor.answer'), t(`vendor.answers.${m.answer}`)], [t('col.time'), <When key="w" at={m.received_at} zone={zone} />]] })}
        expand={(m) => <div className="vendor-data"><pre>{m.data || t('vendor.no_data')}</pre>{m.cut && <span className="quiet small">{t('vendor.cut')}</span>}</div>}
        empty={{ title: t('vendor.none'), next: t('vendor.none_next') }}
        actions={may('assets.read') && <Button onClick={() => setRules(true)}>{t('vendor.rules')}</Button>}
      />
      {rules && <Rules onAdd={() => setAdd({})} onEdit={setAdd} onClose={() => setRules(false)} />}
      {add && <RuleDialog rule={add} onClose={() => setAdd(undefined)} />}
    </>
  )
}

const rulesKey = ['vendor-rules']

function Rules({ onAdd, onEdit, onClose }: { onAdd: () => void; onEdit: (r: VendorRule) => void; onClose: () => void }) {
  const { t } = useTranslation()
  const may = useMay()
  const client = useQueryClient()
  const { modal, message } = App.useApp()
  const text = useProblemText()
  const query = useInfiniteQuery({
    queryKey: rulesKey,
    queryFn: ({ signal, pageParam }) => take(api.GET('/api/v1/vendor-rules', { signal, params: { query: { limit: 100, cursor: pageParam } } })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor,
  })
  const remove = (r: VendorRule) => modal.confirm({
    title: t('vendor.remove_title', { vendor: r.vendor_id }), content: t('vendor.remove_what'), okText: t('vendor.remove'), cancelText: t('form.cancel'), okButtonProps: { danger: true },
    onOk: async () => {
      try {
        await take(api.DELETE('/api/v1/vendor-rules/{id}', { params: { path: { id: r.id }, header: { 'If-Match': `"${r.version}"` } } }))
      } catch (e) {
        void message.error(text(e))
      }
      await client.invalidateQueries({ queryKey: rulesKey })
    },
  })
  const rules = query.data?.pages.flatMap((p) => p.items) ?? []
  return (
    <Modal open width={720} title={t('vendor.rules')} onCancel={onClose} footer={(
      <>
        {may('assets.write') && <Button icon={<PlusOutlined aria-hidden />} onClick={onAdd}>{t('list.add')}</Button>}
        <Button type="primary" onClick={onClose}>{t('form.close')}</Button>
      </>
    )}>
      <p className="dialog-what">{t('vendor.rules_what')}</p>
      {query.isPending ? <PageSkeleton /> : query.isError ? <Failed error={query.error} title={t('list.error')} retry={() => void query.refetch()} />
        : rules.length === 0 ? <Blank title={t('vendor.rules_none')} /> : (
          <div className="scroll-x">
            <table className="table table-stack" aria-label={t('vendor.rules')}>
              <thead><tr><th scope="col">{t('vendor.vendor')}</th><th scope="col">{t('vendor.message')}</th><th scope="col">{t('vendor.answer')}</th><th scope="col">{t('vendor.note')}</th><th scope="col">{t('list.operation')}</th></tr></thead>
              <tbody>
                {rules.map((r) => (
                  <tr key={r.id}>
                    <td className="mono-text">{r.vendor_id}</td><td className="mono-text">{r.message_id ?? t('vendor.every')}</td><td>{t(`vendor.answers.${r.answer}`)}</td><td>{r.note}</td>
                    <td>
                      {may('assets.write') && (
                        <span className="row-buttons">
                          <Button size="small" type="text" icon={<EditOutlined aria-hidden />} aria-label={t('vendor.edit_of', { vendor: r.vendor_id })} onClick={() => onEdit(r)} />
                          <Button size="small" type="text" icon={<DeleteOutlined aria-hidden />} aria-label={t('vendor.remove_of', { vendor: r.vendor_id })} onClick={() => remove(r)} />
                        </span>
                      )}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
            {query.hasNextPage && <Button loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{t('point.older')}</Button>}
          </div>
        )}
    </Modal>
  )
}

interface RuleValues { vendor_id: string; message_id?: string; answer: VendorRule['answer']; note?: string }

function RuleDialog({ rule, onClose }: { rule: Partial<VendorRule>; onClose: () => void }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const { message } = App.useApp()
  const required = useRequired()
  const version = useRef(rule.version)
  return (
    <FormDialog<RuleValues> title={t(rule.id ? 'vendor.edit' : 'vendor.register_title')} ok={t('form.save')} onClose={onClose} what={t('vendor.rule_what')}
      initial={{ vendor_id: rule.vendor_id, message_id: rule.message_id, answer: rule.answer ?? 'accepted', note: rule.note }}
      conflict={rule.id ? { label: (name) => t(name === 'note' ? 'vendor.note' : 'vendor.answer'), show: (name, value) => (name === 'answer' ? t(`vendor.answers.${value as VendorRule['answer']}`) : undefined), newest: async () => {
        const now = await take(api.GET('/api/v1/vendor-rules/{id}', { params: { path: { id: rule.id! } } }))
        version.current = now.version
        return { vendor_id: now.vendor_id, message_id: now.message_id, answer: now.answer, note: now.note }
      } } : undefined}
      submit={async (v, key) => {
        const note = v.note?.trim() ?? ''
        if (rule.id) await take(api.PATCH('/api/v1/vendor-rules/{id}', { params: { path: { id: rule.id }, header: { 'If-Match': `"${version.current}"` } }, body: { answer: v.answer, note } }))
        else await take(api.POST('/api/v1/vendor-rules', { params: { header: { 'Idempotency-Key': key } }, body: { vendor_id: v.vendor_id.trim(), message_id: v.message_id?.trim() || undefined, answer: v.answer, note: note || undefined } }))
        await client.invalidateQueries({ queryKey: rulesKey })
        void message.success(t('form.saved'))
        onClose()
      }}>
      <Form.Item name="vendor_id" label={t('vendor.vendor')} rules={[required]}><Input className="mono-input" maxLength={255} disabled={rule.id !== undefined} /></Form.Item>
      <Form.Item name="message_id" label={`${t('vendor.message')} (${t('form.optional')})`} extra={t('vendor.message_help')}><Input className="mono-input" maxLength={50} disabled={rule.id !== undefined} /></Form.Item>
      <Form.Item name="answer" label={t('vendor.answer')}>
        <Select options={(['accepted', 'rejected', 'unknown_vendor_id'] as const).map((a) => ({ value: a, label: t(`vendor.answers.${a}`) }))} />
      </Form.Item>
      <Form.Item name="note" label={`${t('vendor.note')} (${t('form.optional')})`}><Input maxLength={200} /></Form.Item>
    </FormDialog>
  )
}
