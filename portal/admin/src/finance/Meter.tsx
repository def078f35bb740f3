import { DownloadOutlined } from '@ant-design/icons'
import { useQuery } from '@tanstack/react-query'
import { Button, Segmented } from 'antd'
import { useEffect, useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { EChartsType } from 'echarts/core'
import type { Sample, SessionDetail } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'
import { amps, dateTime, grouped, kw, kwh, scaled, soc, volts, zoneName } from '@ccms/shared/format'
import { dark, light, series as palette } from '@ccms/shared/theme'
import { useTheme } from '../frame/Theme'
import { isEnded } from '../live/store'
import { usePolling } from '../live/stream'
import { Blank, Failed } from '../parts/PageStates'
import { PageSkeleton } from '../parts/Skeletons'
import { When } from '../parts/Times'
import { allSeries, draw, line, type Series } from './chart'
import { csv, save } from './save'

export default function Meter({ session: s }: { session: SessionDetail }) {
  const { t } = useTranslation()
  const polling = usePolling()
  const query = useQuery({
    queryKey: ['session', s.id, 'samples'],
    queryFn: ({ signal }) => take(api.GET('/api/v1/sessions/{id}/samples', { signal, params: { path: { id: s.id } } })),
    refetchInterval: isEnded(s) ? false : Math.min(polling, 15_000),
  })
  if (query.isPending) return <PageSkeleton />
  if (query.isError) return <Failed error={query.error} title={t('list.error')} retry={() => void query.refetch()} />
  if (query.data.items.length === 0) return <Blank title={t('record.samples_empty')} />
  return <MeterChart session={s} samples={query.data.items} />
}

function MeterChart({ session: s, samples }: { session: SessionDetail; samples: Sample[] }) {
  const { t } = useTranslation()
  const { isDark } = useTheme()
  const zone = s.time_zone ?? 'UTC'
  const usable = useMemo(() => allSeries.filter((x) => line(samples, x).length > 1), [samples])
  const [chosen, setChosen] = useState<Series['key']>()
  const series = usable.find((x) => x.key === chosen) ?? usable[0] ?? allSeries[1]!
  const points = useMemo(() => line(samples, series), [samples, series])
  const host = useRef<HTMLDivElement>(null)
  const chart = useRef<EChartsType>(null)

  useEffect(() => {
    const c = isDark ? dark : light
    const drawn = draw(host.current!, points, series, zone, {
      line: palette[isDark ? 'dark' : 'light'][0]!, text: c.textQuiet, grid: c.line, ground: c.surface, isDark,
    })
    chart.current = drawn
    const watch = new ResizeObserver(() => drawn.resize())
    watch.observe(host.current!)
    return () => {
      watch.disconnect()
      drawn.dispose()
    }
  }, [points, series, zone, isDark])

  const values = points.flatMap((p) => (p[1] === null ? [] : [p[1]]))
  const name = t(`record.series_${series.key}`)
  const file = `${s.transaction_id ?? s.id}-${series.key}`
  const png = () => {
    const url = chart.current?.getDataURL({ pixelRatio: 2, backgroundColor: isDark ? dark.surface : light.surface })
    if (url) save(`${file}.png`, url)
  }
  const asCsv = () => save(`${s.transaction_id ?? s.id}-meter.csv`, csv([
    ['at', 'energy_kwh', 'power_kw', 'current_a', 'voltage_v', 'soc_percent', 'context'],
    ...samples.map((x) => [x.at, num(x.energy_wh, 3), num(x.power_w, 3), num(x.current_ma, 3, 1), num(x.voltage_mv, 3, 1), num(x.soc_permille, 1, 0), x.context ?? '']),
  ]))

  return (
    <div className="meter">
      <div className="meter-bar">
        <Segmented value={series.key} onChange={setChosen} aria-label={t('record.series')}
          options={usable.map((x) => ({ value: x.key, label: t(`record.series_${x.key}`) }))} />
        <span className="meter-save">
          <Button icon={<DownloadOutlined aria-hidden />} onClick={png}>{t('record.as_png')}</Button>
          <Button icon={<DownloadOutlined aria-hidden />} onClick={asCsv}>{t('record.as_csv')}</Button>
        </span>
      </div>
      <div ref={host} className="chart" role="img" aria-label={t('record.chart_label', {
        series: name, count: values.length, min: grouped(String(Math.min(...values))), max: grouped(String(Math.max(...values))), unit: series.unit,
      })} />
      <details className="meter-table">
        <summary>{t('record.as_table')}</summary>
        {/* A region that scrolls must be reachable by keyboard. */}
        {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
        <div className="scroll-table" role="region" aria-label={t('record.as_table')} tabIndex={0}>
          <table className="table">
            <thead>
              <tr>
                <th scope="col">{t('col.time')} <span className="th-note">{zoneName(zone)}</span></th>
                <th scope="col" className="cell-num">{t('record.register')}</th>
                <th scope="col" className="cell-num">{t('col.power')}</th>
                <th scope="col" className="cell-num">{t('col.current')}</th>
                <th scope="col" className="cell-num">{t('col.voltage')}</th>
                <th scope="col" className="cell-num">{t('col.soc')}</th>
                <th scope="col">{t('record.context')}</th>
              </tr>
            </thead>
            <tbody>
              {samples.map((x) => (
                <tr key={`${x.at} ${x.context ?? ''} ${x.energy_wh ?? ''}`}>
                  <td><When at={x.at} zone={zone} /></td>
                  <td className="cell-num">{kwh(x.energy_wh)}</td>
                  <td className="cell-num">{kw(x.power_w, 2)}</td>
                  <td className="cell-num">{amps(x.current_ma)}</td>
                  <td className="cell-num">{volts(x.voltage_mv)}</td>
                  <td className="cell-num">{soc(x.soc_permille)}</td>
                  <td>{x.context}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
      <p className="quiet small">{t('record.zone', { zone: zoneName(zone) })} · {dateTime(samples[0]!.at, zone)} – {dateTime(samples.at(-1)!.at, zone)}</p>
    </div>
  )
}

// For programs: the point, whatever the language.
const num = (v: number | undefined, exponent: number, places = exponent) => (v === undefined ? '' : scaled(v, exponent, places))
