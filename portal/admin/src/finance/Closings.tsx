// Which months of the books are closed, by whom and why. The latest can be opened again.

import { UnlockOutlined } from '@ant-design/icons'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { App, Button, Form, Input } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { BookClosing } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'
import { useMay, useZone } from '../login/me'
import { FormDialog, useRequired } from '../parts/FormDialog'
import { Failed } from '../parts/PageStates'
import { When } from '../parts/Times'

export function Closings() {
  const { t } = useTranslation()
  const may = useMay()
  const zone = useZone()
  const [opening, setOpening] = useState<BookClosing>()
  const query = useQuery({
    queryKey: ['closings'],
    queryFn: ({ signal }) => take(api.GET('/api/v1/book-closings', { signal, params: { query: { limit: 50 } } })),
  })
  if (query.isError) return <Failed error={query.error} title={t('list.error')} retry={() => void query.refetch()} />
  const items = query.data?.items ?? []
  const latest = items.filter((c) => !c.reopened_at).sort((a, b) => b.month.localeCompare(a.month))[0]
  return (
    <section className="record-tabs" aria-label={t('ledger.closed_months')}>
      <h3>{t('ledger.closed_months')}</h3>
      {items.length === 0 && <p className="quiet">{t('ledger.none_closed')}</p>}
      <ul className="history">
        {items.map((c) => (
          <li key={c.id}>
            <b>{c.month}</b>
            <span><When at={c.closed_at} zone={zone} /></span>
            <span className="history-text"><bdi>{c.reason}</bdi></span>
            {c.reopened_at && <span className="quiet">{t('ledger.reopened')} <When at={c.reopened_at} zone={zone} /> · <bdi>{c.reopen_reason}</bdi></span>}
            {c.id === latest?.id && may('finance.write') && (
              <Button size="small" icon={<UnlockOutlined aria-hidden />} onClick={() => setOpening(c)}>{t('ledger.reopen')}</Button>
            )}
          </li>
        ))}
      </ul>
      {opening && <ReopenDialog closing={opening} onClose={() => setOpening(undefined)} />}
    </section>
  )
}

function ReopenDialog({ closing: c, onClose }: { closing: BookClosing; onClose: () => void }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const { message } = App.useApp()
  const required = useRequired()
  return (
    <FormDialog<{ reason: string }> title={t('ledger.reopen_title', { month: c.month })} ok={t('ledger.reopen')} danger initial={{}} what={t('ledger.reopen_what')} onClose={onClose}
      submit={async (v) => {
        await take(api.POST('/api/v1/book-closings/{id}/reopen', { params: { path: { id: c.id } }, body: { reason: v.reason.trim() } }))
        await Promise.all(['closings', 'trial-balance'].map((k) => client.invalidateQueries({ queryKey: [k] })))
        void message.success(t('ledger.reopen_done', { month: c.month }))
        onClose()
      }}>
      <Form.Item name="reason" label={t('profiles.reason')} rules={[required]}><Input maxLength={200} dir="auto" autoFocus /></Form.Item>
    </FormDialog>
  )
}
