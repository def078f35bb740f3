// What changes by itself: the charge and the price, asked for again and again while
// somebody looks.

import { useCallback, useEffect, useRef, useState } from 'react'
import { Refusal, Unreached } from './api'

export interface Followed<T> {
  value?: T
  /** The last try did not reach the server. */
  lost: boolean
  refused?: Refusal
  /** What another call brought. */
  take: (v: T) => void
}

/** Asks every so often; `every` says how long to wait after a value, 0 is for good. What was
 * known under another key is forgotten. */
export function useFollowed<T>(ask: (() => Promise<T>) | undefined, key: string, every: (v: T) => number): Followed<T> {
  const [known, setKnown] = useState<{ key: string; value?: T; lost: boolean; refused?: Refusal }>({ key, lost: false })
  const newest = useRef({ ask, every })
  useEffect(() => { newest.current = { ask, every } })

  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined
    let over = false
    let failures = 0
    let turn = 0 // a page that is seen again asks at once; what is under way then counts no more
    const wait = (ms: number) => { timer = setTimeout(() => void go(), ms) }
    const go = async () => {
      const { ask: call, every: pause } = newest.current
      if (!call || document.hidden) return
      const mine = ++turn
      try {
        const value = await call()
        if (over || mine !== turn) return
        failures = 0
        setKnown({ key, value, lost: false })
        if (pause(value) > 0) wait(pause(value))
      } catch (e) {
        if (over || mine !== turn) return
        if (e instanceof Refusal && e.status !== 429) {
          setKnown({ key, lost: false, refused: e })
          return
        }
        if (!(e instanceof Unreached) && !(e instanceof Refusal)) throw e
        setKnown((k) => ({ key, value: k.key === key ? k.value : undefined, lost: true }))
        wait(Math.min(1000 * 2 ** failures++, 8000))
      }
    }
    const seen = () => {
      if (document.hidden) return
      clearTimeout(timer)
      void go()
    }
    void go()
    document.addEventListener('visibilitychange', seen)
    window.addEventListener('online', seen)
    return () => {
      over = true
      clearTimeout(timer)
      document.removeEventListener('visibilitychange', seen)
      window.removeEventListener('online', seen)
    }
  }, [key])

  const take = useCallback((value: T) => setKnown((k) => ({ key: k.key, value, lost: false })), [])
  const now = known.key === key ? known : { lost: known.lost }
  return { ...now, take }
}

/** The phone's time, each second. */
export function useSecond(): number {
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000)
    return () => clearInterval(timer)
  }, [])
  return now
}
