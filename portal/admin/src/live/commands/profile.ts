// A charging profile as a form has it and as the API takes it: pure. Limits are typed in
// amperes or kilowatts and travel as integers; times of a schedule are typed as h:mm.

import type { Configuration, Profile } from '@ccms/shared/api'

export type Purpose = Profile['purpose']
export type Unit = 'A' | 'W'

export interface PeriodValues { start: string; limit: string; phases?: number }

export interface ProfileValues {
  purpose: Purpose
  session?: string
  connector: number
  id: string
  stack: string
  kind: Profile['kind']
  recurrence?: 'daily' | 'weekly'
  start?: string
  duration?: string
  valid_from?: string
  valid_to?: string
  unit: Unit
  periods: PeriodValues[]
}

/** "1:30" → 5400 seconds; "0:00:10" too. */
export function seconds(text: string): number | undefined {
  const m = /^(\d{1,3}):([0-5]\d)(?::([0-5]\d))?$/.exec(text.trim())
  return m ? Number(m[1]) * 3600 + Number(m[2]) * 60 + Number(m[3] ?? 0) : undefined
}

/** 5400 → "1:30". */
export function span(s: number): string {
  const two = (n: number) => String(n).padStart(2, '0')
  const rest = s % 60
  return `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}${rest ? `:${two(rest)}` : ''}`
}

/** "16.5" A → 16500 mA; "7.4" kW → 7400000 mW: exact. Sent in tenths of an ampere or watt. */
export function milli(text: string, unit: Unit): number | undefined {
  const m = (unit === 'A' ? /^(\d{1,5})(?:\.(\d))?$/ : /^(\d{1,5})(?:\.(\d{1,3}))?$/).exec(text.trim())
  if (!m) return undefined
  return unit === 'A' ? Number(m[1]) * 1000 + Number(m[2] ?? 0) * 100 : (Number(m[1]) * 1000 + Number((m[2] ?? '').padEnd(3, '0'))) * 1000
}

const iso = (local: string | undefined) => (local ? new Date(local).toISOString() : undefined)

/** Only what has passed the rules of the form. */
export function profileOf(v: ProfileValues): Profile {
  const relative = v.kind === 'relative'
  return {
    id: Number(v.id), stack_level: Number(v.stack), purpose: v.purpose, kind: v.kind,
    recurrence: v.kind === 'recurring' ? v.recurrence ?? 'daily' : undefined,
    session_id: v.purpose === 'tx' ? v.session : undefined,
    valid_from: iso(v.valid_from), valid_to: iso(v.valid_to),
    schedule: {
      unit: v.unit, start: relative ? undefined : iso(v.start), duration_s: (v.duration && seconds(v.duration)) || undefined,
      periods: v.periods.map((p) => ({ start_s: seconds(p.start) ?? 0, limit_milli: milli(p.limit, v.unit) ?? 0, phases: p.phases || undefined })),
    },
  }
}

/** Names of the API under those of the form. */
export function renamedProfile(path: (string | number)[]): (string | number)[] {
  if (path[0] !== 'profile') return path[0] === 'queue_until_online_s' ? ['wait'] : path
  if (path[1] === 'schedule') {
    const [, , name, i, field] = path
    if (name === 'periods' && i !== undefined) return ['periods', i, field === 'limit_milli' ? 'limit' : field === 'start_s' ? 'start' : 'phases']
    return [name === 'duration_s' ? 'duration' : name ?? 'periods']
  }
  return [path[1] === 'stack_level' ? 'stack' : path[1] === 'session_id' ? 'session' : path[1] ?? 'purpose']
}

export interface Bounds { periods: number; stack: number; units: Unit[]; smart: boolean }

/** What the point told of itself; the server refuses the same. */
export function boundsOf(cfg: Configuration | undefined): Bounds {
  const value = (key: string) => cfg?.items.find((s) => s.key.toLowerCase() === key.toLowerCase())?.value.replaceAll(/["' ]/g, '')
  const number = (key: string) => (/^\d{1,9}$/.test(value(key) ?? '') ? Number(value(key)) : undefined)
  const words = (value('ChargingScheduleAllowedChargingRateUnit') ?? '').toLowerCase().split(',')
  const units = ([['A', ['current', 'a']], ['W', ['power', 'w']]] as const).filter(([, said]) => said.some((w) => words.includes(w))).map(([u]) => u)
  const features = value('SupportedFeatureProfiles')
  return {
    periods: Math.min(number('ChargingScheduleMaxPeriods') || 100, 100), stack: Math.min(number('ChargeProfileMaxStackLevel') ?? 100, 100),
    units: units.length > 0 ? [...units] : ['A', 'W'], smart: !features || features.toLowerCase().includes('smartcharging'),
  }
}
