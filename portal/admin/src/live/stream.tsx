// The one event stream of the page. What it brings goes into the loaded lists; what
// it cannot bring (rows never seen, what happened while it was away) is fetched.

import { type QueryClient, useQueryClient } from '@tanstack/react-query'
import { createContext, type ReactNode, useContext, useEffect, useState } from 'react'
import type { ChargePoint, Command, Page, Session, SessionDetail, Warning } from '@ccms/shared/api'
import { guardedFetch } from '@ccms/shared/client'
import { Live, type LiveState, type StreamEvent } from '@ccms/shared/live'
import { notOlder } from '@ccms/shared/merge'
import { homeMs, homeSumsMs, type Later, mayBegin, openMs, paced, unseenChosenMs, unseenMs, sumsAfterMs } from './pace'
import { intoPage, isEnded, laterCommand } from './store'

const Context = createContext<LiveState>('idle')

export const useLiveState = () => useContext(Context)

/** How often to ask when the stream is away, and as a net under it when it is open. */
export function usePolling(): number {
  return useLiveState() === 'open' ? 60_000 : 10_000
}

/** A hidden page gives its connection back: browsers allow six per server. */
const hiddenForMs = 60_000

export function StreamProvider({ topics, children }: { topics: string; children: ReactNode }) {
  const client = useQueryClient()
  const [state, setState] = useState<LiveState>('idle')

  useEffect(() => {
    if (!topics) return undefined
    const later = paced()
    const live = new Live({
      url: new URL(`/api/v1/live?topics=${topics}`, location.origin).href,
      fetch: guardedFetch,
      onEvent: (e) => take(client, e, later),
      onResync: () => later('resync', unseenMs, () => {
        for (const key of ['warnings', 'warning', 'warning-count', 'sessions', 'session', 'charge-points', 'charge-point', 'configuration', 'command', 'commands', 'bulk', 'bulk-items', 'security', 'home', 'site-status']) void client.invalidateQueries({ queryKey: [key] })
      }),
      onState: setState,
    })
    live.start()
    let hidden: ReturnType<typeof setTimeout> | undefined
    const onVisibility = () => {
      clearTimeout(hidden)
      if (document.visibilityState === 'hidden') hidden = setTimeout(() => live.stop(), hiddenForMs)
      else live.start()
    }
    document.addEventListener('visibilitychange', onVisibility)
    return () => {
      document.removeEventListener('visibilitychange', onVisibility)
      clearTimeout(hidden)
      live.stop()
    }
  }, [client, topics])

  return <Context.Provider value={state}>{children}</Context.Provider>
}

function take(client: QueryClient, e: StreamEvent, later: Later): void {
  switch (e.type) {
    case 'session': return takeSession(client, JSON.parse(e.data) as Session, later)
    case 'charge_point': return takePoint(client, JSON.parse(e.data) as ChargePoint, later)
    case 'command': {
      const c = JSON.parse(e.data) as Command
      client.setQueryData<Command>(['command', c.id], (old) => laterCommand(old, c))
      later('commands', openMs, () => void client.invalidateQueries({ queryKey: ['commands'] }))
      return
    }
    case 'warning': return takeWarning(client, JSON.parse(e.data) as Warning, later)
    default: // hello, and what later servers add
  }
}

/** What the home page shows now, and a while later its sums, which are made from rows. */
function takeHome(client: QueryClient, later: Later): void {
  const fetch = (...blocks: string[]) => () => void client.invalidateQueries({ queryKey: ['home'], predicate: (q) => blocks.includes(q.queryKey[1] as string) })
  later('home now', homeMs, fetch('connectors', 'power'))
  later('home sums', homeSumsMs, () => void setTimeout(fetch('analytics', 'finance', 'network'), sumsAfterMs))
}

function takeSession(client: QueryClient, s: Session, later: Later): void {
  takeHome(client, later)
  let known = false
  client.setQueriesData<Page<Session>>({ queryKey: ['sessions'] }, (old) => {
    if (!old) return old
    const r = intoPage(old, s)
    known ||= r.known
    return r.page
  })
  if (!known && !isEnded(s)) fetchUnseen(client, ['sessions', 'running'], later)
  const key = ['session', s.id]
  const detail = client.getQueryData<SessionDetail>(key)
  if (detail && notOlder(detail, s)) {
    client.setQueryData<SessionDetail>(key, { ...detail, ...s })
    // The bill, attempts and adjustments are not in the stream.
    if (s.version !== detail.version) later(s.id, openMs, () => void client.invalidateQueries({ queryKey: key }))
  }
}

function takePoint(client: QueryClient, p: ChargePoint, later: Later): void {
  takeHome(client, later)
  let known = false
  client.setQueriesData<Page<ChargePoint>>({ queryKey: ['charge-points'] }, (old) => {
    if (!old) return old
    const r = intoPage(old, p)
    known ||= r.known
    return r.page
  })
  if (!known) fetchUnseen(client, ['charge-points'], later)
  later('map', homeMs, () => void client.invalidateQueries({ queryKey: ['site-status'] }))
  const key = ['charge-point', p.id]
  if (client.getQueryData(key)) client.setQueryData<ChargePoint>(key, (old) => (old && notOlder(old, p) ? p : old))
}

function takeWarning(client: QueryClient, w: Warning, later: Later): void {
  // A history that is open is fetched by its version; the count and a storm's own list, soon.
  if (!intoWarnings(client, w) && w.state !== 'CLEARED' && !w.parent_id) fetchUnseen(client, ['warnings'], later)
  later('warning count', openMs, () => void client.invalidateQueries({ queryKey: ['warning-count'] }))
  if (w.parent_id) later(`storm ${w.parent_id}`, openMs, () => void client.invalidateQueries({ queryKey: ['warnings', 'storm', w.parent_id] }))
}

/** Puts a warning into the loaded lists; tells whether one of them knew it. */
export function intoWarnings(client: QueryClient, w: Warning): boolean {
  let known = false
  client.setQueriesData<Page<Warning>>({ queryKey: ['warnings'] }, (old) => {
    if (!old) return old
    const r = intoPage(old, w)
    known ||= r.known
    return r.page
  })
  return known
}

/** Fetches the lists that a row may belong to which none of them has. */
function fetchUnseen(client: QueryClient, queryKey: string[], later: Later): void {
  const fetch = (which: 'all' | 'chosen') => () => void client.invalidateQueries({ queryKey, predicate: (q) => mayBegin(q.queryKey) === which })
  later(`${queryKey.join(' ')} all`, unseenMs, fetch('all'))
  later(`${queryKey.join(' ')} chosen`, unseenChosenMs, fetch('chosen'))
}
