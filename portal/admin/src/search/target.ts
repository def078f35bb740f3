// Where a found object is shown, among the screens that exist and may be opened.

import type { FoundKind, Hit, Permission } from '@ccms/shared/api'

export function targetOf(kind: FoundKind, hit: Hit, may: (p: Permission) => boolean): string {
  const list = (path: string, key: string) => `${path}?${new URLSearchParams({ [key]: hit.find ?? hit.title }).toString()}`
  switch (kind) {
    case 'session': return may('finance.read') ? `/finance/records/${hit.id}` : '/live/charging'
    case 'recharge': return list('/finance/recharges', 'q')
    case 'card': return list('/users/cards', 'q')
    case 'driver': return list('/users/profiles', 'q')
    case 'charge_point': return may('live.read') ? `/live/points/${hit.id}` : list('/assets/points', 'q')
    case 'site': return list('/assets/stations', 'name')
  }
}
