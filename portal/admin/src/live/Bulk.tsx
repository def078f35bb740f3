// One command for many points: how it goes, row by row. It can be left and found again.

import {
  CheckCircleOutlined, ClockCircleOutlined, CloseCircleOutlined, ExclamationCircleOutlined, LoadingOutlined, MinusCircleOutlined,
} from '@ant-design/icons'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { App, Button, Progress } from 'antd'
import { type ComponentType, useEffect, useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useParams } from 'react-router'
import type { Bulk as BulkOf, BulkItem } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'
import { clock, none, zoneName } from '@ccms/shared/format'
import { newKey } from '@ccms/shared/key'
import { Problem } from '@ccms/shared/problem'
import { type Column, List } from '../list/List'
import { paged } from '../list/state'
import { useMay, useZone } from '../login/me'
import { Mono } from '../parts/Mono'
import { Blank, Failed } from '../parts/PageStates'
import { useProblemText } from '../parts/ProblemText'
import { PageSkeleton } from '../parts/Skeletons'
import { Tag, type Tone } from '../parts/Status'
import { When } from '../parts/Times'
import { commandWord } from '../parts/words'
import { BulkTag, countsOf } from './bulkParts'
import { Back } from './point/Back'

type Row = BulkItem & { id: string }

/** Rows and their commands go on; nothing more comes once all have ended. */
const isOpen = (b: BulkOf | undefined) => !b || b.state === 'running' ||
  (b.counts ?? []).some((c) => c.command_state === 'queued' || c.command_state === 'sent' || c.effect_state === 'pending')

export default function Bulk() {
  const { t } = useTranslation()
  const { id = '' } = useParams()
  const query = useQuery({
    queryKey: ['bulk', id],
    queryFn: ({ signal }) => take(api.GET('/api/v1/command-bulks/{id}', { signal, params: { path: { id } } })),
    refetchInterval: (q) => (isOpen(q.state.data) ? 2000 : false),
  })
  const b = query.data
  // The rows are asked for again when their counts have changed.
  const client = useQueryClient()
  const counts = JSON.stringify(b?.counts)
  useEffect(() => { if (counts) void client.invalidateQueries({ queryKey: ['bulk-items', id] }) }, [client, id, counts])
  const title = b ? t('bulk.title', { what: commandWord(t, 'type', b.type), count: b.total }) : ''
  useEffect(() => { if (title) document.title = `${title} – ${t('brand')}` }, [title, t])
  if (query.isPending) return <PageSkeleton />
  if (!b) {
    return query.error instanceof Problem && query.error.status === 404
      ? <Blank title={t('problem.missing')} action={<Back to="/live/bulks" text={t('bulk.back')} />} />
      : <Failed error={query.error} title={t('list.error')} retry={() => void query.refetch()} />
  }
  return (
    <article className="record">
      <Back to="/live/bulks" text={t('bulk.back')} />
      <Head bulk={b} title={title} />
      <Items bulk={b} title={title} />
    </article>
  )
}

function Head({ bulk: b, title }: { bulk: BulkOf; title: string }) {
  const { t } = useTranslation()
  const may = useMay()
  const { modal, message } = App.useApp()
  const text = useProblemText()
  const client = useQueryClient()
  const cancel = useMutation({
    mutationFn: () => take(api.POST('/api/v1/command-bulks/{id}/cancel', { params: { path: { id: b.id }, header: { 'Idempotency-Key': newKey() } } })),
    onSuccess: () => client.invalidateQueries({ queryKey: ['bulk', b.id] }),
    onError: (e) => void message.error(text(e)),
  })
  const { waiting, asked, seen, bad } = countsOf(b)
  return (
    <header className="record-head">
      <div className="record-name">
        <h2>{title}</h2>
        <BulkTag value={b.state} />
        <span className="quiet">{b.reason}</span>
      </div>
      <dl className="record-main">
        <div><dt>{t('bulk.asked')}</dt><dd className="num">{asked} <small>/ {b.total}</small></dd></div>
        <div><dt>{t('bulk.seen')}</dt><dd className="num">{seen}</dd></div>
        <div><dt>{t('bulk.bad')}</dt><dd className={bad > 0 ? 'num tone-text-bad' : 'num'}>{bad}</dd></div>
      </dl>
      {b.state === 'running' && may('live.command') && (
        <Button danger loading={cancel.isPending} onClick={() => void modal.confirm({
          title: t('bulk.cancel_title'), content: t('bulk.cancel_what', { count: waiting }), okText: t('bulk.cancel_go'), okButtonProps: { danger: true },
          cancelText: t('bulk.cancel_keep'), onOk: () => cancel.mutateAsync().then(() => undefined, () => undefined),
        })}>{t('bulk.cancel')}</Button>
      )}
      <Progress className="bulk-progress" percent={Math.round(100 * asked / b.total)} showInfo={false} size="small" aria-label={t('bulk.asked')} />
    </header>
  )
}

