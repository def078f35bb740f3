import { ArrowDownOutlined, ArrowUpOutlined, MinusOutlined } from '@ant-design/icons'
import { useQuery, keepPreviousData } from '@tanstack/react-query'
import { type ReactNode, useId } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { percent } from '@ccms/shared/format'
import { Problem } from '@ccms/shared/problem'
import { usePolling } from '../live/stream'
import { Failed } from '../parts/PageStates'
import { delta } from './state'

/** A block of the page: its name, what it shows, and what stands right of the name. */
export function Card({ title, note, wide, children }: { title: string; note?: ReactNode; wide?: boolean; children: ReactNode }) {
  const id = useId()
  return (
    <section className={wide ? 'home-card home-wide' : 'home-card'} aria-labelledby={id}>
      <header><h2 id={id}>{title}</h2>{note && <span className="quiet small">{note}</span>}</header>
      {children}
    </section>
  )
}

/** Asks for a block, again when something happens, and keeps what it has meanwhile. */
export function useBlock<T>(block: string, state: object, load: (signal: AbortSignal) => Promise<T>, everyMs?: number) {
  const polling = usePolling()
  return useQuery({
    queryKey: ['home', block, state],
    queryFn: ({ signal }) => load(signal),
    placeholderData: keepPreviousData,
    refetchInterval: everyMs === undefined ? polling : Math.min(polling, everyMs),
    retry: (n, e) => !(e instanceof Problem && e.status < 500 && e.status !== 0) && n < 2,
  })
}

export function Loaded<T>({ query, children }: { query: { data?: T; isError: boolean; error: unknown; refetch: () => unknown }; children: (data: T) => ReactNode }) {
  const { t } = useTranslation()
  if (query.data) return <>{children(query.data)}</>
  if (query.isError) return <Failed error={query.error} title={t('home.error')} retry={() => void query.refetch()} />
  return (
    <div className="home-skeleton" role="status" aria-label={t('list.loading')}>
      <div className="skeleton-bar" style={{ inlineSize: '38%' }} /><div className="skeleton-bar" style={{ inlineSize: '72%' }} />
      <div className="skeleton-bar" style={{ inlineSize: '56%' }} />
    </div>
  )
}

/** A figure with its name. It opens its rows where there is a list of them. */
export function Figure({ name, value, unit, to, small, tone, change }: {
  name: string; value: ReactNode; unit?: string; to?: string; small?: ReactNode; tone?: string; change?: ReactNode
}) {
  const body = <><span className="num">{value}</span>{unit && <small> {unit}</small>}</>
  return (
    <div className={tone ? `figure tone-text-${tone}` : 'figure'}>
      <dt>{name}</dt>
      <dd>{to ? <Link to={to}>{body}</Link> : body}{change}</dd>
      {small && <dd className="quiet small">{small}</dd>}
    </div>
  )
}

/** More or less than in the same part of the period before, in words too. */
export function Change({ now, before }: { now: number; before: number }) {
  const { t } = useTranslation()
  const d = delta(now, before)
  if (d === undefined) return null
  const text = `${d > 0 ? '+' : ''}${percent(d)} %`
  const Icon = d > 0 ? ArrowUpOutlined : d < 0 ? ArrowDownOutlined : MinusOutlined
  return <span className="change" title={t('home.compared')}><Icon aria-hidden /> {text}<span className="visually-hidden"> {t('home.compared')}</span></span>
}
