// Frames as a person reads them: a call with its answer, joined from what was kept and
// from what passes. Pure.

import type { PointFrame } from '@ccms/shared/api'
import { type Kind } from '../../finance/frames'

export interface FrameChoice { action?: string; direction?: 'in' | 'out'; flawed?: boolean; session?: string }

/** One place in the list, whether it was kept or has just passed. */
export const keyOf = (f: PointFrame) => `${f.received_at} ${f.direction} ${f.kind} ${f.message_id}`

/** So many frames that passed are held; older ones are in the list of the server. */
export const held = 500

const answers = (a: PointFrame, call: PointFrame) =>
  call.kind === 'call' && !call.answer && call.message_id === a.message_id && call.direction !== a.direction && Date.parse(call.received_at) <= Date.parse(a.received_at)

const withAnswer = (call: PointFrame, a: PointFrame): PointFrame => ({
  ...call, round_trip_ms: Date.parse(a.received_at) - Date.parse(call.received_at),
  answer: { received_at: a.received_at, kind: a.kind === 'call' ? 'other' : a.kind, payload: a.payload, flaws: a.flaws },
})

/** Newest first: an answer goes to its call, everything else on top. */
export function passed(list: readonly PointFrame[], f: PointFrame): PointFrame[] {
  if (f.kind === 'result' || f.kind === 'error') {
    const i = list.findIndex((x) => answers(f, x))
    if (i >= 0) return list.map((x, k) => (k === i ? withAnswer(x, f) : x))
  }
  return [f, ...list].slice(0, held)
}

/** What has passed on top of what was kept, each once; an answer that passed may belong to a call that was kept. */
export function together(live: readonly PointFrame[], kept: readonly PointFrame[]): PointFrame[] {
  const there = new Set(kept.map(keyOf))
  const out = [...kept]
  const top: PointFrame[] = []
  for (const f of live) {
    if (there.has(keyOf(f))) continue
    const i = f.kind === 'result' || f.kind === 'error' ? out.findIndex((x) => answers(f, x)) : -1
    if (i >= 0) out[i] = withAnswer(out[i]!, f)
    else if (!kept.some((x) => x.answer?.received_at === f.received_at && x.message_id === f.message_id)) top.push(f)
  }
  return [...top, ...out]
}

/** Would the server have it in this list? A session's are told apart there alone. */
export function chosen(f: PointFrame, c: FrameChoice): boolean {
  return (!c.action || (f.kind === 'call' && f.action === c.action)) && (!c.direction || f.direction === c.direction) && (!c.flawed || f.flaws.length > 0)
}

export interface Read { kind: Kind; payload: unknown; code?: string }

/** What is inside the frame (OCPP-J 1.6 §4.2). */
export function inside(kind: string, raw: unknown): Read {
  if (Array.isArray(raw)) {
    if (kind === 'call') return { kind, payload: raw[3] }
    if (kind === 'result') return { kind, payload: raw[2] }
    if (kind === 'error') return { kind, code: String(raw[2] ?? ''), payload: { description: raw[3] as unknown, details: raw[4] as unknown } }
  }
  return { kind: 'other', payload: raw }
}

const kinds = ['missing', 'wrong type', 'too long', 'unknown enum', 'bad time', 'bad value', 'unknown field', 'placeholder', 'repaired', 'not an object', 'unreadable', 'unknown action'] as const
export type FlawKind = (typeof kinds)[number]

/** "too long /info" → its kind and its place. */
export function readFlaw(text: string): { kind: FlawKind; place: string } | undefined {
  const kind = kinds.find((k) => text === k || text.startsWith(`${k} `))
  return kind && { kind, place: text.slice(kind.length).trim().replace(/^\//, '').replaceAll('/', ' › ') }
}

/** OCPP 1.6 and its security extension. */
export const actions = [
  'Authorize', 'BootNotification', 'CancelReservation', 'CertificateSigned', 'ChangeAvailability', 'ChangeConfiguration', 'ClearCache', 'ClearChargingProfile',
  'DataTransfer', 'DeleteCertificate', 'DiagnosticsStatusNotification', 'ExtendedTriggerMessage', 'FirmwareStatusNotification', 'GetCompositeSchedule',
  'GetConfiguration', 'GetDiagnostics', 'GetInstalledCertificateIds', 'GetLocalListVersion', 'GetLog', 'Heartbeat', 'InstallCertificate', 'LogStatusNotification',
  'MeterValues', 'RemoteStartTransaction', 'RemoteStopTransaction', 'ReserveNow', 'Reset', 'SecurityEventNotification', 'SendLocalList', 'SetChargingProfile',
  'SignCertificate', 'SignedFirmwareStatusNotification', 'SignedUpdateFirmware', 'StartTransaction', 'StatusNotification', 'StopTransaction', 'TriggerMessage',
  'UnlockConnector', 'UpdateFirmware',
] as const
