import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import type { Page, Warning } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'
import { none } from '@ccms/shared/format'
import { useMay, useZone } from '../login/me'
import { Facts } from '../parts/Facts'
import { Failed } from '../parts/PageStates'
import { PointTag } from '../parts/Status'
import { When } from '../parts/Times'
import { word } from '../parts/words'
import { StateTag, warningNote } from './warning'

/** The history of a warning and, of a storm, what is gathered under it. */
export function WarningDetails({ warning: w }: { warning: Warning }) {
  const { t } = useTranslation()
  const may = useMay()
  const own = useZone()
  const zone = w.time_zone ?? own
  const query = useQuery({
    queryKey: ['warning', w.id, w.version],
    queryFn: ({ signal }) => take(api.GET('/api/v1/warnings/{id}', { signal, params: { path: { id: w.id } } })),
    placeholderData: (old) => old,
  })
  if (query.isError && !query.data) return <Failed error={query.error} title={t('list.error')} retry={() => void query.refetch()} />
  const d = query.data
  return (
    <div className="inner">
      {w.type === 'OFFLINE' && !w.charge_point_id && <Children storm={w} />}
      <Facts items={[
        [t('warning.first'), <When key="f" at={w.first_at} zone={zone} withZone />],
        [t('warning.heard'), <When key="r" at={w.received_at} zone={zone} withZone />],
        w.gone_at !== undefined && [t('warning.gone_since'), <When key="g" at={w.gone_at} zone={zone} withZone />],
        Boolean(w.charge_point_id) && d !== undefined && [t('warning.disconnects'), <span key="d" className="num">{d.disconnects}</span>],
        Boolean(w.firmware) && [t('points.firmware'), w.firmware!],
        Boolean(warningNote(t, w)) && [t('col.error'), warningNote(t, w)],
        w.session_id !== undefined && may('finance.read') && [t('nav.records'), <Link key="s" to={`/finance/records/${w.session_id}`}>{t('live.open_record')}</Link>],
        w.clear_reason !== undefined && [t('warning.reason'), w.clear_reason],
      ]} />
      <table className="table table-inner" aria-label={t('warning.history')}>
        <thead>
          <tr>
            <th scope="col">{t('col.time')}</th>
            <th scope="col">{t('warning.what')}</th>
            <th scope="col">{t('warning.who')}</th>
            <th scope="col">{t('warning.note')}</th>
          </tr>
        </thead>
        <tbody>
          {d?.entries.map((e) => (
            <tr key={`${e.received_at} ${e.kind} ${e.at}`}>
              <td><When at={e.at} zone={zone} /></td>
              <td>{word(t, 'warning_entry', e.kind)}</td>
              <td>{e.actor ?? t('warning.system')}</td>
              <td>{e.note || none}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Children({ storm }: { storm: Warning }) {
  const { t } = useTranslation()
  const own = useZone()
  const zone = storm.time_zone ?? own
  const query = useQuery({
    queryKey: ['warnings', 'storm', storm.id],
    queryFn: ({ signal }): Promise<Page<Warning>> => take(api.GET('/api/v1/warnings', { signal, params: { query: { parent_id: storm.id, sort: 'at', limit: 100 } } })),
  })
  if (query.isError && !query.data) return <Failed error={query.error} title={t('list.error')} retry={() => void query.refetch()} />
  const rest = (query.data?.total ?? 0) - (query.data?.items.length ?? 0)
  return (
    <>
      <table className="table table-inner" aria-label={t('warning.under')}>
        <thead>
          <tr>
            <th scope="col">{t('col.station')}</th>
            <th scope="col">{t('col.point_name')}</th>
            <th scope="col">{t('col.time')}</th>
            <th scope="col">{t('col.point_status')}</th>
            <th scope="col">{t('col.state')}</th>
          </tr>
        </thead>
        <tbody>
          {query.data?.items.map((w) => (
            <tr key={w.id}>
              <td>{w.site_name ?? none}</td>
              <td>{w.charge_point_name ?? none}</td>
              <td><When at={w.at} zone={w.time_zone ?? zone} /></td>
              <td>{w.point_status ? <PointTag value={w.point_status} /> : none}</td>
              <td><StateTag warning={w} /></td>
            </tr>
          ))}
        </tbody>
      </table>
      {rest > 0 && <p className="quiet small">{t('warning.under_more', { count: rest })}</p>}
    </>
  )
}
