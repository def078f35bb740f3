// The menu in the guide's order and words: only the screens that exist.

import {
  AlertOutlined, AuditOutlined, BookOutlined, CodeOutlined, CompassOutlined, ControlOutlined, CreditCardOutlined, DashboardOutlined, EnvironmentOutlined, ExperimentOutlined, FileSyncOutlined, GlobalOutlined, HomeOutlined, IdcardOutlined, InboxOutlined, LoginOutlined,
  MoneyCollectOutlined, ProfileOutlined, SafetyCertificateOutlined, SendOutlined, ShopOutlined, SlidersOutlined, TeamOutlined, ThunderboltOutlined, ToolOutlined, TransactionOutlined, UnorderedListOutlined, WalletOutlined,
} from '@ant-design/icons'
import type { ComponentType } from 'react'
import type { ParseKeys } from 'i18next'
import type { Permission } from '@ccms/shared/api'

export interface Leaf { path: string; title: ParseKeys; need: Permission; icon: ComponentType
  /** What waits there for somebody is counted beside it. */
  counts?: 'warnings' }
export interface Section { title: ParseKeys; leaves: Leaf[] }

export const sections: Section[] = [
  { title: 'nav.start', leaves: [
    { path: '/home', title: 'nav.home', need: 'home.read', icon: HomeOutlined },
  ] },
  { title: 'nav.live', leaves: [
    { path: '/live/points', title: 'nav.live_points', need: 'live.read', icon: DashboardOutlined },
    { path: '/live/charging', title: 'nav.live_charging', need: 'live.read', icon: ThunderboltOutlined },
    { path: '/live/map', title: 'nav.map', need: 'live.read', icon: CompassOutlined },
    { path: '/live/warnings', title: 'nav.live_warnings', need: 'live.read', icon: AlertOutlined, counts: 'warnings' },
    { path: '/live/attempts', title: 'nav.attempts', need: 'live.read', icon: LoginOutlined },
    { path: '/live/bulks', title: 'nav.bulks', need: 'live.read', icon: SendOutlined },
  ] },
  { title: 'nav.finance', leaves: [
    { path: '/finance/payment-options', title: 'nav.payment_options', need: 'finance.read', icon: ShopOutlined },
    { path: '/finance/plans', title: 'nav.plans', need: 'plans.read', icon: MoneyCollectOutlined },
    { path: '/finance/recharges', title: 'nav.recharges', need: 'finance.read', icon: WalletOutlined },
    { path: '/finance/records', title: 'nav.records', need: 'finance.read', icon: ProfileOutlined },
    { path: '/finance/payments', title: 'nav.payments', need: 'finance.read', icon: TransactionOutlined },
    { path: '/finance/reconciliation', title: 'nav.reconciliation', need: 'finance.read', icon: FileSyncOutlined },
    { path: '/finance/ledger', title: 'nav.ledger', need: 'finance.read', icon: BookOutlined },
  ] },
  { title: 'nav.assets', leaves: [
    { path: '/assets/stations', title: 'nav.sites', need: 'assets.read', icon: EnvironmentOutlined },
    { path: '/assets/points', title: 'nav.points', need: 'assets.read', icon: AuditOutlined },
    { path: '/assets/inbox', title: 'nav.inbox', need: 'assets.read', icon: InboxOutlined },
    { path: '/assets/templates', title: 'nav.templates', need: 'assets.read', icon: ControlOutlined },
    { path: '/assets/models', title: 'nav.models', need: 'assets.read', icon: ExperimentOutlined },
    { path: '/assets/certificates', title: 'nav.certificates', need: 'assets.read', icon: SafetyCertificateOutlined },
    { path: '/assets/firmware', title: 'nav.firmware', need: 'assets.read', icon: CodeOutlined },
  ] },
  { title: 'nav.upkeep', leaves: [
    { path: '/upkeep/windows', title: 'nav.windows', need: 'live.read', icon: ToolOutlined },
    { path: '/upkeep/levels', title: 'nav.levels', need: 'live.read', icon: SlidersOutlined },
  ] },
  { title: 'nav.users', leaves: [
    { path: '/users/profiles', title: 'nav.profiles', need: 'drivers.read', icon: IdcardOutlined },
    { path: '/users/groups', title: 'nav.groups', need: 'drivers.read', icon: TeamOutlined },
    { path: '/users/cards', title: 'nav.cards', need: 'drivers.read', icon: CreditCardOutlined },
    { path: '/users/local-lists', title: 'nav.local_lists', need: 'drivers.read', icon: UnorderedListOutlined },
  ] },
  { title: 'nav.system', leaves: [
    { path: '/system/operators', title: 'nav.operators', need: 'operators.switch', icon: GlobalOutlined },
  ] },
]

/** The sections with the screens that someone may open. */
export function visible(may: (p: Permission) => boolean): Section[] {
  return sections
    .map((s) => ({ ...s, leaves: s.leaves.filter((l) => may(l.need)) }))
    .filter((s) => s.leaves.length > 0)
}

export function leafOf(path: string): { section: Section; leaf: Leaf } | undefined {
  for (const section of sections) {
    const leaf = section.leaves.find((l) => path === l.path || path.startsWith(`${l.path}/`))
    if (leaf) return { section, leaf }
  }
  return undefined
}

/** Where to begin the day. */
export function firstScreen(may: (p: Permission) => boolean): string | undefined {
  return visible(may)[0]?.leaves[0]?.path
}
