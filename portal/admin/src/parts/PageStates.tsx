import { Button } from 'antd'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useRouteError } from 'react-router'
import { useMe } from '../login/me'
import { useProblemText, useSupportText } from './ProblemText'

/** Nothing to show, and why, and what to do about it. */
export function Blank({ title, next, small, action, alert, page }: {
  title: string; next?: ReactNode; small?: ReactNode; action?: ReactNode; alert?: boolean
  /** It stands for a whole page, which has no other heading. */
  page?: boolean
}) {
  return (
    <div className="blank" role={alert ? 'alert' : 'status'}>
      {page ? <h1 className="blank-title">{title}</h1> : <p className="blank-title">{title}</p>}
      {next && <p className="quiet">{next}</p>}
      {action}
      {small && <p className="small quiet">{small}</p>}
    </div>
  )
}

export function NoPermission() {
  const { t } = useTranslation()
  const { data: me } = useMe()
  // Whoever runs the platform has the rights of an operator only inside of one.
  if (me?.permissions.includes('operators.switch') && !me.acting_in) {
    return <Blank title={t('operator.outside')} next={t('operator.outside_next')} action={<Link to="/system/operators">{t('operator.choose')}</Link>} />
  }
  return <Blank title={t('list.no_permission')} next={t('list.no_permission_next')} />
}

export function Missing() {
  const { t } = useTranslation()
  return <Blank page title={t('page.missing')} next={t('page.missing_next')} />
}

export function Broken() {
  const { t } = useTranslation()
  const error = useRouteError()
  console.error(error)
  return (
    <Blank alert title={t('page.broken')} next={t('page.broken_next')}
      action={<Button onClick={() => location.reload()}>{t('page.reload')}</Button>} />
  )
}

export function Failed({ error, title, retry }: { error: unknown; title: string; retry: () => void }) {
  const { t } = useTranslation()
  const text = useProblemText()
  const support = useSupportText()
  return (
    <Blank alert title={title} next={text(error)} small={support(error)}
      action={<Button onClick={retry}>{t('list.retry')}</Button>} />
  )
}
