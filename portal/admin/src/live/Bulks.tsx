// The commands that were sent to many points: which, when, by whom, and how they went.

import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import type { Bulk } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'
import { none, zoneName } from '@ccms/shared/format'
import { type Column, List } from '../list/List'
import type { Filter, ListState } from '../list/state'
import { useZone } from '../login/me'
import { When } from '../parts/Times'
import { commandWord } from '../parts/words'
import { BulkTag, countsOf } from './bulkParts'

const query = (st: ListState) => ({
  type: st.filters.type as Bulk['type'] | undefined, state: st.filters.state as Bulk['state'] | undefined, sort: st.sort, limit: st.limit, cursor: st.cursor,
})

const types: Bulk['type'][] = [
  'trigger_message', 'extended_trigger', 'reset', 'change_availability', 'get_configuration', 'change_configuration', 'clear_cache', 'set_charging_profile',
  'clear_charging_profile', 'data_transfer',
]
const states: Bulk['state'][] = ['running', 'done', 'cancelled']

export default function Bulks() {
  const { t } = useTranslation()
  const zone = useZone()
  const filters = useMemo<Filter[]>(() => [
    { key: 'type', kind: 'select', label: t('bulk.command'), options: types.map((x) => ({ value: x, label: commandWord(t, 'type', x) })) },
    { key: 'state', kind: 'select', label: t('col.state'), options: states.map((s) => ({ value: s, label: t(`bulk.state.${s}`) })) },
  ], [t])
  const what = (b: Bulk) => <Link to={`/live/bulks/${b.id}`}>{commandWord(t, 'type', b.type)}</Link>
  const columns = useMemo<Column<Bulk>[]>(() => [
    { key: 'what', title: t('bulk.command'), fixed: true, cell: what },
    { key: 'state', title: t('col.state'), cell: (b) => <BulkTag value={b.state} /> },
    { key: 'total', title: t('bulk.points'), num: true, cell: (b) => b.total },
    { key: 'asked', title: t('bulk.asked'), num: true, cell: (b) => countsOf(b).asked },
    { key: 'seen', title: t('bulk.seen'), num: true, cell: (b) => countsOf(b).seen },
    { key: 'bad', title: t('bulk.bad'), num: true, cell: (b) => <Bad bulk={b} /> },
    { key: 'who', title: t('bulk.who'), cell: (b) => <bdi>{b.staff_name ?? none}</bdi> },
    { key: 'at', title: t('col.time'), note: zoneName(zone), sort: 'created_at', cell: (b) => <When at={b.created_at} zone={zone} /> },
    { key: 'ended', title: t('bulk.ended'), off: true, cell: (b) => <When at={b.ended_at} zone={zone} /> },
    { key: 'reason', title: t('reset.reason'), wide: true, cell: (b) => <bdi>{b.reason || none}</bdi> },
    // eslint-disable-next-line react-hooks/exhaustive-deps -- the helper changes with t alone
  ], [t, zone])
  return (
    <List<Bulk>
      queryKey={['bulks']} name="bulks" label={t('nav.bulks')} filters={filters} columns={columns} defaultSort="-created_at" refetchMs={10_000}
      load={(st, signal) => take(api.GET('/api/v1/command-bulks', { signal, params: { query: query(st) } }))}
      exports={{ path: '/api/v1/command-bulks', query }}
      rowName={(b) => t('bulk.title', { what: commandWord(t, 'type', b.type), count: b.total })}
      card={(b) => ({
        title: <>{what(b)} · <span className="num">{b.total}</span></>, status: <BulkTag value={b.state} />,
        facts: [
          [t('bulk.seen'), <span key="s" className="num">{countsOf(b).seen} / {b.total}</span>],
          [t('bulk.bad'), <Bad key="b" bulk={b} />],
          [t('col.time'), <span key="w"><When at={b.created_at} zone={zone} withZone /></span>],
        ],
      })}
      empty={{ title: t('bulk.none'), next: t('bulk.none_next') }}
    />
  )
}

function Bad({ bulk: b }: { bulk: Bulk }) {
  const { bad } = countsOf(b)
  return <span className={bad > 0 ? 'num tone-text-bad' : 'num'}>{bad}</span>
}
