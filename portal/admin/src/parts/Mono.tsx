import { CheckOutlined, CopyOutlined } from '@ant-design/icons'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'

/** The clipboard API exists only on https and localhost. */
async function copy(text: string): Promise<void> {
  if (navigator.clipboard) return navigator.clipboard.writeText(text)
  const area = document.createElement('textarea')
  area.value = text
  area.style.position = 'fixed'
  document.body.append(area)
  area.select()
  document.execCommand('copy')
  area.remove()
}

/** An id as people compare ids: every letter as wide as the next, copied by a click. */
export function Mono({ value }: { value: string }) {
  const { t } = useTranslation()
  const [copied, setCopied] = useState(false)
  useEffect(() => {
    if (!copied) return undefined
    const timer = setTimeout(() => setCopied(false), 1500)
    return () => clearTimeout(timer)
  }, [copied])
  return (
    <button type="button" className="mono" title={t('list.copy', { value })} aria-label={t('list.copy', { value })}
      onClick={(e) => { e.stopPropagation(); void copy(value).then(() => setCopied(true), () => undefined) }}>
      {value}
      {copied ? <CheckOutlined aria-hidden className="mono-done" /> : <CopyOutlined aria-hidden className="mono-icon" />}
      <span role="status" className="visually-hidden">{copied ? t('list.copied') : ''}</span>
    </button>
  )
}
