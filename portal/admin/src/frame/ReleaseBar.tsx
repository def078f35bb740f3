// The server runs a newer portal than this page: a bar offers to load it, and waits
// until nothing that was typed would be lost.

import { CloudSyncOutlined } from '@ant-design/icons'
import { App, Button } from 'antd'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { isNewRelease, runningRelease } from '@ccms/shared/release'
import { hasUnsaved } from '../parts/unsaved'

const everyMs = 5 * 60_000
/** Coming back to the page asks at once, but not more often than this. */
const restMs = 10_000

/** Sent where a part of the page is gone from the server and cannot be loaded anew at once. */
export const partIsGone = 'ccms:part-is-gone'

export function ReleaseBar() {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const [isNew, setNew] = useState(false)

  useEffect(() => {
    const running = runningRelease(document)
    if (!running || isNew) return undefined
    let asked = Date.now()
    const ask = async () => {
      asked = Date.now()
      if (await isNewRelease(running)) setNew(true)
    }
    const back = () => { if (document.visibilityState === 'visible' && Date.now() - asked > restMs) void ask() }
    const online = () => void ask()
    const gone = () => setNew(true)
    const timer = setInterval(() => { if (document.visibilityState === 'visible') void ask() }, everyMs)
    document.addEventListener('visibilitychange', back)
    window.addEventListener('online', online)
    window.addEventListener(partIsGone, gone)
    return () => {
      clearInterval(timer)
      document.removeEventListener('visibilitychange', back)
      window.removeEventListener('online', online)
      window.removeEventListener(partIsGone, gone)
    }
  }, [isNew])

  const load = () => {
    if (hasUnsaved()) void message.info(t('release.finish'))
    else location.reload()
  }
  return (
    <div role="status">
      {isNew && (
        <div className="livebar">
          <CloudSyncOutlined aria-hidden /> {t('release.there')} <Button size="small" onClick={load}>{t('release.load')}</Button>
        </div>
      )}
    </div>
  )
}
