// An image on its way into charge points: of one point, or of a campaign.

import { StopOutlined } from '@ant-design/icons'
import { useQueryClient } from '@tanstack/react-query'
import { App, Button } from 'antd'
import { type ReactNode, useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import type { FirmwareInstall } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'
import { none } from '@ccms/shared/format'
import en from '@ccms/shared/i18n/en.json'
import { newKey } from '@ccms/shared/key'
import { type Column, List } from '../list/List'
import { type Filter, type ListState, paged } from '../list/state'
import { useMay, useZone } from '../login/me'
import { useProblemText } from '../parts/ProblemText'
import { said } from '../parts/said'
import { InstallTag } from '../parts/Status'
import { When } from '../parts/Times'

type State = FirmwareInstall['state']

export function Installs({ point, campaign, label, actions, zone: local }: { point?: string; campaign?: string; label?: string; actions?: ReactNode; zone?: string }) {
  const { t } = useTranslation()
  const may = useMay()
  // Of one point in its own zone; the points of a campaign are anywhere.
  const own = useZone()
  const zone = local ?? own
  const filters = useMemo<Filter[]>(() => (campaign ? [
    { key: 'state', kind: 'select', label: t('col.state'), options: (Object.keys(en.firmware.state) as State[]).map((s) => ({ value: s, label: t(`firmware.state.${s}`) })) },
  ] : []), [t, campaign])
  const columns = useMemo<Column<FirmwareInstall>[]>(() => {
    const all: Column<FirmwareInstall>[] = [
      { key: 'number', title: t('bulk.number'), num: true, sort: 'number', cell: (i) => i.number ?? none },
      { key: 'site', title: t('col.station'), cell: (i) => i.site_name || none, wide: true },
      { key: 'point', title: t('col.point_name'), fixed: true, wide: true, cell: (i) => <Link to={`/live/points/${i.charge_point_id}?tab=firmware`}>{i.charge_point_name || i.charge_point_id}</Link> },
      { key: 'image', title: t('firmware.image'), cell: (i) => i.image_name || none, wide: true },
      { key: 'release', title: t('firmware.release'), cell: (i) => <span className="mono-text">{i.release}</span> },
      { key: 'before', title: t('firmware.before'), cell: (i) => (i.before ? <span className="mono-text">{i.before}</span> : none) },
      { key: 'state', title: t('col.state'), wide: true, cell: (i) => <Stand install={i} /> },
      { key: 'asked', title: t('firmware.started'), note: zone, sort: point ? 'created_at' : undefined, cell: (i) => <When at={i.asked_at ?? (point ? i.created_at : undefined)} zone={zone} /> },
      { key: 'ended', title: t('firmware.ended'), note: zone, off: true, cell: (i) => <When at={i.ended_at} zone={zone} /> },
    ]
    if (point && may('firmware.write')) all.push({ key: 'operation', title: t('list.operation'), pin: true, cell: (i) => <Cancel install={i} /> })
    const not = point ? ['number', 'site', 'point'] : ['image', 'release']
    return all.filter((c) => !not.includes(c.key))
  }, [t, may, point, zone])
  const query = (st: ListState) => ({ charge_point_id: point, campaign_id: campaign, state: st.filters.state as State | undefined, ...paged(st) })
  return (
    <List<FirmwareInstall>
      queryKey={['firmware-installs', point ?? campaign ?? '']} name={point ? 'point_firmware' : 'campaign_rows'} label={label ?? t('nav.firmware')} filters={filters} columns={columns} actions={actions}
      defaultSort={point ? '-created_at' : 'number'} refetchMs={4000}
      load={(st, signal) => take(api.GET('/api/v1/firmware-installs', { signal, params: { query: query(st) } }))}
      exports={{ path: '/api/v1/firmware-installs', query }}
      rowName={(i) => i.charge_point_name || i.release}
      card={(i) => ({
        title: point ? i.image_name || i.release : i.charge_point_name || i.charge_point_id, status: <InstallTag value={i.state} />,
        facts: [[t('firmware.release'), i.release], [t('firmware.before'), i.before || none], [t('firmware.why'), said(t, i.detail) || none]],
        actions: point && may('firmware.write') && cancellable(i) ? <Cancel install={i} /> : undefined,
      })}
      empty={{ title: t(point ? 'firmware.no_install' : 'firmware.no_rows') }}
    />
  )
}

function Stand({ install: i }: { install: FirmwareInstall }) {
  const { t } = useTranslation()
  return (
    <>
      <InstallTag value={i.state} />
      {i.canary && <span className="quiet small"> {t('firmware.canary')}</span>}
      {i.detail && <span className="quiet small"> {said(t, i.detail)}</span>}
    </>
  )
}

/** Only what waits for the end of a session can be taken back. */
const cancellable = (i: FirmwareInstall) => i.state === 'WAITING' && !i.campaign_id

function Cancel({ install: i }: { install: FirmwareInstall }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const { message } = App.useApp()
  const text = useProblemText()
  if (!cancellable(i)) return <>{none}</>
  const cancel = async () => {
    try {
      await take(api.POST('/api/v1/firmware-installs/{id}/cancel', { params: { path: { id: i.id }, header: { 'Idempotency-Key': newKey() } } }))
    } catch (e) {
      void message.error(text(e))
    }
    await client.invalidateQueries({ queryKey: ['firmware-installs'] })
  }
  const name = t('firmware.cancel_of', { name: i.image_name || i.release })
  return <Button size="small" type="text" icon={<StopOutlined aria-hidden />} aria-label={name} title={name} onClick={() => void cancel()} />
}
