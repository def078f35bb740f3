// Words for values that the API sends as codes. A code we do not know yet is shown
// as it is: better than a wrong word.

import type { TFunction } from 'i18next'
import en from '@ccms/shared/i18n/en.json'

type Group = 'session_state' | 'record_state' | 'point_status' | 'connector_status' | 'asset_status' | 'site_state' | 'card_status' |
  'driver_status' | 'membership_level' | 'flag' | 'source' | 'closed_by' | 'line_kind' | 'attempt_kind' | 'warning_level' | 'warning_type' | 'warning_state' | 'warning_entry' | 'error_code' | 'decision' | 'delivery' | 'recharge_from' |
  'recharge_state' | 'payment_state' | 'payment_type' | 'payment_provider' | 'payment_op' | 'payment_step' | 'payment_check' | 'pay_method' | 'pay_method_what' | 'refund_reason' | 'book' | 'stop_reason' | 'entry_kind' | 'security_profile' | 'security_kind' | 'security_source' | 'change_state' | 'certificate_state' | 'certificate_issuer' | 'push_state' | 'reservation_state' | 'window_state'

export function word(t: TFunction, group: Group, code: string): string {
  return code in en[group] ? (t as (key: string) => string)(`${group}.${code}`) : code
}

export function commandWord(t: TFunction, group: 'type' | 'state' | 'effect_wait' | 'effect_seen' | 'effect_none' | 'effect_failed', code: string): string {
  return code in en.command[group] ? (t as (key: string) => string)(`command.${group}.${code}`) : code
}

export function roleWord(t: TFunction, role: string): string {
  return role in en.account.role ? (t as (key: string) => string)(`account.role.${role}`) : role
}
