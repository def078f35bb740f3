// Reading OCPP-J frames for the timeline (OCPP-J 1.6 §4.2): a call is
// [2, id, action, payload], its answer [3, id, payload], a refusal
// [4, id, code, description, details].

import type { Frame } from '@ccms/shared/api'

export type Kind = 'call' | 'result' | 'error' | 'other'

export interface Message {
  frame: Frame
  kind: Kind
  /** Of an answer: the action it answers. */
  action: string
  payload: unknown
  errorCode?: string
}

export function readFrames(frames: readonly Frame[]): Message[] {
  const asked = new Map<string, string>() // direction of the call and message id → action
  return frames.map((frame) => {
    const m = split(frame)
    if (m.kind === 'call') asked.set(`${frame.direction} ${frame.message_id}`, m.action)
    else if (!m.action) m.action = asked.get(`${frame.direction === 'in' ? 'out' : 'in'} ${frame.message_id}`) ?? ''
    return m
  })
}

function split(frame: Frame): Message {
  const raw = frame.payload as unknown
  const action = frame.action
  if (Array.isArray(raw)) {
    if (raw[0] === 2) return { frame, kind: 'call', action: action || String(raw[2] ?? ''), payload: raw[3] }
    if (raw[0] === 3) return { frame, kind: 'result', action, payload: raw[2] }
    if (raw[0] === 4) return { frame, kind: 'error', action, payload: { description: raw[3] as unknown, details: raw[4] as unknown }, errorCode: String(raw[2] ?? '') }
  }
  return { frame, kind: 'other', action, payload: raw }
}

/** The short values of a message, so that most need not be opened. */
export function brief(payload: unknown): string {
  if (typeof payload === 'string') return payload.slice(0, 80)
  if (typeof payload !== 'object' || payload === null) return ''
  const out: string[] = []
  const walk = (o: object, depth: number) => {
    for (const [k, v] of Object.entries(o) as [string, unknown][]) {
      if (Array.isArray(v)) out.push(`${k} ×${v.length}`)
      else if (typeof v === 'object' && v !== null) {
        if (depth < 1) walk(v, depth + 1)
      } else if (k !== 'timestamp' && k !== 'currentTime' && v !== undefined && v !== null && v !== '') out.push(`${k} ${String(v)}`)
    }
  }
  walk(payload, 0)
  return out.slice(0, 6).join(' · ')
}
