// Tabs after the ARIA pattern: one stop for Tab, arrows between them; too many for
// the width scroll sideways.

import { type KeyboardEvent, type ReactNode, useId, useRef } from 'react'

export interface TabItem { key: string; label: string; content: ReactNode }

export function Tabs({ items, active, onChange, label }: {
  items: TabItem[]; active: string; onChange: (key: string) => void; label: string
}) {
  const id = useId()
  const list = useRef<HTMLDivElement>(null)
  const move = (e: KeyboardEvent) => {
    const at = items.findIndex((x) => x.key === active)
    const forward = getComputedStyle(e.currentTarget).direction === 'rtl' ? 'ArrowLeft' : 'ArrowRight'
    const back = forward === 'ArrowRight' ? 'ArrowLeft' : 'ArrowRight'
    const to = e.key === forward ? at + 1 : e.key === back ? at - 1 : e.key === 'Home' ? 0 : e.key === 'End' ? items.length - 1 : undefined
    if (to === undefined) return
    e.preventDefault()
    const next = items[(to + items.length) % items.length]!
    onChange(next.key)
    list.current?.querySelector<HTMLElement>(`[data-key="${next.key}"]`)?.focus()
  }
  return (
    <div className="tabs">
      {/* oxlint-disable-next-line jsx-a11y/interactive-supports-focus -- the focus is on the tabs in it */}
      <div role="tablist" aria-label={label} className="tab-list" ref={list} onKeyDown={move}>
        {items.map((x) => (
          <button key={x.key} type="button" role="tab" id={`${id}-${x.key}`} data-key={x.key} aria-selected={x.key === active}
            aria-controls={x.key === active ? `${id}-panel` : undefined} tabIndex={x.key === active ? 0 : -1} onClick={() => onChange(x.key)}>
            {x.label}
          </button>
        ))}
      </div>
      <div role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-${active}`} className="tab-panel">
        {items.find((x) => x.key === active)?.content}
      </div>
    </div>
  )
}
