// What the point was asked to bring: diagnostics and logs, whether they came, and where to get them.

import { DeleteOutlined, DownloadOutlined } from '@ant-design/icons'
import { useQueryClient } from '@tanstack/react-query'
import { App, Button } from 'antd'
import type { TFunction } from 'i18next'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { ChargePoint, Command, PointFile } from '@ccms/shared/api'
import { api, guardedFetch, take } from '@ccms/shared/client'
import { none, kilobytes } from '@ccms/shared/format'
import { fileNameOf, saveFile } from '@ccms/shared/download'
import { Problem, problemOf } from '@ccms/shared/problem'
import { type Column, List } from '../../list/List'
import { type ListState, paged } from '../../list/state'
import { useMay } from '../../login/me'
import { useProblemText } from '../../parts/ProblemText'
import { said } from '../../parts/said'
import { FileTag } from '../../parts/Status'
import { When } from '../../parts/Times'
import { CommandDialog } from '../commands/dialogs'
import { ResultDialog } from '../commands/ResultDialog'
import { usePolling } from '../stream'

const nameOf = (t: TFunction, f: PointFile) => f.file_name ?? t(`files.kind.${f.kind}`)

async function fetchFile(f: PointFile, fallback: string) {
  let response: Response
  try {
    response = await guardedFetch(new Request(new URL(`/api/v1/charge-point-files/${f.id}/file`, location.origin), { credentials: 'same-origin' }))
    if (response.ok) return saveFile(await response.blob(), fileNameOf(response.headers.get('Content-Disposition'), fallback))
  } catch (e) {
    throw e instanceof Problem ? e : Problem.unreachable(e)
  }
  throw problemOf(response, await response.json().catch(() => undefined))
}

export function Files({ point }: { point: ChargePoint }) {
  const { t } = useTranslation()
  const polling = usePolling()
  const zone = point.time_zone
  const may = useMay()
  const [ask, setAsk] = useState<'get_diagnostics' | 'get_log'>()
  const [sent, setSent] = useState<Command>()
  const ways = may('live.command') && may('live.files') && (
    <span className="row-buttons wraps">
      <Button onClick={() => setAsk('get_diagnostics')}>{t('points.get_diagnostics')}</Button>
      <Button onClick={() => setAsk('get_log')}>{t('points.get_log')}</Button>
    </span>
  )
  const columns = useMemo<Column<PointFile>[]>(() => [
    { key: 'asked', title: t('files.asked_at'), note: zone, sort: 'created_at', fixed: true, cell: (f) => <When at={f.created_at} zone={zone} /> },
    { key: 'kind', title: t('files.kind_name'), cell: (f) => t(`files.kind.${f.kind}`) },
    { key: 'state', title: t('col.state'), wide: true, cell: (f) => <State file={f} /> },
    { key: 'name', title: t('files.name'), cell: (f) => f.file_name ?? none, wide: true },
    { key: 'size', title: t('files.size'), num: true, cell: (f) => (f.bytes ? kilobytes(f.bytes) : none) },
    { key: 'protocol', title: t('files.protocol'), cell: (f) => f.protocol.toUpperCase(), off: true },
    { key: 'kept', title: t('files.kept_until'), off: true, cell: (f) => (f.arrived_at ? <When at={f.kept_until} zone={zone} /> : none) },
    { key: 'operation', title: t('list.operation'), pin: true, cell: (f) => <Actions file={f} /> },
  ], [t, zone])
  const query = (st: ListState) => ({ charge_point_id: point.id, ...paged(st) })
  return (
    <>
      <List<PointFile>
        queryKey={['point-files', point.id]} name="point_files" label={t('point.tab_files')} columns={columns} defaultSort="-created_at" refetchMs={polling || 5000} actions={ways}
        load={(st, signal) => take(api.GET('/api/v1/charge-point-files', { signal, params: { query: query(st) } }))}
        exports={{ path: '/api/v1/charge-point-files', query }}
        rowName={(f) => nameOf(t, f)}
        card={(f) => ({
          title: nameOf(t, f), status: <FileTag value={f.state} />,
          facts: [[t('files.asked_at'), <When key="w" at={f.created_at} zone={zone} />], [t('files.size'), f.bytes ? kilobytes(f.bytes) : none], [t('firmware.why'), said(t, f.detail) || none]],
          actions: <Actions file={f} />,
        })}
        empty={{ title: t('files.empty'), next: t('files.empty_next') }}
      />
      {ask && <CommandDialog ask={ask} point={point} onSent={(c) => { setAsk(undefined); setSent(c) }} onClose={() => setAsk(undefined)} />}
      {sent && <ResultDialog first={sent} point={point} onClose={() => setSent(undefined)} />}
    </>
  )
}

function State({ file: f }: { file: PointFile }) {
  const { t } = useTranslation()
  return <><FileTag value={f.state} />{f.missing && <span className="quiet small"> {t('files.missing')}</span>}{f.detail && f.state !== 'waiting' && <span className="quiet small"> {said(t, f.detail)}</span>}</>
}

function Actions({ file: f }: { file: PointFile }) {
  const { t } = useTranslation()
  const may = useMay()
  const client = useQueryClient()
  const { modal, message } = App.useApp()
  const text = useProblemText()
  const [busy, setBusy] = useState(false)
  if (!may('live.files') || f.state === 'waiting' || f.state === 'arriving') return <>{none}</>
  const name = nameOf(t, f)
  const fetching = async () => {
    setBusy(true)
    try {
      await fetchFile(f, name)
    } catch (e) {
      void message.error(text(e))
    } finally {
      setBusy(false)
    }
  }
  const remove = async () => {
    try {
      await take(api.DELETE('/api/v1/charge-point-files/{id}', { params: { path: { id: f.id } } }))
      await client.invalidateQueries({ queryKey: ['point-files'] })
    } catch (e) {
      void message.error(text(e))
    }
  }
  return (
    <span className="row-buttons">
      {f.arrived_at && !f.missing && <Button size="small" type="text" loading={busy} icon={<DownloadOutlined aria-hidden />} aria-label={t('files.fetch_of', { name })} title={t('files.fetch_of', { name })} onClick={() => void fetching()} />}
      <Button size="small" type="text" danger icon={<DeleteOutlined aria-hidden />} aria-label={t('files.delete_of', { name })} title={t('files.delete_of', { name })}
        onClick={() => void modal.confirm({ title: t('files.delete_of', { name }), content: t('files.delete_what'), okText: t('files.delete'), okButtonProps: { danger: true }, cancelText: t('form.cancel'), onOk: remove })} />
    </span>
  )
}
