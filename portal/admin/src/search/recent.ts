// What somebody found lately, for this tab and this login only: it may name persons.

import type { FoundKind, Hit } from '@ccms/shared/api'

export interface Seen { kind: FoundKind; hit: Hit; to: string }

const most = 8
const prefix = 'ccms.found.'

export function readSeen(who: string): Seen[] {
  try {
    const v: unknown = JSON.parse(sessionStorage.getItem(prefix + who) ?? '[]')
    return Array.isArray(v) ? v as Seen[] : []
  } catch {
    return []
  }
}

export function keepSeen(who: string, s: Seen): void {
  try {
    const others = readSeen(who).filter((x) => x.hit.id !== s.hit.id)
    sessionStorage.setItem(prefix + who, JSON.stringify([s, ...others].slice(0, most)))
  } catch { /* nothing is remembered then */ }
}

export function forgetSeen(): void {
  try {
    for (const key of Object.keys(sessionStorage)) if (key.startsWith(prefix)) sessionStorage.removeItem(key)
  } catch { /* nothing was remembered */ }
}