const looks: Record<string, [Tone, ComponentType]> = {
  waiting: ['wait', ClockCircleOutlined], refused: ['bad', CloseCircleOutlined], cancelled: ['off', MinusCircleOutlined],
  queued: ['wait', ClockCircleOutlined], sent: ['busy', LoadingOutlined], accepted: ['free', CheckCircleOutlined],
}

/** What became of a row, in a word; the reason stands beside it. */
function Result({ row: r }: { row: Row }) {
  const { t } = useTranslation()
  const code = r.state === 'made' ? r.command_state ?? 'queued' : r.state
  const [tone, icon] = looks[code] ?? ['bad', ExclamationCircleOutlined]
  return <Tag tone={tone} icon={icon} text={r.state === 'made' ? commandWord(t, 'state', code) : t(`bulk.row.${r.state}`)} />
}

function Effect({ row: r, type }: { row: Row; type: string }) {
  const { t } = useTranslation()
  switch (r.effect_state) {
    case 'seen': return <span className="tone-text-free">{commandWord(t, 'effect_seen', type)}</span>
    case 'failed': return <span className="tone-text-bad">{commandWord(t, 'effect_failed', type)}</span>
    case 'pending': return <span className="quiet">{commandWord(t, 'effect_wait', type)}</span>
    default: return <>{none}</>
  }
}

function Items({ bulk: b, title }: { bulk: BulkOf; title: string }) {
  const { t } = useTranslation()
  const zone = useZone()
  const columns = useMemo<Column<Row>[]>(() => [
    { key: 'number', title: t('bulk.number'), num: true, cell: (r) => r.number },
    { key: 'site', title: t('col.station'), cell: (r) => r.site_name ?? none, wide: true },
    { key: 'name', title: t('col.name'), cell: (r) => (r.charge_point_name ? <Link to={`/live/points/${r.charge_point_id}`}>{r.charge_point_name}</Link> : none), wide: true },
    { key: 'serial', title: t('col.serial'), cell: (r) => (r.identity ? <Mono value={r.identity} /> : <Mono value={r.charge_point_id} />) },
    { key: 'result', title: t('bulk.result'), cell: (r) => <><Result row={r} />{r.status !== undefined && <span className="quiet small"> {r.status}</span>}</> },
    { key: 'why', title: t('bulk.why'), cell: (r) => r.detail ?? none, wide: true },
    { key: 'effect', title: t('command.effect'), cell: (r) => <Effect row={r} type={b.type} /> },
    { key: 'time', title: t('col.time'), note: zoneName(zone), cell: (r) => (r.state === 'waiting' && r.due_at
      ? <span className="quiet">{t('bulk.due', { time: clock(r.due_at, zone) })}</span> : <When at={r.done_at} zone={zone} />) },
  ], [t, b.type, zone])
  return (
    <List<Row>
      queryKey={['bulk-items', b.id]} name="bulk_items"
      label={title} columns={columns} defaultSort="number" refetchMs={isOpen(b) ? 2000 : 60_000}
      load={async (st, signal) => {
        const page = await take(api.GET('/api/v1/command-bulks/{id}/items', { signal, params: { path: { id: b.id }, query: paged(st) } }))
        return { ...page, items: page.items.map((r) => ({ ...r, id: `${b.id}-${r.number}` })) }
      }}
      exports={{ path: `/api/v1/command-bulks/${b.id}/items`, query: paged }}
      rowName={(r) => r.charge_point_name ?? String(r.number)}
      card={(r) => ({
        title: r.charge_point_name ?? r.charge_point_id, status: <Result row={r} />,
        facts: [[t('col.station'), r.site_name ?? none], [t('bulk.why'), r.detail ?? none], [t('command.effect'), <Effect key="e" row={r} type={b.type} />]],
      })}
      empty={{ title: t('bulk.empty') }}
    />
  )
}
