import { MenuFoldOutlined, MenuOutlined, MenuUnfoldOutlined } from '@ant-design/icons'
import { Button, Drawer } from 'antd'
import { Suspense, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Navigate, Outlet, useLocation, useSearchParams } from 'react-router'
import { operatorOf, useMay, useMe } from '../login/me'
import { SearchButton } from '../search/SearchButton'
import { StreamProvider } from '../live/stream'
import { Failed } from '../parts/PageStates'
import { PageSkeleton } from '../parts/Skeletons'
import { usePhone } from '../parts/useWidth'
import { Brand } from './Brand'
import { LiveBar } from './LiveBar'
import { leafOf } from './menu'
import { Nav } from './Nav'
import { ReleaseBar } from './ReleaseBar'
import { AccountMenu, LanguageMenu, OperatorMenu, SignOutButton } from './TopRight'

const kept = 'ccms.nav'

export function Frame() {
  const { t } = useTranslation()
  const me = useMe()
  const location = useLocation()
  if (me.isPending) return <PageSkeleton />
  if (me.isError) return <Failed error={me.error} title={t('page.broken')} retry={() => void me.refetch()} />
  if (!me.data) {
    const next = location.pathname === '/' ? '' : `?next=${encodeURIComponent(location.pathname + location.search)}`
    return <Navigate to={`/login${next}`} replace />
  }
  return <SignedInFrame />
}

function SignedInFrame() {
  const { t } = useTranslation()
  const may = useMay()
  const me = useMe().data!
  const phone = usePhone()
  const { pathname } = useLocation()
  const [search] = useSearchParams()
  // On a screen on the wall nobody looks for the menu.
  const bare = pathname === '/home' && search.has('big')
  const [narrow, setNarrow] = useState(() => {
    try { return localStorage.getItem(kept) === 'narrow' } catch { return false }
  })
  const [drawer, setDrawer] = useState(false)
  const here = leafOf(pathname)
  const title = here ? t(here.leaf.title) : t('brand')
  useEffect(() => { document.title = `${title} – ${t('brand')}` }, [title, t])

  const toggle = () => {
    const next = !narrow
    setNarrow(next)
    try { localStorage.setItem(kept, next ? 'narrow' : 'wide') } catch { /* for this page then */ }
  }
  const toggleText = phone ? t('nav.open') : narrow ? t('nav.expand') : t('nav.collapse')
  const operator = operatorOf(me)
  // Asking for a topic that the role lacks refuses the whole stream.
  const topics = may('live.read') ? `sessions,commands,warnings${may('assets.read') ? ',charge_points' : ''}` : ''

  return (
    <StreamProvider key={operator?.id ?? 'none'} topics={topics}>
      <div className={`frame${narrow ? ' frame-narrow' : ''}${bare ? ' frame-bare' : ''}`}>
        <a className="skip" href="#content">{t('nav.skip')}</a>
        {!phone && !bare && <aside className="side" aria-label={t('brand')}><Brand narrow={narrow} /><Nav narrow={narrow} /></aside>}
        {!bare && <header className="top">
          <Button type="text" aria-label={toggleText} title={toggleText}
            icon={phone ? <MenuOutlined aria-hidden /> : narrow ? <MenuUnfoldOutlined aria-hidden /> : <MenuFoldOutlined aria-hidden />}
            onClick={phone ? () => setDrawer(true) : toggle} />
          {here && (
            <div className="crumbs">
              <span className="crumb-section">{t(here.section.title)}</span>
              <span className="crumb-slash" aria-hidden="true">/</span>
              <h1>{title}</h1>
            </div>
          )}
          <div className="top-right">
            {operator && <SearchButton phone={phone} />}
            {!phone && <LanguageMenu />}
            {!phone && <OperatorMenu />}
            <AccountMenu />
            {!phone && <SignOutButton />}
          </div>
        </header>}
        <div className="bars"><ReleaseBar /><LiveBar on={may('live.read')} /></div>
        <main id="content" className="content" tabIndex={-1}>
          {bare && <h1 className="wall-title">{operator?.name ?? t('brand')}</h1>}
          <Suspense fallback={<PageSkeleton />}><Outlet /></Suspense>
        </main>
        <Drawer open={phone && drawer} onClose={() => setDrawer(false)} placement="left" size={280} title={<Brand />} classNames={{ body: 'drawer-nav' }}>
          <Nav onGo={() => setDrawer(false)} />
          <div className="drawer-foot"><OperatorMenu /><LanguageMenu /><SignOutButton /></div>
        </Drawer>
      </div>
    </StreamProvider>
  )
}
