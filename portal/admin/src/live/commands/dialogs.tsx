// One pattern for all commands: what will happen, to whom, why; then what did happen.

import { Alert, Form, Input, Select } from 'antd'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { ChargePoint, Command, CommandNew, FileProtocol } from '@ccms/shared/api'
import { FormDialog, useRequired } from '../../parts/FormDialog'
import { PickWho } from '../PickWho'
import { useSendCommand } from '../useCommand'
import { type Ask, bodyOf, isDangerous, mayWait, needsReason } from './asks'
import { ReserveDialog } from './ReserveDialog'
import { type Common, commonOf, Reason, renamed, Wait } from './fields'
import { ClearProfileDialog, CompositeDialog, ProfileDialog } from './profiles'
import { VendorDialog } from './vendor'

export interface DialogProps {
  point: ChargePoint
  /** Chosen already, where the click was on one connector. */
  connector?: number
  onSent: (c: Command) => void
  onClose: () => void
}

export function useSubmit(p: Pick<DialogProps, 'point' | 'onSent'>) {
  const send = useSendCommand()
  return async (body: CommandNew, key: string) => p.onSent(await send.mutateAsync({ point: p.point.id, body, key }))
}

export const chargingNow = (p: ChargePoint) => p.connectors.filter((c) => c.status === 'Charging' || c.status.startsWith('Suspended')).length

export function CommandDialog({ ask, ...p }: DialogProps & { ask: Ask }) {
  switch (ask) {
    case 'remote_start': return <StartDialog {...p} />
    case 'trigger': return <TriggerDialog {...p} />
    case 'set_profile': return <ProfileDialog {...p} />
    case 'clear_profile': return <ClearProfileDialog {...p} />
    case 'composite': return <CompositeDialog {...p} />
    case 'data_transfer': return <VendorDialog {...p} />
    case 'get_diagnostics': case 'get_log': return <FileDialog {...p} ask={ask} />
    case 'reserve': return <ReserveDialog {...p} onSent={(c) => (c ? p.onSent(c) : p.onClose())} />
    default: return <PlainDialog {...p} ask={ask} />
  }
}

function StartDialog(p: DialogProps) {
  const { t } = useTranslation()
  const submit = useSubmit(p)
  const required = useRequired()
  const free = p.point.connectors.find((c) => c.status === 'Available' || c.status === 'Preparing') ?? p.point.connectors[0]
  return (
    <FormDialog<Common & { connector: number; who: string; code?: string }> title={t('start.title', { point: p.point.name })} ok={t('start.go')} what={t('start.what')}
      initial={{ connector: p.connector ?? free?.number }} onClose={p.onClose} rename={renamed}
      submit={(v, key) => {
        const [kind, ...rest] = v.who.split(':')
        const who = rest.join(':')
        return submit({ type: 'remote_start', connector: v.connector, ...(kind === 'token' ? { token_uid: who } : { driver_id: who }), promotion_code: v.code?.trim() || undefined, ...commonOf(v) }, key)
      }}>
      <Form.Item name="connector" label={t('start.connector')} rules={[{ required: true, message: t('form.required') }]}>
        <Select options={p.point.connectors.map((c) => ({ value: c.number, label: c.type ? `${c.number} · ${c.type}` : c.number }))} />
      </Form.Item>
      <Form.Item name="who" label={t('start.who')} extra={t('start.who_help')} rules={[required]}><PickWho cards /></Form.Item>
      <Form.Item name="code" label={`${t('price.code')} (${t('form.optional')})`}><Input maxLength={30} autoCapitalize="characters" /></Form.Item>
      <Reason required={false} />
    </FormDialog>
  )
}

/** OCPP 1.6 §7.27 MessageTrigger, as far as we read the answers. */
export const messages = ['StatusNotification', 'MeterValues', 'BootNotification', 'Heartbeat', 'FirmwareStatusNotification', 'DiagnosticsStatusNotification']
/** What only ExtendedTriggerMessage of the security extension can ask for. */
const extended = ['LogStatusNotification', 'SignChargePointCertificate']

function TriggerDialog(p: DialogProps) {
  const { t } = useTranslation()
  const submit = useSubmit(p)
  return (
    <FormDialog<Common & { message: string; connector: number }> title={t('trigger.title', { point: p.point.name })} ok={t('trigger.go')} what={t('trigger.what')}
      initial={{ message: messages[0], connector: p.connector ?? 0 }} onClose={p.onClose} rename={renamed}
      submit={(v, key) => submit({ type: extended.includes(v.message) ? 'extended_trigger' : 'trigger_message', requested_message: v.message, connector: v.connector || undefined, ...commonOf(v) }, key)}>
      <Form.Item name="message" label={t('trigger.message')} extra={t('trigger.message_help')}><Select options={[...messages, ...extended].map((m) => ({ value: m, label: m }))} /></Form.Item>
      <Form.Item name="connector" label={t('trigger.connector')}><Select options={[{ value: 0, label: t('trigger.whole') }, ...numbers(p.point)]} /></Form.Item>
      <Reason required={false} />
    </FormDialog>
  )
}

