// The everyday commands of a charge point, each with a word on what will happen and
// then what did.

import { MoreOutlined } from '@ant-design/icons'
import { Alert, Button, Dropdown, Form, Input, Modal, Select } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { ChargePoint, Command, CommandNew } from '@ccms/shared/api'
import { viewerZone } from '@ccms/shared/format'
import { useMay } from '../login/me'
import { FormDialog, useRequired } from '../parts/FormDialog'
import { commandWord } from '../parts/words'
import { CommandSteps } from './CommandSteps'
import { PickWho } from './PickWho'
import { useCommand, useSendCommand } from './useCommand'

type Ask = 'remote_start' | 'trigger' | 'soft_reset' | 'hard_reset'

export function PointCommands({ point }: { point: ChargePoint }) {
  const { t } = useTranslation()
  const may = useMay()
  const [ask, setAsk] = useState<Ask>()
  const [sent, setSent] = useState<Command>()
  if (!may('live.command')) return null
  const asks: Ask[] = ['remote_start', 'trigger', 'soft_reset', 'hard_reset']
  const done = (c: Command) => {
    setAsk(undefined)
    setSent(c)
  }
  const dialog = { point, onSent: done, onClose: () => setAsk(undefined) }
  return (
    <>
      <Dropdown trigger={['click']} menu={{
        items: [
          ...(point.online ? [] : [{ key: 'offline', label: t('points.offline_menu'), disabled: true }]),
          ...asks.map((a) => ({ key: a, label: t(`points.${a}`), danger: a === 'hard_reset', disabled: !point.online })),
        ],
        onClick: ({ key }) => setAsk(key as Ask),
      }}>
        <Button size="small" icon={<MoreOutlined aria-hidden />} aria-label={t('points.menu', { name: point.name })} title={t('points.menu', { name: point.name })} />
      </Dropdown>
      {ask === 'remote_start' && <StartDialog {...dialog} />}
      {ask === 'trigger' && <TriggerDialog {...dialog} />}
      {(ask === 'soft_reset' || ask === 'hard_reset') && <ResetDialog {...dialog} hard={ask === 'hard_reset'} />}
      {sent && <ResultDialog first={sent} point={point} onClose={() => setSent(undefined)} />}
    </>
  )
}

interface DialogProps { point: ChargePoint; onSent: (c: Command) => void; onClose: () => void }

function useSubmit(p: DialogProps) {
  const send = useSendCommand()
  return async (body: CommandNew, key: string) => p.onSent(await send.mutateAsync({ point: p.point.id, body, key }))
}

function StartDialog(p: DialogProps) {
  const { t } = useTranslation()
  const submit = useSubmit(p)
  const required = useRequired()
  const free = p.point.connectors.find((c) => c.status === 'Available' || c.status === 'Preparing') ?? p.point.connectors[0]
  return (
    <FormDialog<{ connector: number; who: string }> title={t('start.title', { point: p.point.name })} ok={t('start.go')} what={t('start.what')}
      initial={{ connector: free?.number }} onClose={p.onClose}
      rename={(path) => (path[0] === 'token_uid' || path[0] === 'driver_id' ? ['who'] : path)}
      submit={(v, key) => {
        const [kind, ...rest] = v.who.split(':')
        const who = rest.join(':')
        return submit({ type: 'remote_start', connector: v.connector, ...(kind === 'token' ? { token_uid: who } : { driver_id: who }) }, key)
      }}>
      <Form.Item name="connector" label={t('start.connector')} rules={[{ required: true, message: t('form.required') }]}>
        <Select options={p.point.connectors.map((c) => ({ value: c.number, label: c.type ? `${c.number} · ${c.type}` : c.number }))} />
      </Form.Item>
      <Form.Item name="who" label={t('start.who')} extra={t('start.who_help')} rules={[required]}><PickWho cards /></Form.Item>
    </FormDialog>
  )
}

/** OCPP 1.6 §7.27 MessageTrigger, as far as we read the answers. */
const messages = ['StatusNotification', 'MeterValues', 'Heartbeat', 'BootNotification']

function TriggerDialog(p: DialogProps) {
  const { t } = useTranslation()
  const submit = useSubmit(p)
  return (
    <FormDialog<{ message: string; connector: number }> title={t('trigger.title', { point: p.point.name })} ok={t('trigger.go')} what={t('trigger.what')}
      initial={{ message: messages[0], connector: 0 }} onClose={p.onClose}
      rename={(path) => (path[0] === 'requested_message' ? ['message'] : path)}
      submit={(v, key) => submit({ type: 'trigger_message', requested_message: v.message, connector: v.connector || undefined }, key)}>
      <Form.Item name="message" label={t('trigger.message')}><Select options={messages.map((m) => ({ value: m, label: m }))} /></Form.Item>
      <Form.Item name="connector" label={t('trigger.connector')}>
        <Select options={[{ value: 0, label: t('trigger.whole') }, ...p.point.connectors.map((c) => ({ value: c.number, label: c.number }))]} />
      </Form.Item>
    </FormDialog>
  )
}

function ResetDialog(p: DialogProps & { hard: boolean }) {
  const { t } = useTranslation()
  const submit = useSubmit(p)
  const required = useRequired()
  const running = p.point.connectors.filter((c) => c.status === 'Charging' || c.status.startsWith('Suspended')).length
  return (
    <FormDialog<{ reason: string }> title={t(p.hard ? 'reset.hard_title' : 'reset.soft_title', { point: p.point.name })}
      ok={t(p.hard ? 'reset.go_hard' : 'reset.go_soft')} danger initial={{}} onClose={p.onClose}
      what={<>
        {t(p.hard ? 'reset.hard_what' : 'reset.soft_what')}
        {running > 0 && <Alert type="warning" showIcon className="space-above" title={t('reset.running', { count: running })} />}
      </>}
      submit={(v, key) => submit({ type: 'reset', reset_type: p.hard ? 'hard' : 'soft', reason: v.reason.trim() }, key)}>
      <Form.Item name="reason" label={t('reset.reason')} extra={t('stop.reason_help')} rules={[required]}><Input maxLength={200} /></Form.Item>
    </FormDialog>
  )
}

function ResultDialog({ first, point, onClose }: { first: Command; point: ChargePoint; onClose: () => void }) {
  const { t } = useTranslation()
  const c = useCommand(first.id) ?? first
  return (
    <Modal open width={480} onCancel={onClose} title={`${commandWord(t, 'type', c.type)} · ${point.name}`}
      footer={<Button type="primary" onClick={onClose}>{t('form.close')}</Button>}>
      <CommandSteps command={c} zone={viewerZone()} />
    </Modal>
  )
}
