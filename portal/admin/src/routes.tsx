// One route per screen, each loaded when it is first opened.

import { type ComponentType, lazy, Suspense } from 'react'
import { createBrowserRouter, type RouteObject } from 'react-router'
import type { Permission } from '@ccms/shared/api'
import { Broken, Missing, NoPermission } from './parts/PageStates'
import { Frame } from './frame/Frame'
import { Start } from './frame/Start'
import { LoginPage } from './login/LoginPage'
import { useMay } from './login/me'
import { PageSkeleton } from './parts/Skeletons'

type Load = () => Promise<{ default: ComponentType }>

function screen(path: string, need: Permission, load: Load): RouteObject {
  const Screen = lazy(load)
  function Guarded() {
    const may = useMay()
    if (!may(need)) return <NoPermission />
    return <Suspense fallback={<PageSkeleton />}><Screen /></Suspense>
  }
  return { path, element: <Guarded />, errorElement: <Broken /> }
}

export const router = createBrowserRouter([
  { path: '/login', element: <LoginPage /> },
  {
    path: '/',
    element: <Frame />,
    errorElement: <Broken />,
    children: [
      { index: true, element: <Start /> },
      screen('home', 'home.read', () => import('./home/Home')),
      screen('home/sessions', 'live.read', async () => ({ default: (await import('./home/Rows')).SessionRows })),
      screen('home/postings', 'finance.read', async () => ({ default: (await import('./home/Rows')).PostingRows })),
      screen('live/points', 'live.read', () => import('./live/PointStatus')),
      screen('live/points/:id', 'live.read', () => import('./live/point/Point')),
      screen('live/charging', 'live.read', () => import('./live/LiveCharging')),
      screen('live/map', 'live.read', () => import('./live/map/SiteMap')),
      screen('live/warnings', 'live.read', () => import('./live/Warnings')),
      screen('live/attempts', 'live.read', () => import('./live/Attempts')),
      screen('live/bulks', 'live.read', () => import('./live/Bulks')),
      screen('live/bulks/:id', 'live.read', () => import('./live/Bulk')),
      screen('finance/plans', 'plans.read', () => import('./finance/Plans')),
      screen('finance/recharges', 'finance.read', () => import('./finance/Recharges')),
      screen('finance/recharges/:id', 'finance.read', () => import('./finance/RechargePage')),
      screen('finance/payments', 'finance.read', () => import('./finance/Payments')),
      screen('finance/payments/:id', 'finance.read', () => import('./finance/PaymentPage')),
      screen('finance/payment-options', 'finance.read', () => import('./finance/PayOptions')),
      screen('finance/reconciliation', 'finance.read', () => import('./finance/Reconciliation')),
      screen('finance/records', 'finance.read', () => import('./finance/Records')),
      screen('finance/records/:id', 'finance.read', () => import('./finance/Record')),
      screen('finance/ledger', 'finance.read', () => import('./finance/Ledger')),
      screen('finance/ledger/postings', 'finance.read', () => import('./finance/Journal')),
      screen('finance/ledger/entries/:id', 'finance.read', () => import('./finance/Entry')),
      screen('assets/stations', 'assets.read', () => import('./assets/Sites')),
      screen('assets/points', 'assets.read', () => import('./assets/ChargePoints')),
      screen('assets/inbox', 'assets.read', () => import('./assets/Inbox')),
      screen('assets/templates', 'assets.read', () => import('./assets/Templates')),
      screen('assets/models', 'assets.read', () => import('./assets/Models')),
      screen('assets/certificates', 'assets.read', () => import('./assets/Certificates')),
      screen('assets/firmware', 'assets.read', () => import('./firmware/Firmware')),
      screen('assets/firmware/campaigns/:id', 'assets.read', () => import('./firmware/Campaign')),
      screen('upkeep/windows', 'live.read', () => import('./upkeep/Windows')),
      screen('upkeep/levels', 'live.read', () => import('./upkeep/Levels')),
      screen('users/profiles', 'drivers.read', () => import('./users/Profiles')),
      screen('users/groups', 'drivers.read', () => import('./users/Groups')),
      screen('users/groups/:id', 'drivers.read', () => import('./users/GroupPage')),
      screen('users/cards', 'drivers.read', () => import('./users/Cards')),
      screen('users/local-lists', 'drivers.read', () => import('./users/LocalLists')),
      screen('users/local-lists/:id', 'drivers.read', () => import('./users/LocalListPage')),
      screen('system/operators', 'operators.switch', () => import('./system/Operators')),
      { path: '*', element: <Missing /> },
    ],
  },
])
