import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import type { ChargePoint, Session } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'
import { amount, duration, kwh, money, none } from '@ccms/shared/format'
import { mergeList } from '@ccms/shared/merge'
import { type Column, List } from '../../list/List'
import { type ListState, paged } from '../../list/state'
import { useMay } from '../../login/me'
import { oneCurrency, oneZone } from '../../parts/common'
import { RecordTag, SessionTag } from '../../parts/Status'
import { When } from '../../parts/Times'
import { SessionActions } from '../SessionActions'
import { isEnded } from '../store'
import { usePolling } from '../stream'

export function Sessions({ point }: { point: ChargePoint }) {
  const { t } = useTranslation()
  const may = useMay()
  const polling = usePolling()
  const columns = useMemo<Column<Session>[]>(() => {
    const currency = (all: readonly Session[]) => { const c = oneCurrency(all.map((s) => s.total ?? s.cost)); return c && `(${c})` }
    const id = (s: Session) => s.transaction_id ?? t('point.session')
    const out: Column<Session>[] = [
      { key: 'transaction', title: t('col.transaction'), fixed: true, cell: (s) => (may('finance.read') ? <Link className="mono-text" to={`/finance/records/${s.id}`}>{id(s)}</Link> : <span className="mono-text">{id(s)}</span>) },
      { key: 'connector', title: t('col.connector'), num: true, cell: (s) => s.connector ?? none },
      { key: 'user', title: t('col.user'), cell: (s) => s.user || none, wide: true },
      { key: 'start', title: t('col.start'), note: oneZone, sort: 'started_at', cell: (s, all) => <When at={s.started_at} zone={s.time_zone ?? 'UTC'} withZone={!oneZone(all)} /> },
      { key: 'duration', title: t('col.duration'), num: true, off: true, cell: (s) => duration(s.duration_s) },
      { key: 'energy', title: t('col.energy'), num: true, cell: (s) => kwh(s.energy_wh) },
    ]
    if (may('finance.read')) out.push({ key: 'total', title: t('col.total'), num: true, note: currency, cell: (s, all) => (currency(all) ? amount(s.total ?? s.cost) : money(s.total ?? s.cost)) })
    out.push({ key: 'state', title: t('col.state'), cell: (s) => (s.record_state === 'RUNNING' ? <SessionTag value={s.state} /> : <RecordTag value={s.record_state} />) })
    if (may('live.command')) out.push({ key: 'operation', title: t('list.operation'), pin: true, cell: (s) => (isEnded(s) ? none : <SessionActions session={s} />) })
    return out
  }, [t, may])
  const query = (st: ListState) => ({ charge_point_id: point.id, ...paged(st) })
  return (
    <List<Session>
      queryKey={['sessions', 'point', point.id]} name="point_sessions" label={t('point.tab_sessions')} columns={columns} defaultSort="-started_at" refetchMs={polling}
      load={async (st, signal, before) => {
        const page = await take(api.GET('/api/v1/sessions', { signal, params: { query: query(st) } }))
        return { ...page, items: mergeList(before, page.items) }
      }}
      exports={{ path: '/api/v1/sessions', query }}
      rowName={(s) => s.transaction_id ?? s.charge_point_name}
      card={(s) => ({
        title: may('finance.read') ? <Link to={`/finance/records/${s.id}`}>{s.transaction_id ?? t('point.session')}</Link> : s.transaction_id ?? t('point.session'),
        status: <RecordTag value={s.record_state} />,
        facts: [[t('col.start'), <When key="w" at={s.started_at} zone={s.time_zone ?? 'UTC'} />], [t('col.energy'), kwh(s.energy_wh)], [t('col.user'), s.user || none]],
      })}
      empty={{ title: t('point.no_sessions'), next: t('live.empty_next') }}
    />
  )
}
