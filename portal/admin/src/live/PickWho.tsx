// Choose a card or a driver by what a caller reads out.

import { useQuery } from '@tanstack/react-query'
import { Select, type SelectProps } from 'antd'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, take } from '@ccms/shared/client'

interface Props {
  id?: string
  value?: string
  onChange?: (v: string | undefined) => void
  /** Cards too, as "token:<uid>"; drivers are "driver:<id>". */
  cards?: boolean
}

export function PickWho({ id, value, onChange, cards }: Props) {
  const { t } = useTranslation()
  const [typed, setTyped] = useState('')
  const [q, setQ] = useState('')
  useEffect(() => {
    const timer = setTimeout(() => setQ(typed.trim()), 250)
    return () => clearTimeout(timer)
  }, [typed])
  const tokens = useQuery({
    queryKey: ['tokens', 'pick', q],
    enabled: cards ?? false,
    queryFn: ({ signal }) => take(api.GET('/api/v1/tokens', { signal, params: { query: { q: q || undefined, status: 'ENABLE', limit: 20 } } })),
  })
  const drivers = useQuery({
    queryKey: ['drivers', 'pick', q],
    queryFn: ({ signal }) => take(api.GET('/api/v1/drivers', { signal, params: { query: { q: q || undefined, limit: 20 } } })),
  })
  const driverOptions = (drivers.data?.items ?? []).map((d) => ({
    value: `driver:${d.id}`,
    label: d.name || d.nickname ? t('start.driver', { account: d.account, name: d.name || d.nickname }) : d.account,
  }))
  const options: SelectProps['options'] = cards
    ? [
      { label: t('start.card_group'), title: t('start.card_group'), options: (tokens.data?.items ?? []).map((k) => ({ value: `token:${k.uid}`, label: t('start.card', { uid: k.uid, account: k.account }) })) },
      { label: t('start.driver_group'), title: t('start.driver_group'), options: driverOptions },
    ]
    : driverOptions
  const none = (tokens.data?.items.length ?? 0) + driverOptions.length === 0
  return (
    <Select<string, NonNullable<SelectProps['options']>[number]> id={id} showSearch={{ filterOption: false, onSearch: setTyped }} allowClear value={value} onChange={onChange} options={none ? [] : options}
      loading={tokens.isFetching || drivers.isFetching} notFoundContent={t(cards ? 'start.none' : 'start.no_driver')} />
  )
}
