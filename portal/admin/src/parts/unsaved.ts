// Forms that hold something nobody has saved. A page with one of them is not loaded
// anew under the hands of whoever types.

import { useEffect } from 'react'

const forms = new Set<object>()

export const hasUnsaved = (): boolean => forms.size > 0

/** While on is true the page has something to lose. */
export function useUnsaved(on: boolean): void {
  useEffect(() => {
    if (!on) return undefined
    const me = {}
    forms.add(me)
    return () => { forms.delete(me) }
  }, [on])
}

// The browser asks before it closes or reloads such a page.
if (typeof window !== 'undefined') {
  window.addEventListener('beforeunload', (e) => { if (hasUnsaved()) e.preventDefault() })
}
