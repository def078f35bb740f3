// Who tried to start and what was decided: "my card was refused" is the first call
// that support gets (AUTH-R5).

import { CheckCircleOutlined, StopOutlined } from '@ant-design/icons'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import type { Attempt } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'
import { dayStart, none } from '@ccms/shared/format'
import en from '@ccms/shared/i18n/en.json'
import { type Column, List } from '../list/List'
import type { Filter, ListState } from '../list/state'
import { useMay, useZone } from '../login/me'
import { oneZone } from '../parts/common'
import { Mono } from '../parts/Mono'
import { Tag } from '../parts/Status'
import { When } from '../parts/Times'
import { word } from '../parts/words'
import { Reason } from './Reason'

type Decision = Attempt['decision']

export default function Attempts() {
  const { t } = useTranslation()
  const may = useMay()
  const own = useZone()

  const filters = useMemo<Filter[]>(() => [
    { key: 'q', kind: 'text', label: t('col.rfid') },
    { key: 'point', kind: 'text', label: t('col.point_name') },
    { key: 'decision', kind: 'select', label: t('attempts.decision'),
      options: [{ value: 'refused', label: t('attempts.refused') }, ...Object.keys(en.decision).map((d) => ({ value: d, label: word(t, 'decision', d) }))] },
    { key: 'from', kind: 'day', label: t('records.from'), more: true },
    { key: 'to', kind: 'day', label: t('records.to'), more: true },
  ], [t])

  const columns = useMemo<Column<Attempt>[]>(() => {
    const out: Column<Attempt>[] = [
      { key: 'at', title: t('col.time'), note: oneZone, sort: 'at', fixed: true,
        cell: (a, all) => <When at={a.at} zone={a.time_zone ?? own} withZone={!oneZone(all)} /> },
      { key: 'site', title: t('col.station'), cell: (a) => a.site_name || none, wide: true },
      { key: 'point', title: t('col.point_name'), cell: (a) => a.charge_point_name || none, wide: true },
      { key: 'connector', title: t('col.connector'), num: true, cell: (a) => a.connector ?? none },
      { key: 'kind', title: t('attempts.kind'), cell: (a) => word(t, 'attempt_kind', a.kind) },
      { key: 'card', title: t('col.rfid'), cell: (a) => (a.token_uid ? <Mono value={a.token_uid} /> : none) },
      { key: 'decision', title: t('attempts.decision'), cell: (a) => <DecisionTag value={a.decision} /> },
      { key: 'reason', title: t('attempts.reason'), cell: (a) => <Reason text={a.reason} />, wide: 'most' },
    ]
    if (may('finance.read')) {
      out.push({ key: 'session', title: t('attempts.session'), cell: (a) => (a.session_id
        ? <Link to={`/finance/records/${a.session_id}`} aria-label={t('attempts.record_of', { card: a.token_uid ?? '' })}>{t('list.open')}</Link>
        : none) })
    }
    return out
  }, [t, may, own])

  const query = (st: ListState) => {
    const { q, point, decision, from, to } = st.filters
    return { q, point, decision, from: from && dayStart(from, own), to: to && dayStart(to, own, 1), sort: st.sort, limit: st.limit, cursor: st.cursor }
  }

  return (
    <List<Attempt>
      queryKey={['attempts']} name="attempts"
      label={t('nav.attempts')}
      filters={filters}
      defaultSort="-at"
      columns={columns}
      exports={{ path: '/api/v1/attempts', query }}
      load={(st, signal) => take(api.GET('/api/v1/attempts', { signal, params: { query: query(st) } }))}
      rowName={(a) => `${a.token_uid ?? ''} ${a.charge_point_name ?? ''}`}
      card={(a) => ({
        title: a.token_uid ? <Mono value={a.token_uid} /> : none,
        status: <DecisionTag value={a.decision} />,
        facts: [
          [t('col.time'), <When key="w" at={a.at} zone={a.time_zone ?? own} withZone />],
          [t('col.point_name'), a.charge_point_name || none],
          [t('attempts.reason'), <Reason key="r" text={a.reason} />],
        ],
      })}
      empty={{ title: t('attempts.empty'), next: t('attempts.empty_next') }}
    />
  )
}

function DecisionTag({ value }: { value: Decision }) {
  const { t } = useTranslation()
  return value === 'Accepted'
    ? <Tag tone="free" icon={CheckCircleOutlined} text={word(t, 'decision', value)} />
    : <Tag tone="bad" icon={StopOutlined} text={word(t, 'decision', value)} />
}
