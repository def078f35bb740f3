// The levels that an operator gives to types of warnings: pure.

import type { WarningLevel, WarningLevels } from '@ccms/shared/api'

export type Given = NonNullable<WarningLevel['level']>

export const given: Given[] = ['INFO', 'NOTICE', 'WARN', 'ERROR']

export const ownOf = (all: WarningLevels, type: string): Given | undefined => all.items.find((l) => l.type === type)?.level

/** What is sent for all types where one of them changes; without a level it has its own again. */
export function levelsWith(all: WarningLevels, type: string, level: Given | undefined): Record<string, string> {
  const out: Record<string, string> = {}
  for (const l of all.items) if (l.level) out[l.type] = l.level
  if (level) out[type] = level
  else delete out[type]
  return out
}