export const numbers = (p: ChargePoint) => p.connectors.map((c) => ({ value: c.number, label: c.type ? `${c.number} · ${c.type}` : `${c.number}` }))

/** Diagnostics and logs: the server makes the address, nobody types one. */
function FileDialog({ ask, ...p }: DialogProps & { ask: 'get_diagnostics' | 'get_log' }) {
  const { t } = useTranslation()
  const submit = useSubmit(p)
  const log = ask === 'get_log'
  return (
    <FormDialog<Common & { log: 'diagnostics' | 'security'; protocol: FileProtocol | '' }> title={t(log ? 'files.ask_log' : 'files.ask_diagnostics', { point: p.point.name })} ok={t('files.ask_go')}
      initial={{ log: 'diagnostics', protocol: '', wait: p.point.online ? 0 : 8 }} onClose={p.onClose} rename={renamed}
      what={<>{t('files.ask_what')}{!p.point.online && <Alert type="info" showIcon className="space-above" title={t('command.offline_now')} />}</>}
      submit={(v, key) => submit({ type: ask, ...(log ? { log: v.log } : {}), protocol: v.protocol || undefined, ...commonOf(v) }, key)}>
      {log && <Form.Item name="log" label={t('files.log')}><Select options={[{ value: 'diagnostics', label: t('files.kind.log') }, { value: 'security', label: t('files.kind.security_log') }]} /></Form.Item>}
      <ProtocolField />
      {!p.point.online && <Wait />}
      <Reason required={false} />
    </FormDialog>
  )
}

export function ProtocolField() {
  const { t } = useTranslation()
  return (
    <Form.Item name="protocol" label={t('files.protocol')} extra={t('files.protocol_help')}>
      <Select options={[{ value: '', label: t('files.protocol_auto') }, ...(['https', 'ftps', 'http', 'ftp'] as const).map((x) => ({ value: x, label: x.toUpperCase() }))]} />
    </Form.Item>
  )
}

type Plain = Exclude<Ask, 'remote_start' | 'reserve' | 'trigger' | 'set_profile' | 'clear_profile' | 'composite' | 'data_transfer' | 'get_diagnostics' | 'get_log'>

/** Resets, unlock, availability, cache, settings: a sentence, which connector, and why. */
function PlainDialog({ ask, ...p }: DialogProps & { ask: Plain }) {
  const { t } = useTranslation()
  const submit = useSubmit(p)
  const running = chargingNow(p.point)
  const whole = ask === 'out_of_service' || ask === 'in_service'
  const oneOf = ask === 'unlock'
  return (
    <FormDialog<Common & { connector: number }> title={t(`ask_title.${ask}`, { point: p.point.name })} ok={t(`ask_go.${ask}`)} danger={isDangerous(ask)} rename={renamed}
      initial={{ connector: p.connector ?? (oneOf ? p.point.connectors[0]?.number : 0), wait: p.point.online ? 0 : 8 }} onClose={p.onClose}
      what={<What ask={ask} running={running} offline={!p.point.online} />}
      submit={(v, key) => submit({ ...bodyOf(ask), ...(oneOf || whole ? { connector: v.connector || undefined } : {}), ...commonOf(v) }, key)}>
      {(oneOf || whole) && (
        <Form.Item name="connector" label={t('trigger.connector')} rules={[{ required: true, message: t('form.required') }]}>
          <Select options={[...(whole ? [{ value: 0, label: t('trigger.whole') }] : []), ...numbers(p.point)]} />
        </Form.Item>
      )}
      {!p.point.online && mayWait(ask) && <Wait />}
      <Reason required={needsReason(ask)} />
    </FormDialog>
  )
}

export function What({ ask, running, offline, many, children }: {
  ask: Plain | 'remote_start' | 'trigger' | 'change_setting' | 'set_profile' | 'clear_profile'; running: number; offline?: boolean; many?: boolean; children?: ReactNode
}) {
  const { t } = useTranslation()
  return (
    <>
      {t(ask === 'remote_start' ? 'start.what' : ask === 'trigger' ? 'trigger.what' : ask === 'set_profile' ? 'profile.what' : ask === 'clear_profile' ? 'profile.clear_what' : `ask_what.${ask}`)}
      {running > 0 && ask !== 'change_setting' && isDangerous(ask) && <Alert type="warning" showIcon className="space-above" title={many ? t('bulk.running', { count: running }) : t('reset.running', { count: running })} />}
      {offline && <Alert type="info" showIcon className="space-above" title={t('command.offline_now')} />}
      {children}
    </>
  )
}
