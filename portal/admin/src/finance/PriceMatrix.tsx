// Which price applies where: sites by audiences; a site opens to its charge points. What is
// chosen gets a plan at once.

import { ArrowLeftOutlined, TagsOutlined } from '@ant-design/icons'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Button, Checkbox, Input } from 'antd'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useSearchParams } from 'react-router'
import type { PlanMatrix } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'
import { useMay } from '../login/me'
import { Blank, Failed } from '../parts/PageStates'
import { PageSkeleton } from '../parts/Skeletons'
import { AssignDialog, type Where } from './AssignDialog'
import { audienceText } from './candidates'

type Row = NonNullable<PlanMatrix['items']>[number]

const idOf = (r: Row) => r.charge_point_id ?? r.site_id
const whereOf = (r: Row): Where => (r.charge_point_id
  ? { name: r.charge_point_name ?? '', place: { charge_point_id: r.charge_point_id } }
  : { name: r.site_name, place: { site_id: r.site_id } })

export function PriceMatrix() {
  const [search] = useSearchParams()
  const site = search.get('site') ?? undefined
  return <Matrix key={site ?? ''} site={site} />
}

function Matrix({ site }: { site?: string }) {
  const { t } = useTranslation()
  const may = useMay()
  const [typed, setTyped] = useState('')
  const [name, setName] = useState('')
  const [cursors, setCursors] = useState<string[]>([])
  const [chosen, setChosen] = useState<ReadonlyMap<string, Where>>(new Map())
  const [assigning, setAssigning] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => { setName(typed.trim()); setCursors([]) }, 250)
    return () => clearTimeout(timer)
  }, [typed])
  const query = useQuery({
    queryKey: ['plan-matrix', site, name, cursors.at(-1)], placeholderData: keepPreviousData,
    queryFn: ({ signal }) => take(api.GET('/api/v1/plan-matrix', { signal, params: { query: { site_id: site, name: name || undefined, limit: 50, cursor: cursors.at(-1) } } })),
  })
  if (query.isPending) return <PageSkeleton />
  if (query.isError) return <Failed error={query.error} title={t('list.error')} retry={() => void query.refetch()} />
  const { audiences, items, next_cursor: next, more_audiences: more } = query.data
  const rows = items ?? []
  const write = may('plans.write')
  const toggle = (r: Row) => {
    const now = new Map(chosen)
    if (!now.delete(idOf(r))) now.set(idOf(r), whereOf(r))
    setChosen(now)
  }
  const all = rows.length > 0 && rows.every((r) => chosen.has(idOf(r)))
  const toggleAll = () => setChosen(all ? new Map() : new Map(rows.map((r) => [idOf(r), whereOf(r)])))
  return (
    <section className="list price-matrix">
      <div className="list-bar">
        <div className="filters">
          {site && <Link to="?tab=where" className="back"><ArrowLeftOutlined aria-hidden /> {t('price.all_sites')}</Link>}
          <label>{site ? t('col.point_name') : t('col.station')} <Input value={typed} allowClear onChange={(e) => setTyped(e.target.value)} className="pick" /></label>
        </div>
        <div className="list-actions">
          {write && <Button type="primary" disabled={chosen.size === 0} icon={<TagsOutlined aria-hidden />} onClick={() => setAssigning(true)}>{chosen.size > 0 ? t('price.assign_to', { count: chosen.size }) : t('price.assign')}</Button>}
        </div>
      </div>
      {/* A region that scrolls must be reachable by keyboard. */}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <div className="list-rows" role="region" aria-label={t('price.tab_where')} tabIndex={0}>
        {rows.length === 0
          ? <Blank title={t('list.no_data')} next={name ? t('list.no_match') : t(site ? 'price.no_points' : 'sites.empty')} />
          : (
            <table className="table table-stack" aria-label={t('price.tab_where')} data-id="matrix">
              <thead>
                <tr>
                  {write && <th scope="col" className="cell-check"><Checkbox checked={all} indeterminate={!all && chosen.size > 0} onChange={toggleAll} aria-label={t('list.choose_page')} /></th>}
                  <th scope="col" className="cell-wide">{site ? t('col.point_name') : t('col.station')}</th>
                  {audiences.map((a) => <th scope="col" key={audienceText(t, a)}>{audienceText(t, a)}</th>)}
                </tr>
              </thead>
              <tbody>
                {rows.map((r) => (
                  <tr key={idOf(r)}>
                    {write && <td className="cell-check"><Checkbox checked={chosen.has(idOf(r))} onChange={() => toggle(r)} aria-label={t('list.choose', { name: whereOf(r).name })} /></td>}
                    <td className="cell-wide matrix-name">{r.charge_point_id ? r.charge_point_name : <Link to={`?tab=where&site=${r.site_id}`}>{r.site_name}</Link>}</td>
                    {r.cells.map((c, i) => (
                      <td key={audienceText(t, audiences[i]!)} data-label={audienceText(t, audiences[i]!)}>
                        {c.plan_id
                          ? <span className="matrix-plan">{c.plan_name}<div className="quiet small">{c.reason && t(`price.reason.${c.reason}`)}</div></span>
                          : <span className="tone-text-bad">{t('price.no_plan')}</span>}
                      </td>
                    ))}
                  </tr>
                ))}
              </tbody>
            </table>
          )}
      </div>
      {more && <p className="quiet small">{t('price.more_audiences', { count: audiences.length })}</p>}
      {(cursors.length > 0 || next) && (
        <nav className="pager" aria-label={t('list.paging')}>
          <Button size="small" disabled={cursors.length === 0} onClick={() => setCursors(cursors.slice(0, -1))}>{t('list.previous')}</Button>
          <Button size="small" disabled={!next} onClick={() => next && setCursors([...cursors, next])}>{t('list.next')}</Button>
        </nav>
      )}
      {assigning && <AssignDialog where={[...chosen.values()]} onClose={() => setAssigning(false)} onDone={() => setChosen(new Map())} />}
    </section>
  )
}
