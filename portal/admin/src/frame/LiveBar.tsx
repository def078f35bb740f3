import { DisconnectOutlined } from '@ant-design/icons'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useLiveState } from '../live/stream'

/** A bar, not a dialog; and not for the half second that a change of network takes. */
export function LiveBar({ on }: { on: boolean }) {
  const { t } = useTranslation()
  const state = useLiveState()
  const away = on && (state === 'lost' || state === 'connecting')
  return <div role="status">{away && <Lost text={t('stream.lost')} />}</div>
}

function Lost({ text }: { text: string }) {
  const [shown, setShown] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setShown(true), 2000)
    return () => clearTimeout(timer)
  }, [])
  return shown && <div className="livebar"><DisconnectOutlined aria-hidden /> {text}</div>
}
