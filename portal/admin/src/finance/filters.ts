// The filters of the finance lists as the API has them: lists, their sums and their
// files ask for the same rows.

import type { Recharge } from '@ccms/shared/api'
import { dayStart, typedDecimal } from '@ccms/shared/format'
import type { ListState } from '../list/state'

export const recordStates = ['RUNNING', 'SETTLING', 'COMPLETED', 'UNPAID', 'ADJUSTED', 'ABNORMAL', 'VOID'] as const

/** Days are those of the zone. */
export function rechargeFilter({ filters: f }: Pick<ListState, 'filters'>, zone: string) {
  return {
    q: f.q, account: f.account, charging_account: f.charging_account, user: f.user, kind: f.kind as Recharge['kind'] | undefined,
    amount: f.amount && typedDecimal(f.amount), from: f.from && dayStart(f.from, zone), to: f.to && dayStart(f.to, zone, 1),
  }
}

export function recordFilter({ filters: f }: Pick<ListState, 'filters'>, zone: string) {
  return {
    q: f.q, site: f.site, point: f.point, state: f.state, record_state: f.record as (typeof recordStates)[number] | undefined,
    user: f.user, account: f.account, charging_account: f.charging_account, card: f.card, plan_id: f.plan,
    from: f.from && dayStart(f.from, zone), to: f.to && dayStart(f.to, zone, 1),
  }
}

/** The postings of an account in the range. */
export function statement(x: { account?: string; charging_account?: string; currency?: string; from?: string; to?: string }): string {
  const q = new URLSearchParams()
  for (const [k, v] of Object.entries(x)) if (v) q.set(k, v)
  return `/finance/ledger/postings?${q}`
}
