// What the point is set to: a copy with its age, changed one setting at a time, with the
// old value beside the new one.

import { LockOutlined, SyncOutlined } from '@ant-design/icons'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Button, Form, Input } from 'antd'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { ChargePoint, Command, Setting } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'
import { useMay } from '../../login/me'
import { FormDialog, useRequired } from '../../parts/FormDialog'
import { Blank, Failed } from '../../parts/PageStates'
import { PageSkeleton } from '../../parts/Skeletons'
import { Tag } from '../../parts/Status'
import { When } from '../../parts/Times'
import { CommandDialog, useSubmit, What } from '../commands/dialogs'
import { type Common, commonOf, Reason, renamed, Wait } from '../commands/fields'
import { ResultDialog } from '../commands/ResultDialog'
import { isAnswered } from '../store'
import { useCommand } from '../useCommand'

export function Configuration({ point }: { point: ChargePoint }) {
  const { t } = useTranslation()
  const may = useMay()
  const client = useQueryClient()
  const zone = point.time_zone
  const [typed, setTyped] = useState('')
  const [reading, setReading] = useState(false)
  const [change, setChange] = useState<Setting | 'another'>()
  const [sent, setSent] = useState<Command>()
  const key = ['configuration', point.id]
  const query = useQuery({
    queryKey: key,
    queryFn: ({ signal }) => take(api.GET('/api/v1/charge-points/{id}/configuration', { signal, params: { path: { id: point.id } } })),
  })
  // Once the command is answered there is something new to read.
  const last = useCommand(sent?.id)
  const answered = last !== undefined && isAnswered(last)
  useEffect(() => { if (answered) void client.invalidateQueries({ queryKey: ['configuration', point.id] }) }, [client, point.id, answered])
  if (query.isPending) return <PageSkeleton />
  if (query.isError) return <Failed error={query.error} title={t('list.error')} retry={() => void query.refetch()} />
  const cfg = query.data
  const q = typed.trim().toLowerCase()
  const rows = cfg.items.filter((s) => s.key.toLowerCase().includes(q))
  const read = may('live.command') && (
    <Button icon={<SyncOutlined aria-hidden />} onClick={() => setReading(true)}>{t(cfg.read_at ? 'config.read_again' : 'config.read')}</Button>
  )
  return (
    <>
      <div className="config-bar">
        <span className="quiet">
          {cfg.read_at ? <>{t('config.as_read')} <When at={cfg.read_at} zone={zone} withZone /></> : t('config.never')}
        </span>
        <span className="row-buttons">
          {cfg.items.length > 8 && <Input allowClear value={typed} onChange={(e) => setTyped(e.target.value)} placeholder={t('config.find')} aria-label={t('config.find')} />}
          {cfg.items.length > 0 && read}
          {may('live.configure') && <Button onClick={() => setChange('another')}>{t('config.another')}</Button>}
        </span>
      </div>
      {cfg.items.length === 0
        ? <Blank title={t('config.empty_list')} next={t('config.empty_next')} action={read} />
        : (
          <div className="scroll-x">
            <table className="table table-config" aria-label={t('point.tab_configuration')}>
              <thead>
                <tr><th scope="col">{t('config.key')}</th><th scope="col">{t('config.value')}</th><th scope="col">{t('config.last_change')}</th><th scope="col">{t('list.operation')}</th></tr>
              </thead>
              <tbody>
                {rows.map((s) => (
                  <tr key={s.key} data-key={s.key}>
                    <td className="mono-text">{s.key}</td>
                    <td className="config-value" data-label={t('config.value')}>
                      <Value value={s.value} />
                      {s.reboot_required && <Tag tone="wait" icon={SyncOutlined} text={t('config.reboot')} title={t('config.reboot_what')} />}
                    </td>
                    <td data-label={t('config.last_change')}>
                      {s.changed_at
                        ? <span className="diff"><del title={t('config.before')}>{s.was ?? t('config.unknown')}</del>{' → '}<ins title={t('config.after')}><Value value={s.value} /></ins> <When at={s.changed_at} zone={zone} /></span>
                        : <span className="quiet no-wrap">{t('config.no_change')}</span>}
                    </td>
                    <td>
                      {s.read_only
                        ? <span className="quiet"><LockOutlined aria-hidden /> {t('config.read_only')}</span>
                        : may('live.configure') && <Button size="small" onClick={() => setChange(s)} aria-label={t('config.change_of', { key: s.key })}>{t('config.change')}</Button>}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
            {rows.length === 0 && <Blank title={t('list.no_match')} />}
          </div>
        )}
      {reading && <CommandDialog ask="get_configuration" point={point} onSent={(c) => { setReading(false); setSent(c) }} onClose={() => setReading(false)} />}
      {change && <ChangeDialog point={point} setting={change === 'another' ? undefined : change} onSent={(c) => { setChange(undefined); setSent(c) }} onClose={() => setChange(undefined)} />}
      {sent && <ResultDialog first={sent} point={point} onClose={() => setSent(undefined)} />}
    </>
  )
}

function Value({ value }: { value: string }) {
  const { t } = useTranslation()
  return value ? <span className="mono-text">{value}</span> : <span className="quiet">{t('config.empty')}</span>
}

function ChangeDialog({ point, setting: s, onSent, onClose }: { point: ChargePoint; setting?: Setting; onSent: (c: Command) => void; onClose: () => void }) {
  const { t } = useTranslation()
  const submit = useSubmit({ point, onSent })
  const required = useRequired()
  return (
    <FormDialog<Common & { key: string; value?: string }> title={t('config.title', { point: point.name })} ok={t('config.go')} rename={renamed}
      initial={{ key: s?.key, value: s?.masked ? '' : s?.value, wait: point.online ? 0 : 8 }} onClose={onClose}
      what={<What ask="change_setting" running={0} offline={!point.online} />}
      submit={(v, key) => submit({ type: 'change_configuration', key: (s?.key ?? v.key).trim(), value: v.value ?? '', ...commonOf(v) }, key)}>
      {(form) => (
        <>
          {s
            ? <p className="config-now"><b className="mono-text">{s.key}</b> <span className="quiet">{t('config.now')}</span> <Value value={s.value} /></p>
            : <Form.Item name="key" label={t('config.key')} extra={t('config.key_help')} rules={[required]}><Input maxLength={50} className="mono-input" /></Form.Item>}
          <Form.Item name="value" label={t('config.new_value')}><Input maxLength={500} className="mono-input" /></Form.Item>
          {s && (
            <Form.Item noStyle shouldUpdate>
              {() => {
                const next = (form.getFieldValue('value') as string | undefined) ?? ''
                return next === s.value ? null : <p className="diff diff-now" aria-live="polite"><del title={t('config.before')}>{s.value || t('config.empty')}</del>{' → '}<ins title={t('config.after')}>{next || t('config.empty')}</ins></p>
              }}
            </Form.Item>
          )}
          {!point.online && <Wait />}
          <Reason required />
        </>
      )}
    </FormDialog>
  )
}
