import { useTranslation } from 'react-i18next'
import { useWarningCount } from '../live/useWarnings'

/** How many warnings nobody has looked at; nothing where there is none. */
export function WaitingCount() {
  const { t } = useTranslation()
  const { count, capped } = useWarningCount()
  if (count === 0) return null
  const text = capped ? `${count}+` : String(count)
  return <span className="nav-count num" title={t('nav.waiting', { count })}><span aria-hidden="true">{text}</span><span className="visually-hidden">, {t('nav.waiting', { count })}</span></span>
}
