import { ThunderboltFilled } from '@ant-design/icons'
import { useTranslation } from 'react-i18next'

export function Brand({ narrow }: { narrow?: boolean }) {
  const { t } = useTranslation()
  return (
    <span className="brand">
      <span className="brand-mark" aria-hidden="true"><ThunderboltFilled aria-hidden /></span>
      {narrow ? <span className="visually-hidden">{t('brand')}</span> : <span>{t('brand')}</span>}
    </span>
  )
}
