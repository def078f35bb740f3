// The wire: every OCPP message of the point with its answer, kept ones newest first, and
// new ones as they pass.

import { ArrowLeftOutlined, ArrowRightOutlined, DownloadOutlined, WarningOutlined } from '@ant-design/icons'
import { type InfiniteData, useInfiniteQuery } from '@tanstack/react-query'
import { App, Button, Checkbox, Select, Switch, Tag as Chip } from 'antd'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useSearchParams } from 'react-router'
import type { ChargePoint, Page, PointFrame } from '@ccms/shared/api'
import { api, guardedFetch, take } from '@ccms/shared/client'
import { exportURL, fileNameOf, saveFile } from '@ccms/shared/download'
import { clock } from '@ccms/shared/format'
import { Live, type LiveState } from '@ccms/shared/live'
import { Problem, problemOf } from '@ccms/shared/problem'
import { brief } from '../../finance/frames'
import { Mono } from '../../parts/Mono'
import { Blank, Failed } from '../../parts/PageStates'
import { useProblemText } from '../../parts/ProblemText'
import { PageSkeleton } from '../../parts/Skeletons'
import { When } from '../../parts/Times'
import { actions, chosen, type FrameChoice, inside, keyOf, passed, readFlaw, together } from './exchange'

/** What is chosen stands in the address, so that it can be passed on. */
function useChoice(): [FrameChoice, (key: string, value: string | undefined) => void] {
  const [search, setSearch] = useSearchParams()
  const direction = search.get('direction')
  const choice: FrameChoice = {
    action: search.get('action') ?? undefined, session: search.get('session') ?? undefined, flawed: search.get('flawed') === 'true',
    direction: direction === 'in' || direction === 'out' ? direction : undefined,
  }
  return [choice, (key, value) => setSearch((old) => {
    const next = new URLSearchParams(old)
    if (value) next.set(key, value)
    else next.delete(key)
    return next
  }, { replace: true })]
}

const queryOf = (c: FrameChoice) => ({ action: c.action, direction: c.direction, session_id: c.session, flawed: c.flawed || undefined })

/** Frames as they pass, while somebody wants them. */
function usePassing(point: string, on: boolean, refetch: () => void): [PointFrame[], LiveState] {
  const [frames, setFrames] = useState<PointFrame[]>([])
  const [state, setState] = useState<LiveState>('idle')
  useEffect(() => {
    if (!on) return undefined
    const live = new Live({
      url: new URL(`/api/v1/charge-points/${point}/frames/live`, location.origin).href, fetch: guardedFetch, onState: setState,
      onEvent: (e) => { if (e.type === 'frame') setFrames((old) => passed(old, JSON.parse(e.data) as PointFrame)) },
      onResync: refetch,
    })
    live.start()
    return () => {
      live.stop()
      setFrames([])
    }
    // eslint-disable-next-line react-hooks/exhaustive-deps -- refetch changes with each render; the stream is the point's
  }, [point, on])
  return [frames, state]
}

export function Frames({ point }: { point: ChargePoint }) {
  const { t } = useTranslation()
  const [choice, choose] = useChoice()
  const [live, setLive] = useState(false)
  const query = useInfiniteQuery<Page<PointFrame>, Error, InfiniteData<Page<PointFrame>>, unknown[], string | undefined>({
    queryKey: ['charge-point', point.id, 'frames', choice],
    queryFn: ({ signal, pageParam }) => take(api.GET('/api/v1/charge-points/{id}/frames', {
      signal, params: { path: { id: point.id }, query: { limit: 50, cursor: pageParam, ...queryOf(choice) } },
    })),
    initialPageParam: undefined,
    getNextPageParam: (page) => page.next_cursor,
  })
  const [passing, state] = usePassing(point.id, live, () => void query.refetch())
  const kept = query.data?.pages.flatMap((p) => p.items) ?? []
  const frames = together(choice.session ? [] : passing, kept).filter((f) => chosen(f, choice) || f.id !== undefined)
  return (
    <>
      <div className="frames-bar">
        <div className="frames-choice" role="group" aria-label={t('list.filters')}>
          <Select allowClear showSearch value={choice.action} onChange={(v) => choose('action', v)} placeholder={t('wire.any_action')} aria-label={t('wire.action')}
            className="frames-action" popupMatchSelectWidth={false} options={actions.map((a) => ({ value: a, label: a }))} />
          <Select allowClear value={choice.direction} onChange={(v) => choose('direction', v)} placeholder={t('wire.both')} aria-label={t('wire.direction')} popupMatchSelectWidth={false}
            options={[{ value: 'in', label: t('record.frame_in') }, { value: 'out', label: t('record.frame_out') }]} />
          <Checkbox checked={choice.flawed} onChange={(e) => choose('flawed', e.target.checked ? 'true' : undefined)}>{t('wire.flawed')}</Checkbox>
          {choice.session && <Chip closable onClose={() => choose('session', undefined)} closeIcon={<span aria-label={t('wire.session_off')}>×</span>}>{t('wire.one_session')}</Chip>}
        </div>
        <span className="row-buttons">
          <span className="frames-live">
            <Switch size="small" checked={live} disabled={choice.session !== undefined} onChange={setLive} aria-label={t('wire.live')} />
            <span aria-hidden="true">{t('wire.live')}</span>
            {live && <span className="quiet small" role="status">{t(state === 'open' ? 'wire.watching' : 'wire.connecting')}</span>}
          </span>
          {!live && <Button size="small" loading={query.isFetching && !query.isFetchingNextPage} onClick={() => void query.refetch()}>{t('list.refresh')}</Button>}
          <Save point={point} choice={choice} />
        </span>
      </div>
      {query.isPending ? <PageSkeleton />
        : query.isError ? <Failed error={query.error} title={t('list.error')} retry={() => void query.refetch()} />
          : frames.length === 0 ? <Blank title={t(choice.action || choice.direction || choice.flawed || choice.session ? 'list.no_match' : 'point.no_frames')} next={t('point.no_frames_next')} />
            : <ol className="timeline" aria-label={t('point.tab_frames')}>{frames.map((f) => <ExchangeRow key={keyOf(f)} frame={f} zone={point.time_zone} />)}</ol>}
      {query.hasNextPage && <Button loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{t('point.older')}</Button>}
    </>
  )
}

