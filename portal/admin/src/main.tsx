import { createRoot } from 'react-dom/client'
import { startI18n } from '@ccms/shared/i18n/index'
import { App } from './app'
import { partIsGone } from './frame/ReleaseBar'
import { hasUnsaved } from './parts/unsaved'
import './styles.css'

// A part of the portal is missing: the server was updated while the page was open.
// Loading once more gets the new one; a second failure in a row is shown instead.
window.addEventListener('vite:preloadError', (event) => {
  const last = Number(sessionStorage.getItem('ccms.reloaded') ?? 0)
  if (Date.now() - last < 10_000) return
  if (hasUnsaved()) { // the bar offers it when nothing typed would be lost
    window.dispatchEvent(new Event(partIsGone))
    return
  }
  event.preventDefault()
  sessionStorage.setItem('ccms.reloaded', String(Date.now()))
  location.reload()
})

void startI18n().then((i18n) => {
  createRoot(document.getElementById('root')!).render(<App i18n={i18n} />)
})
