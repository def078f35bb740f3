// One campaign: how it goes, row by row, and the brakes.

import { ArrowLeftOutlined } from '@ant-design/icons'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Alert, App, Button, Progress } from 'antd'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useNavigate, useParams } from 'react-router'
import type { FirmwareCampaign } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'
import { newKey } from '@ccms/shared/key'
import { Problem } from '@ccms/shared/problem'
import { Reason } from '../live/commands/fields'
import { useMay } from '../login/me'
import { FormDialog } from '../parts/FormDialog'
import { Blank, Failed } from '../parts/PageStates'
import { useProblemText } from '../parts/ProblemText'
import { PageSkeleton } from '../parts/Skeletons'
import { CampaignTag } from '../parts/Status'
import { Installs } from './Installs'

const isOver = (c: FirmwareCampaign) => c.state === 'DONE' || c.state === 'CANCELLED'

function Back() {
  const { t } = useTranslation()
  return <Link to="/assets/firmware?tab=campaigns" className="back"><ArrowLeftOutlined aria-hidden /> {t('firmware.back')}</Link>
}

export default function Campaign() {
  const { t } = useTranslation()
  const { id = '' } = useParams()
  const query = useQuery({
    queryKey: ['firmware-campaign', id],
    queryFn: ({ signal }) => take(api.GET('/api/v1/firmware-campaigns/{id}', { signal, params: { path: { id } } })),
    refetchInterval: (q) => (q.state.data && isOver(q.state.data) && !q.state.data.counts?.open ? false : 4000),
  })
  const c = query.data
  useEffect(() => { if (c) document.title = `${c.name} – ${t('brand')}` }, [c, t])
  if (query.isPending) return <PageSkeleton />
  if (!c) {
    return query.error instanceof Problem && query.error.status === 404
      ? <Blank title={t('problem.missing')} action={<Back />} />
      : <Failed error={query.error} title={t('list.error')} retry={() => void query.refetch()} />
  }
  return (
    <article className="record">
      <Back />
      <Head campaign={c} />
      {c.state === 'HALTED' && <Alert type="error" showIcon className="space-above" title={t('firmware.halted')} />}
      {c.state === 'RUNNING' && c.counts?.canaries_at_it && <Alert type="info" showIcon className="space-above" title={t('firmware.first_at_it')} />}
      <Installs campaign={c.id} label={c.name} />
    </article>
  )
}

function Head({ campaign: c }: { campaign: FirmwareCampaign }) {
  const { t } = useTranslation()
  const n = c.counts
  const image = useQuery({ queryKey: ['firmware-images', c.image_id], queryFn: ({ signal }) => take(api.GET('/api/v1/firmware-images/{id}', { signal, params: { path: { id: c.image_id } } })), staleTime: 60_000 })
  const finished = n ? c.total - n.waiting - n.open : 0
  return (
    <header className="record-head">
      <div className="record-name">
        <h2>{c.name}</h2>
        <CampaignTag value={c.state} />
        {image.data && <span>{image.data.name} · <span className="mono-text">{image.data.release}</span></span>}
        <span className="quiet">{c.window_from ? `${c.window_from}–${c.window_to}` : t('firmware.any_time')} · {c.reason}</span>
      </div>
      <dl className="record-main">
        <div><dt>{t('firmware.done')}</dt><dd className="num">{n?.done} <small>/ {c.total}</small></dd></div>
        <div><dt>{t('firmware.at_it')}</dt><dd className="num">{n?.open}</dd></div>
        <div><dt>{t('firmware.waiting')}</dt><dd className="num">{n?.waiting}</dd></div>
        <div><dt>{t('firmware.failed')}</dt><dd className={n?.failed ? 'num tone-text-bad' : 'num'}>{n?.failed}</dd></div>
      </dl>
      <Brakes campaign={c} />
      <Progress className="bulk-progress" percent={Math.round(100 * finished / Math.max(1, c.total))} showInfo={false} size="small" aria-label={t('firmware.done')} />
    </header>
  )
}

type Brake = 'pause' | 'resume' | 'cancel'

function Brakes({ campaign: c }: { campaign: FirmwareCampaign }) {
  const { t } = useTranslation()
  const may = useMay()
  const client = useQueryClient()
  const { modal, message } = App.useApp()
  const text = useProblemText()
  const [back, setBack] = useState(false)
  const act = useMutation({
    mutationFn: (what: Brake) => {
      const request = { params: { path: { id: c.id }, header: { 'Idempotency-Key': newKey() } } }
      switch (what) {
        case 'pause': return take(api.POST('/api/v1/firmware-campaigns/{id}/pause', request))
        case 'resume': return take(api.POST('/api/v1/firmware-campaigns/{id}/resume', request))
        case 'cancel': return take(api.POST('/api/v1/firmware-campaigns/{id}/cancel', request))
      }
    },
    onSuccess: () => Promise.all([client.invalidateQueries({ queryKey: ['firmware-campaign', c.id] }), client.invalidateQueries({ queryKey: ['firmware-installs'] })]),
    onError: (e) => void message.error(text(e)),
  })
  if (!may('firmware.write')) return null
  return (
    <span className="row-buttons">
      {c.state === 'RUNNING' && <Button loading={act.isPending} onClick={() => act.mutate('pause')}>{t('firmware.pause')}</Button>}
      {(c.state === 'PAUSED' || c.state === 'HALTED') && <Button loading={act.isPending} onClick={() => act.mutate('resume')}>{t('firmware.resume')}</Button>}
      {!isOver(c) && <Button danger onClick={() => void modal.confirm({
        title: t('firmware.cancel'), content: t('firmware.cancel_what'), okText: t('firmware.cancel'), okButtonProps: { danger: true }, cancelText: t('firmware.keep'),
        onOk: () => act.mutateAsync('cancel').then(() => undefined, () => undefined),
      })}>{t('firmware.cancel')}</Button>}
      {c.rollback_image_id && (c.counts?.done ?? 0) > 0 && <Button danger onClick={() => setBack(true)}>{t('firmware.rollback')}</Button>}
      {back && <TakeBack campaign={c} onClose={() => setBack(false)} />}
    </span>
  )
}

function TakeBack({ campaign: c, onClose }: { campaign: FirmwareCampaign; onClose: () => void }) {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const client = useQueryClient()
  return (
    <FormDialog<{ reason: string }> title={t('firmware.rollback_of', { name: c.name })} ok={t('firmware.rollback_go')} danger what={t('firmware.rollback_what')} initial={{}} onClose={onClose}
      submit={async (v, key) => {
        const made = await take(api.POST('/api/v1/firmware-campaigns/{id}/rollback', { params: { path: { id: c.id }, header: { 'Idempotency-Key': key } }, body: { reason: v.reason.trim() } }))
        await client.invalidateQueries({ queryKey: ['firmware-campaign', c.id] })
        onClose()
        void navigate(`/assets/firmware/campaigns/${made.id}`)
      }}>
      <Reason required />
    </FormDialog>
  )
}
