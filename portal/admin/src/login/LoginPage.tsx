import { useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import { Navigate, useNavigate, useSearchParams } from 'react-router'
import { Brand } from '../frame/Brand'
import { LoginForm } from './LoginForm'
import { useMe, useTakeMe } from './me'
import { safeNext } from './next'

export function LoginPage() {
  const { t } = useTranslation()
  const me = useMe()
  const takeMe = useTakeMe()
  const navigate = useNavigate()
  const [search] = useSearchParams()
  const next = safeNext(search.get('next'))
  useEffect(() => { document.title = `${t('login.title')} – ${t('brand')}` }, [t])
  if (me.data) return <Navigate to={next} replace />
  return (
    <main className="login-page">
      <div className="login-card">
        <Brand />
        <p className="quiet">{t('login.subtitle')}</p>
        <h1 className="visually-hidden">{t('login.title')}</h1>
        <LoginForm onDone={(who) => { takeMe(who); void navigate(next, { replace: true }) }} />
      </div>
    </main>
  )
}
