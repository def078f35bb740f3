import { useEffect, useState } from 'react'

/** Whoever opened a dialog stands there again when it is gone, also where it leaves the page with what showed it. */
export function useFocusBack(): void {
  // Taken while rendering: a field of the dialog takes the focus before effects run.
  const [from] = useState(() => (typeof document === 'undefined' ? null : document.activeElement))
  useEffect(() => () => {
    setTimeout(() => {
      const nowhere = !document.activeElement || document.activeElement === document.body
      if (nowhere && from instanceof HTMLElement && from.isConnected) from.focus()
    })
  }, [from])
}
