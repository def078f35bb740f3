// Tabs after the ARIA pattern: one stop for Tab, arrows between them; too many for
// the width scroll sideways. Tabs may have tabs of their own; then the address names
// the inner one.

import { type KeyboardEvent, type ReactNode, useEffect, useId, useRef } from 'react'

export interface TabItem { key: string; label: string; content: ReactNode }

/** A tab with several below it, or one that is its own content. */
export interface TabGroup { key: string; label: string; tabs: TabItem[] }

/** Every inner tab has its own address, so that a link leads to it whatever group it is in. */
export function GroupedTabs({ groups, active, onChange, label }: {
  groups: TabGroup[]; active: string | null; onChange: (key: string) => void; label: string
}) {
  const shown = groups.filter((g) => g.tabs.length > 0)
  const group = shown.find((g) => g.key === active || g.tabs.some((x) => x.key === active)) ?? shown[0]!
  const tab = group.tabs.find((x) => x.key === active) ?? group.tabs[0]!
  const content = group.tabs.length === 1 ? tab.content : <Tabs small items={group.tabs} active={tab.key} onChange={onChange} label={group.label} />
  return (
    <Tabs label={label} active={group.key} items={shown.map((g) => ({ key: g.key, label: g.label, content: g === group ? content : null }))}
      onChange={(key) => onChange(shown.find((g) => g.key === key)!.tabs[0]!.key)} />
  )
}

export function Tabs({ items, active, onChange, label, small }: {
  items: TabItem[]; active: string; onChange: (key: string) => void; label: string; small?: boolean
}) {
  const id = useId()
  const list = useRef<HTMLDivElement>(null)
  // On a phone the one that a link leads to may be outside of what is seen.
  useEffect(() => {
    const row = list.current
    const tab = row?.querySelector<HTMLElement>(`[data-key="${active}"]`)
    if (!row || !tab || row.scrollWidth <= row.clientWidth) return
    const a = row.getBoundingClientRect()
    const b = tab.getBoundingClientRect()
    if (b.left < a.left || b.right > a.right) row.scrollLeft += b.left - a.left - (a.width - b.width) / 2
  }, [active])
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
    <div className={small ? 'tabs tabs-small' : 'tabs'}>
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
