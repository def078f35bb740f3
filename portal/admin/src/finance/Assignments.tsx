// What is assigned to audiences: which plan, for whom, where and when.

import { DeleteOutlined, PlusOutlined } from '@ant-design/icons'
import { useQueryClient } from '@tanstack/react-query'
import { App, Button } from 'antd'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { PlanAssignment } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'
import { none, zoneName } from '@ccms/shared/format'
import { type Column, List } from '../list/List'
import type { Filter, ListState } from '../list/state'
import { useMay, useZone } from '../login/me'
import { useProblemText } from '../parts/ProblemText'
import { AssignDialog } from './AssignDialog'
import { audiences, audienceText, spanText } from './candidates'

const query = (st: ListState) => ({ audience: st.filters.audience as PlanAssignment['audience'] | undefined, sort: st.sort, limit: st.limit, cursor: st.cursor })

export function Assignments() {
  const { t } = useTranslation()
  const may = useMay()
  const zone = useZone()
  const client = useQueryClient()
  const text = useProblemText()
  const { modal, message } = App.useApp()
  const [adding, setAdding] = useState(false)
  const filters = useMemo<Filter[]>(() => [
    { key: 'audience', kind: 'select', label: t('price.for'), options: audiences.map((a) => ({ value: a, label: t(`price.audience.${a}`) })) },
  ], [t])
  const place = (a: PlanAssignment) => (a.at.connector
    ? t('price.connector_of', { number: a.at.connector, name: a.place_name ?? '' })
    : a.place === 'OPERATOR' ? t('price.place.OPERATOR') : a.place_name ?? t(`price.place.${a.place}`))
  const end = (a: PlanAssignment) => void modal.confirm({
    title: t('price.end_title', { plan: a.plan_name ?? '' }), content: t('price.end_what', { audience: audienceText(t, a), place: place(a) }), okText: t('price.take_away'), okButtonProps: { danger: true }, cancelText: t('form.cancel'),
    onOk: async () => {
      try {
        await take(api.DELETE('/api/v1/plan-assignments/{id}', { params: { path: { id: a.id }, header: { 'If-Match': `"${a.version}"` } } }))
      } catch (e) {
        void message.error(text(e))
      }
      await Promise.all(['plan-assignments', 'plan-matrix'].map((k) => client.invalidateQueries({ queryKey: [k] })))
    },
  })
  const operate = (a: PlanAssignment) => may('plans.write') && (
    <Button size="small" type="text" icon={<DeleteOutlined aria-hidden />} aria-label={t('price.end_of', { plan: a.plan_name ?? '', audience: audienceText(t, a) })} title={t('price.take_away')} onClick={() => end(a)} />
  )
  const columns: Column<PlanAssignment>[] = [
    { key: 'plan', title: t('record.plan'), cell: (a) => a.plan_name ?? none, fixed: true, wide: true },
    { key: 'for', title: t('price.for'), cell: (a) => audienceText(t, a) },
    { key: 'at', title: t('price.at'), cell: (a) => <>{place(a)} <span className="quiet small">{a.place !== 'OPERATOR' && t(`price.place.${a.place}`)}</span></>, wide: true },
    { key: 'span', title: t('price.when'), note: zoneName(zone), cell: (a) => spanText(t, a, zone) ?? t('price.always') },
  ]
  if (may('plans.write')) columns.push({ key: 'operation', title: t('list.operation'), pin: true, cell: operate })
  const add = may('plans.write') && <Button type="primary" icon={<PlusOutlined aria-hidden />} onClick={() => setAdding(true)}>{t('price.assign')}</Button>
  return (
    <>
      <List<PlanAssignment>
        queryKey={['plan-assignments']} label={t('price.tab_assigned')} filters={filters} columns={columns} actions={add}
        load={(st, signal) => take(api.GET('/api/v1/plan-assignments', { signal, params: { query: query(st) } }))}
        exports={{ path: '/api/v1/plan-assignments', query }}
        rowName={(a) => a.plan_name ?? a.id}
        card={(a) => ({ title: a.plan_name ?? none, facts: [[t('price.for'), audienceText(t, a)], [t('price.at'), place(a)], [t('price.when'), spanText(t, a, zone) ?? t('price.always')]], actions: operate(a) })}
        empty={{ title: t('price.none_assigned'), next: t('price.none_assigned_next'), action: add }}
      />
      {adding && <AssignDialog onClose={() => setAdding(false)} />}
    </>
  )
}