/** All frames of the choice as a file, one JSON object a line. */
function Save({ point, choice }: { point: ChargePoint; choice: FrameChoice }) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const text = useProblemText()
  const [busy, setBusy] = useState(false)
  const save = async () => {
    setBusy(true)
    try {
      const answer = await guardedFetch(new Request(exportURL(`/api/v1/charge-points/${point.id}/frames/file`, queryOf(choice), location.origin), { credentials: 'same-origin' }))
      if (!answer.ok) throw problemOf(answer, await answer.json().catch(() => undefined))
      saveFile(await answer.blob(), fileNameOf(answer.headers.get('Content-Disposition'), 'frames.jsonl'))
    } catch (e) {
      void message.error(text(e instanceof Problem ? e : Problem.unreachable(e)))
    } finally {
      setBusy(false)
    }
  }
  return <Button size="small" icon={<DownloadOutlined aria-hidden />} loading={busy} onClick={() => void save()} title={t('wire.file_help')}>{t('wire.file')}</Button>
}

function ExchangeRow({ frame: f, zone }: { frame: PointFrame; zone: string }) {
  const { t } = useTranslation()
  const inbound = f.direction === 'in'
  const call = inside(f.kind, f.payload)
  const answer = f.answer && inside(f.answer.kind, f.answer.payload)
  const flaws = [...f.flaws, ...(f.answer?.flaws ?? [])]
  return (
    <li className={`frame-row frame-${f.direction}`}>
      <When at={f.received_at} zone={zone} />
      <span className="frame-arrow" title={t(inbound ? 'record.frame_in' : 'record.frame_out')}>
        {inbound ? <ArrowRightOutlined aria-hidden /> : <ArrowLeftOutlined aria-hidden />}
        <span className="visually-hidden">{t(inbound ? 'record.frame_in' : 'record.frame_out')}</span>
      </span>
      <div className="frame-what">
        <details>
          <summary title={t('record.frame_show')}>
            <b>{f.action || t('record.frame_unknown')}</b>
            {f.kind === 'result' && <span className="quiet"> {t('record.frame_answer')}</span>}
            {f.kind === 'error' && <span className="tone-text-bad"> {t('record.frame_error', { code: call.code })}</span>}
            {' '}<span className="frame-brief">{brief(call.payload)}</span>
            {answer && (
              <span className={answer.kind === 'error' ? 'tone-text-bad' : 'quiet'}>
                {' → '}{answer.kind === 'error' ? answer.code : brief(answer.payload) || t('wire.empty')}
                {f.round_trip_ms !== undefined && <span className="num small"> {t('wire.took', { ms: f.round_trip_ms || '<1' })}</span>}
              </span>
            )}
          </summary>
          <div className="frame-pair">
            <Json title={t('wire.message')} value={call.payload} />
            {f.answer && answer && <Json title={t('wire.answer_at', { time: clock(f.answer.received_at, zone) })} value={answer.payload} />}
          </div>
          <span className="small quiet">{t('record.frame_id')}</span> <Mono value={f.message_id} />
          {f.session_id && <Link className="small" replace to={`?tab=frames&session=${f.session_id}`}> {t('wire.to_session')}</Link>}
        </details>
        {flaws.length > 0 && (
          <ul className="frame-flaws small tone-text-wait" aria-label={t('wire.flaws')}>
            {flaws.map((x) => <li key={x}><WarningOutlined aria-hidden /> <Flaw text={x} /></li>)}
          </ul>
        )}
      </div>
    </li>
  )
}

function Json({ title, value }: { title: string; value: unknown }) {
  return (
    <section aria-label={title}>
      <span className="small quiet">{title}</span>
      {/* A region that scrolls must be reachable by keyboard. */}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <pre tabIndex={0}>{JSON.stringify(value, null, 2)}</pre>
    </section>
  )
}

function Flaw({ text }: { text: string }) {
  const { t } = useTranslation()
  const f = readFlaw(text)
  return <>{f ? t(`flaw_kind.${f.kind}`, { place: f.place || t('wire.message') }) : text}</>
}
