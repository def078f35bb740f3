// What a charge point can be asked for from the portal: pure, so that list, page and
// bulk offer the same.

import type { Permission } from '@ccms/shared/api'

/** As a menu has them: what is for a driver, what is asked, what limits, and last what may end a charge. */
export const askGroups = [
  ['remote_start', 'reserve'],
  ['trigger', 'get_configuration', 'data_transfer', 'get_diagnostics', 'get_log', 'clear_cache'],
  ['set_profile', 'clear_profile', 'composite'],
  ['in_service', 'out_of_service', 'unlock', 'soft_reset', 'hard_reset'],
] as const
export const asks = askGroups.flat()
export type Ask = (typeof asks)[number]

/** What many points can be asked for at once: nothing that is about one connector or one driver. */
export const bulkAsks = ['trigger', 'get_configuration', 'set_profile', 'clear_profile', 'clear_cache', 'out_of_service', 'in_service', 'soft_reset', 'hard_reset'] as const satisfies readonly Ask[]

const own: Partial<Record<Ask, Permission>> = {
  hard_reset: 'live.hard_reset', unlock: 'live.unlock', out_of_service: 'live.availability', in_service: 'live.availability',
  set_profile: 'live.profile', clear_profile: 'live.profile', data_transfer: 'live.configure',
  get_diagnostics: 'live.files', get_log: 'live.files',
}

/** Beside live.command. */
export const needs = (ask: Ask): Permission => own[ask] ?? 'live.command'

/** Nobody waits at the pile for a start; what a point is asked to send now is of no use tomorrow. */
export const mayWait = (ask: Ask) => ask !== 'remote_start' && ask !== 'trigger' && ask !== 'composite' && ask !== 'reserve'

/** Ends a charge, or may. */
export const isDangerous = (ask: Ask) => ask === 'hard_reset' || ask === 'soft_reset' || ask === 'out_of_service' || ask === 'unlock'

/** How long a command may wait for a point that is offline, in hours. */
export const waitHours = [1, 8, 24] as const

/** The body of the command, as far as the ask alone says it. */
export function bodyOf(ask: Exclude<Ask, 'reserve'>) {
  switch (ask) {
    case 'soft_reset': return { type: 'reset', reset_type: 'soft' } as const
    case 'hard_reset': return { type: 'reset', reset_type: 'hard' } as const
    case 'out_of_service': return { type: 'change_availability', availability: 'inoperative' } as const
    case 'in_service': return { type: 'change_availability', availability: 'operative' } as const
    case 'unlock': return { type: 'unlock' } as const
    case 'get_configuration': return { type: 'get_configuration' } as const
    case 'clear_cache': return { type: 'clear_cache' } as const
    case 'get_diagnostics': return { type: 'get_diagnostics' } as const
    case 'get_log': return { type: 'get_log' } as const
    case 'trigger': return { type: 'trigger_message' } as const
    case 'set_profile': return { type: 'set_charging_profile' } as const
    case 'clear_profile': return { type: 'clear_charging_profile' } as const
    case 'composite': return { type: 'get_composite_schedule' } as const
    case 'data_transfer': return { type: 'data_transfer' } as const
    case 'remote_start': return { type: 'remote_start' } as const
  }
}

/** Must a person say why? The server asks for the same. */
export const needsReason = (ask: Ask) => !['remote_start', 'reserve', 'trigger', 'get_configuration', 'composite', 'get_diagnostics', 'get_log'].includes(ask)

/** Four digits to type, so that a hand that clicks on does not reset five hundred points. */
export function fourDigits(): string {
  const n = crypto.getRandomValues(new Uint16Array(1))[0]! % 10_000
  return String(n).padStart(4, '0')
}
