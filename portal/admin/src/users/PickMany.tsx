// Choose some of many by what their names begin with.

import { useQueries, useQuery } from '@tanstack/react-query'
import { Select } from 'antd'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Driver } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'

interface Named { value: string; label: string }

export interface From {
  key: string
  search: (q: string | undefined, signal: AbortSignal) => Promise<Named[]>
  /** What is chosen already may be on no page of the search. */
  named: (id: string, signal: AbortSignal) => Promise<Named>
}

/** Names of so many are looked up; of more the ids are shown. */
const mostNamed = 50

const nameOf = (d: Driver) => [d.account, d.name || d.nickname].filter(Boolean).join(' · ')

export const picks = {
  tokens: {
    key: 'tokens',
    search: async (q, signal) => (await take(api.GET('/api/v1/tokens', { signal, params: { query: { q, status: 'ENABLE', limit: 20 } } }))).items.map((k) => ({ value: k.id, label: `${k.uid} · ${k.account}` })),
    named: async (id, signal) => {
      const k = await take(api.GET('/api/v1/tokens/{id}', { signal, params: { path: { id } } }))
      return { value: id, label: `${k.uid} · ${k.account}` }
    },
  },
  sites: {
    key: 'sites',
    search: async (name, signal) => (await take(api.GET('/api/v1/sites', { signal, params: { query: { name, status: 'VALID', limit: 20 } } }))).items.map((s) => ({ value: s.id, label: s.name })),
    named: async (id, signal) => ({ value: id, label: (await take(api.GET('/api/v1/sites/{id}', { signal, params: { path: { id } } }))).name }),
  },
  points: {
    key: 'charge-points',
    search: async (name, signal) => (await take(api.GET('/api/v1/charge-points', { signal, params: { query: { name, status: 'VALID', limit: 20 } } }))).items.map((p) => ({ value: p.id, label: `${p.name} · ${p.site_name}` })),
    named: async (id, signal) => {
      const p = await take(api.GET('/api/v1/charge-points/{id}', { signal, params: { path: { id } } }))
      return { value: id, label: `${p.name} · ${p.site_name}` }
    },
  },
  drivers: {
    key: 'drivers',
    search: async (q, signal) => (await take(api.GET('/api/v1/drivers', { signal, params: { query: { q, limit: 20 } } }))).items.map((d) => ({ value: d.id, label: nameOf(d) })),
    named: async (id, signal) => ({ value: id, label: nameOf(await take(api.GET('/api/v1/drivers/{id}', { signal, params: { path: { id } } }))) }),
  },
  groups: {
    key: 'groups',
    search: async (name, signal) => (await take(api.GET('/api/v1/groups', { signal, params: { query: { name, limit: 20 } } }))).items.map((g) => ({ value: g.id, label: g.name })),
    named: async (id, signal) => ({ value: id, label: (await take(api.GET('/api/v1/groups/{id}', { signal, params: { path: { id } } }))).name }),
  },
  plans: {
    key: 'plans',
    search: async (name, signal) => (await take(api.GET('/api/v1/plans', { signal, params: { query: { name, limit: 20 } } }))).items.map((p) => ({ value: p.id, label: p.name })),
    named: async (id, signal) => ({ value: id, label: (await take(api.GET('/api/v1/plans/{id}', { signal, params: { path: { id } } }))).name }),
  },
  subOperators: {
    key: 'sub-operators',
    search: async (_, signal) => (await take(api.GET('/api/v1/sub-operators', { signal, params: { query: { limit: 100 } } }))).items.map((s) => ({ value: s.id, label: s.name })),
    named: async (id, signal) => ({ value: id, label: (await take(api.GET('/api/v1/sub-operators/{id}', { signal, params: { path: { id } } }))).name }),
  },
} satisfies Record<string, From>

const namedQuery = (from: From, id: string) => ({ queryKey: [from.key, 'named', id], queryFn: ({ signal }: { signal: AbortSignal }) => from.named(id, signal), staleTime: 60_000 })

/** What is chosen, to be read. */
export function Names({ ids, from }: { ids: readonly string[]; from: From }) {
  const named = useQueries({ queries: ids.slice(0, mostNamed).map((id) => namedQuery(from, id)) })
  return <>{ids.map((id, i) => named[i]?.data?.label ?? id).join(', ')}</>
}

interface Props {
  id?: string
  value?: string | string[]
  onChange?: (v: string | string[] | undefined) => void
  from: From
  one?: boolean
}

export function PickMany({ id, value, onChange, from, one }: Props) {
  const { t } = useTranslation()
  const [typed, setTyped] = useState('')
  const [q, setQ] = useState('')
  useEffect(() => {
    const timer = setTimeout(() => setQ(typed.trim()), 250)
    return () => clearTimeout(timer)
  }, [typed])
  const found = useQuery({ queryKey: [from.key, 'pick-many', q], queryFn: ({ signal }) => from.search(q || undefined, signal) })
  const chosen = (Array.isArray(value) ? value : value ? [value] : []).slice(0, mostNamed)
  const named = useQueries({ queries: chosen.map((x) => namedQuery(from, x)) })
  const options = new Map([...named.flatMap((n) => (n.data ? [n.data] : [])), ...(found.data ?? [])].map((o) => [o.value, o]))
  return (
    <Select<string | string[]> id={id} mode={one ? undefined : 'multiple'} showSearch={{ filterOption: false, onSearch: setTyped }} allowClear value={value} onChange={onChange}
      options={[...options.values()]} loading={found.isFetching} notFoundContent={t('list.no_match')} maxTagCount={one ? undefined : 20} />
  )
}
