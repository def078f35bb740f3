// One charge point: how it is, what it did, what it is told, and every message.

import { EditOutlined, ToolOutlined } from '@ant-design/icons'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Button } from 'antd'
import { type ReactNode, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useParams, useSearchParams } from 'react-router'
import type { ChargePoint } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'
import { kw, zoneName } from '@ccms/shared/format'
import { notOlder } from '@ccms/shared/merge'
import { Problem } from '@ccms/shared/problem'
import { EditPoint } from '../../assets/EditPoint'
import { useMay } from '../../login/me'
import { Facts } from '../../parts/Facts'
import { Mono } from '../../parts/Mono'
import { Blank, Failed } from '../../parts/PageStates'
import { PageSkeleton } from '../../parts/Skeletons'
import { Online, PointTag } from '../../parts/Status'
import { GroupedTabs, type TabGroup } from '../../parts/Tabs'
import { useNow, When } from '../../parts/Times'
import { PointInWindow } from '../../upkeep/window'
import { WindowDialog } from '../../upkeep/WindowDialog'
import { LiveNote } from '../LiveNote'
import { PointCommands } from '../PointCommands'
import { usePolling } from '../stream'
import { WarningList } from '../Warnings'
import { Back } from './Back'
import { Commands } from './Commands'
import { Configuration } from './Configuration'
import { Connectors } from './Connectors'
import { Files } from './Files'
import { Firmware } from './Firmware'
import { Frames } from './Frames'
import { Hardware } from './Hardware'
import { Refresh } from './Refresh'
import { Reservations } from './Reservations'
import { Security } from './Security'
import { Sessions } from './Sessions'
import { Template } from './Template'
import { Vendors } from './Vendors'

export default function Point() {
  const { t } = useTranslation()
  const { id = '' } = useParams()
  const client = useQueryClient()
  const polling = usePolling()
  const key = ['charge-point', id]
  const query = useQuery({
    queryKey: key,
    queryFn: async ({ signal }) => {
      const fresh = await take(api.GET('/api/v1/charge-points/{id}', { signal, params: { path: { id } } }))
      const streamed = client.getQueryData<ChargePoint>(key)
      return streamed && !notOlder(streamed, fresh) ? streamed : fresh
    },
    refetchInterval: polling,
  })
  const p = query.data
  useEffect(() => { if (p) document.title = `${p.name} – ${t('brand')}` }, [p, t])
  if (query.isPending) return <PageSkeleton />
  if (!p) {
    return query.error instanceof Problem && query.error.status === 404
      ? <Blank title={t('problem.missing')} action={<Back />} />
      : <Failed error={query.error} title={t('list.error')} retry={() => void query.refetch()} />
  }
  return <Loaded point={p} />
}

function Loaded({ point: p }: { point: ChargePoint }) {
  const { t } = useTranslation()
  const [search, setSearch] = useSearchParams()
  const zone = p.time_zone
  const now = useNow()
  const may = useMay()
  const [editing, setEditing] = useState(false)
  const [planning, setPlanning] = useState(false)
  const one = (key: string, label: string, content: ReactNode): TabGroup => ({ key, label, tabs: [{ key, label, content }] })
  const groups: TabGroup[] = [
    one('connectors', t('point.tab_overview'), <Connectors point={p} now={now} />),
    { key: 'charging', label: t('point.tab_sessions'), tabs: [
      { key: 'sessions', label: t('point.tab_charges'), content: <Sessions point={p} /> },
      { key: 'reservations', label: t('point.tab_reservations'), content: <Reservations point={p} /> },
    ] },
    one('commands', t('record.tab_commands'), <Commands point={p} />),
    { key: 'settings', label: t('point.tab_settings'), tabs: [
      { key: 'configuration', label: t('point.tab_configuration'), content: <><Template point={p} /><Configuration point={p} /></> },
      { key: 'security', label: t('point.tab_security'), content: <Security point={p} /> },
    ] },
    { key: 'filing', label: t('point.tab_filing'), tabs: [
      { key: 'files', label: t('point.tab_files'), content: <Files point={p} /> },
      ...(may('assets.read') ? [{ key: 'firmware', label: t('point.tab_firmware'), content: <Firmware point={p} /> }] : []),
    ] },
    { key: 'wire', label: t('point.tab_frames'), tabs: [
      { key: 'frames', label: t('point.tab_ocpp'), content: <Frames point={p} /> },
      { key: 'vendor', label: t('point.tab_vendor'), content: <Vendors point={p} /> },
    ] },
    one('warnings', t('point.tab_warnings'), <WarningList point={p.id} />),
    one('hardware', t('hardware.title'), <Hardware point={p} />),
  ]
  // What a list of one tab has in the address means nothing to the next.
  const setTab = (tab: string) => setSearch({ tab }, { replace: true })
  return (
    <article className="record">
      <Back />
      <header className="record-head">
        <div className="record-name">
          <h2>{p.name}</h2>
          <PointTag value={p.point_status} />
          <PointInWindow site={p.site_id} point={p.id} />
          <LiveNote />
        </div>
        <dl className="record-main">
          <div><dt>{t('col.online')}</dt><dd><Online online={p.online} /></dd></div>
          <div><dt>{t('col.connectors')}</dt><dd className="num">{p.connectors.length}</dd></div>
        </dl>
        <span className="row-buttons"><Refresh point={p} />{may('warnings.write') && <Button icon={<ToolOutlined aria-hidden />} onClick={() => setPlanning(true)} aria-label={t('window.add_of', { point: p.name })} title={t('window.add_of', { point: p.name })} />}<PointCommands point={p} size="middle" text={t('point.commands')} /></span>
      </header>
      {planning && <WindowDialog point={p} onClose={() => setPlanning(false)} />}
      <div className="record-body">
        <aside className="record-facts" aria-label={t('record.facts')}>
          <h3 className="visually-hidden">{t('record.facts')}</h3>
          <Facts items={[
            [t('col.station'), p.site_name],
            [t('col.serial'), <Mono key="i" value={p.identity} />],
            [t('col.code'), <Mono key="c" value={p.code} />],
            [t('col.charger_type'), p.charger_type],
            [t('col.max_power'), <span key="m" className="num">{kw(p.max_power_w)}</span>],
            [t('points.last_seen'), p.last_seen_at ? <When key="w" at={p.last_seen_at} zone={zone} /> : t('points.never')],
            Boolean(p.vendor || p.model) && [t('points.vendor'), [p.vendor, p.model].filter(Boolean).join(' ')],
            Boolean(p.firmware) && [t('points.firmware'), p.firmware],
            Boolean(p.hardware_serial) && [t('points.hardware_serial'), <Mono key="h" value={p.hardware_serial!} />],
            p.subprotocol !== 'lenient' && [t('assets.subprotocol'), t(`assets.subprotocols.${p.subprotocol}`)],
          ]} />
          {may('assets.write') && <Button size="small" className="facts-edit" icon={<EditOutlined aria-hidden />} onClick={() => setEditing(true)} aria-label={t('assets.edit_of', { name: p.name })}>{t('template.edit')}</Button>}
          <p className="quiet small">{t('record.zone', { zone: zoneName(zone) })}</p>
          {editing && <EditPoint point={p} onClose={() => setEditing(false)} />}
        </aside>
        <section className="record-tabs"><GroupedTabs groups={groups} active={search.get('tab')} onChange={setTab} label={p.name} /></section>
      </div>
    </article>
  )
}
