import { useTranslation } from 'react-i18next'
import { NavLink } from 'react-router'
import { useMay } from '../login/me'
import { visible } from './menu'
import { WaitingCount } from './WaitingCount'

export function Nav({ narrow, onGo }: { narrow?: boolean; onGo?: () => void }) {
  const { t } = useTranslation()
  const may = useMay()
  return (
    <nav aria-label={t('nav.label')} className={narrow ? 'nav nav-narrow' : 'nav'}>
      {visible(may).map((section) => (
        <div key={section.title} className="nav-section">
          <h2 className={narrow ? 'visually-hidden' : 'nav-title'}>{t(section.title)}</h2>
          <ul>
            {section.leaves.map(({ path, title, icon: Icon, counts }) => (
              <li key={path}>
                <NavLink to={path} onClick={onGo} title={narrow ? t(title) : undefined}>
                  <Icon aria-hidden />
                  <span className={narrow ? 'visually-hidden' : undefined}>{t(title)}</span>
                  {counts && <WaitingCount />}
                </NavLink>
              </li>
            ))}
          </ul>
        </div>
      ))}
    </nav>
  )
}
