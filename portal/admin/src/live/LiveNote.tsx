import { useTranslation } from 'react-i18next'
import { useLiveState } from './stream'

/** Do the values change by themselves, or are they asked for? */
export function LiveNote() {
  const { t } = useTranslation()
  const open = useLiveState() === 'open'
  return (
    <span className={`live-note ${open ? 'tone-text-free' : 'tone-text-wait'}`} title={open ? t('stream.open_what') : undefined}>
      <span className="live-dot" aria-hidden="true" />{open ? t('stream.open') : t('stream.polling')}
    </span>
  )
}
