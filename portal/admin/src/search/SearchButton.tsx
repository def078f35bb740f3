import { SearchOutlined } from '@ant-design/icons'
import { Button } from 'antd'
import { lazy, Suspense, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'

const Palette = lazy(async () => ({ default: (await import('./Palette')).Palette }))

/** Somebody types there: a slash is a slash. */
const types = (el: Element | null) => el instanceof HTMLElement && (el.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(el.tagName))

export function SearchButton({ phone }: { phone: boolean }) {
  const { t } = useTranslation()
  const [open, setOpen] = useState(false)
  useEffect(() => {
    const key = (e: KeyboardEvent) => {
      const slash = e.key === '/' && !e.ctrlKey && !e.metaKey && !e.altKey && !types(document.activeElement)
      const letter = e.key.toLowerCase() === 'k' && (e.ctrlKey || e.metaKey) && !e.altKey && !e.shiftKey
      if (!slash && !letter) return
      // A form in a dialog is not left by a key.
      if (document.querySelector('.ant-modal-wrap:not([style*="display: none"]) form')) return
      e.preventDefault()
      setOpen(true)
    }
    document.addEventListener('keydown', key)
    return () => document.removeEventListener('keydown', key)
  }, [])
  return (
    <>
      <Button type={phone ? 'text' : 'default'} icon={<SearchOutlined aria-hidden />} className="search-button" onClick={() => setOpen(true)}
        aria-label={t('search.title')} aria-keyshortcuts="/ Control+K" title={t('search.keys')}>
        {!phone && <>{t('search.button')} <kbd>/</kbd></>}
      </Button>
      {open && <Suspense fallback={null}><Palette onClose={() => setOpen(false)} /></Suspense>}
    </>
  )
}
