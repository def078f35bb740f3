import { ArrowLeftOutlined } from '@ant-design/icons'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'

export function Back() {
  const { t } = useTranslation()
  return <Link to="/live/points" className="back"><ArrowLeftOutlined aria-hidden /> {t('record.back')}</Link>
}
