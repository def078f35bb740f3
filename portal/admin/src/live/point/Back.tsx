import { ArrowLeftOutlined } from '@ant-design/icons'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'

export function Back({ to = '/live/points', text }: { to?: string; text?: string }) {
  const { t } = useTranslation()
  return <Link to={to} className="back"><ArrowLeftOutlined aria-hidden /> {text ?? t('record.back')}</Link>
}
