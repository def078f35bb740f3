import { useSyncExternalStore } from 'react'

const query = '(max-width: 767.98px)'

function subscribe(listener: () => void): () => void {
  const media = window.matchMedia(query)
  media.addEventListener('change', listener)
  return () => media.removeEventListener('change', listener)
}

/** Is the screen so narrow that lists become cards? */
export const usePhone = (): boolean => useSyncExternalStore(subscribe, () => window.matchMedia(query).matches)
