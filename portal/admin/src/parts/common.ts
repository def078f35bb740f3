// What all rows share is said once, in the column's title.

import type { Money } from '@ccms/shared/api'
import { zoneName } from '@ccms/shared/format'

function only(values: Iterable<string | undefined>): string | undefined {
  const found = new Set<string>()
  for (const v of values) if (v) found.add(v)
  return found.size === 1 ? [...found][0] : undefined
}

export function oneZone(rows: readonly { time_zone?: string }[]): string | undefined {
  const zone = only(rows.map((r) => r.time_zone))
  return zone && zoneName(zone)
}

export const oneCurrency = (amounts: readonly (Money | undefined)[]): string | undefined => only(amounts.map((m) => m?.currency))
