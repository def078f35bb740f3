// What is kept for whom at a charge point, and what became of it.

import { CloseOutlined, PlusOutlined } from '@ant-design/icons'
import { useQueryClient } from '@tanstack/react-query'
import { Button, Form, Input } from 'antd'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import type { ChargePoint, Reservation } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'
import { none } from '@ccms/shared/format'
import en from '@ccms/shared/i18n/en.json'
import { type Column, List } from '../../list/List'
import { type Filter, type ListState, paged } from '../../list/state'
import { useMay } from '../../login/me'
import { FormDialog } from '../../parts/FormDialog'
import { Mono } from '../../parts/Mono'
import { ReservationTag } from '../../parts/Status'
import { When } from '../../parts/Times'
import { word } from '../../parts/words'
import { ReserveDialog } from '../commands/ReserveDialog'

const stands = (r: Reservation) => r.state === 'REQUESTED' || r.state === 'ACTIVE'

export function Reservations({ point }: { point: ChargePoint }) {
  const { t } = useTranslation()
  const may = useMay()
  const [making, setMaking] = useState(false)
  const [cancelling, setCancelling] = useState<Reservation>()
  const filters = useMemo<Filter[]>(() => [
    { key: 'state', kind: 'select', label: t('col.state'), options: Object.keys(en.reservation_state).map((s) => ({ value: s, label: word(t, 'reservation_state', s) })) },
  ], [t])
  const where = (r: Reservation) => (r.connector === 0 ? t('reserve.any') : r.connector)
  const who = (r: Reservation) => r.name || r.account || r.charging_account
  const cancel = (r: Reservation, words?: boolean) => may('live.command') && stands(r) && (
    <Button size="small" type="text" icon={<CloseOutlined aria-hidden />} onClick={() => setCancelling(r)} title={t('reserve.cancel_of', { number: r.number })} aria-label={t('reserve.cancel_of', { number: r.number })}>{words && t('reserve.cancel')}</Button>
  )
  const columns = useMemo<Column<Reservation>[]>(() => {
    const out: Column<Reservation>[] = [
      { key: 'number', title: t('reserve.number'), num: true, fixed: true, cell: (r) => r.number },
      { key: 'connector', title: t('col.connector'), num: true, cell: (r) => where(r) },
      { key: 'who', title: t('col.user'), wide: true, cell: (r) => <bdi>{who(r)}</bdi> },
      { key: 'card', title: t('col.rfid'), cell: (r) => <Mono value={r.token_uid} />, off: true },
      { key: 'made', title: t('reserve.made'), note: point.time_zone, sort: 'created', off: true, cell: (r) => <When at={r.created_at} zone={point.time_zone} /> },
      { key: 'until', title: t('reserve.until'), note: point.time_zone, sort: 'until', cell: (r) => <When at={r.until} zone={point.time_zone} /> },
      { key: 'state', title: t('col.state'), cell: (r) => <ReservationTag value={r.state} title={r.detail} /> },
      { key: 'detail', title: t('reserve.detail'), wide: true, cell: (r) => <Detail reservation={r} /> },
    ]
    if (may('live.command')) out.push({ key: 'operation', title: t('list.operation'), pin: true, cell: (r) => cancel(r) || none })
    return out
    // eslint-disable-next-line react-hooks/exhaustive-deps -- the helpers change with t alone
  }, [t, may, point.time_zone])
  const add = may('live.command') && <Button type="primary" disabled={!point.online} icon={<PlusOutlined aria-hidden />} onClick={() => setMaking(true)}>{t('reserve.go')}</Button>
  const query = (st: ListState) => ({ charge_point_id: point.id, state: st.filters.state, ...paged(st) })
  return (
    <>
      <List<Reservation>
        queryKey={['reservations', point.id]} name="point_reservations" label={t('point.tab_reservations')} filters={filters} columns={columns} defaultSort="-created" refetchMs={5000} actions={add}
        load={(st, signal) => take(api.GET('/api/v1/reservations', { signal, params: { query: query(st) } }))}
        exports={{ path: '/api/v1/reservations', query }}
        rowName={(r) => String(r.number)}
        rowClass={(r) => (stands(r) ? undefined : 'row-quiet')}
        card={(r) => ({
          title: <bdi>{who(r)}</bdi>, status: <ReservationTag value={r.state} />,
          facts: [[t('col.connector'), where(r)], [t('reserve.until'), <When key="u" at={r.until} zone={point.time_zone} withZone />], [t('reserve.detail'), <Detail key="d" reservation={r} />]],
          actions: cancel(r, true),
        })}
        empty={{ title: t('reserve.empty'), next: t('reserve.empty_next'), action: add }}
      />
      {making && <ReserveDialog point={point} onSent={() => setMaking(false)} onClose={() => setMaking(false)} />}
      {cancelling && <CancelDialog reservation={cancelling} onClose={() => setCancelling(undefined)} />}
    </>
  )
}

function Detail({ reservation: r }: { reservation: Reservation }) {
  const { t } = useTranslation()
  const may = useMay()
  if (r.session_id) return may('finance.read') ? <Link to={`/finance/records/${r.session_id}`}>{t('reserve.session')}</Link> : <>{t('reserve.session')}</>
  if (r.soft && stands(r)) return <>{t('reserve.soft')}</>
  return <bdi>{r.detail || r.reason || none}</bdi>
}

function CancelDialog({ reservation: r, onClose }: { reservation: Reservation; onClose: () => void }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  return (
    <FormDialog<{ reason?: string }> title={t('reserve.cancel_of', { number: r.number })} ok={t('reserve.cancel_go')} danger initial={{}} what={t('reserve.cancel_what')} onClose={onClose}
      submit={async (v, key) => {
        await take(api.POST('/api/v1/reservations/{id}/cancel', { params: { path: { id: r.id }, header: { 'Idempotency-Key': key } }, body: { reason: v.reason?.trim() || undefined } }))
        await client.invalidateQueries({ queryKey: ['reservations'] })
        onClose()
      }}>
      <Form.Item name="reason" label={`${t('reset.reason')} (${t('form.optional')})`} extra={t('stop.reason_help')}><Input maxLength={200} /></Form.Item>
    </FormDialog>
  )
}
