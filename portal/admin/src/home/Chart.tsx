import { DownloadOutlined } from '@ant-design/icons'
import { Button } from 'antd'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { EChartsType } from 'echarts/core'
import { spoken } from '@ccms/shared/format'
import { dark, light, series as palette } from '@ccms/shared/theme'
import { csv, save } from '../finance/save'
import { useTheme } from '../frame/Theme'
import type { Plot } from './draw'

/** One message: a chart, the table behind it, and both to take away. */
export function Chart({ plot, label, file, head, rows, tone = 0, nothing }: {
  plot: Plot; label: string; file: string; head: string[]; rows: string[][]; tone?: number
  /** What is said where every value is a gap. */
  nothing?: string
}) {
  const { t } = useTranslation()
  const { isDark } = useTheme()
  const host = useRef<HTMLDivElement>(null)
  const chart = useRef<EChartsType>(null)
  const [failed, setFailed] = useState(false)
  // What is drawn hangs on what is shown, not on which answer brought it.
  const text = JSON.stringify(plot)
  const none = nothing !== undefined && plot.values.every((v) => v === null)

  useEffect(() => {
    let gone = false
    let watch: ResizeObserver | undefined
    void import('./draw').then(({ draw }) => {
      if (gone || !host.current) return
      const c = isDark ? dark : light
      const colours = palette[isDark ? 'dark' : 'light']
      const drawn = draw(host.current, JSON.parse(text) as Plot, { colour: colours[tone % colours.length]!, text: c.textQuiet, grid: c.line, ground: c.surface })
      chart.current = drawn
      watch = new ResizeObserver(() => drawn.resize())
      watch.observe(host.current)
    }).catch(() => setFailed(true))
    return () => {
      gone = true
      watch?.disconnect()
      chart.current?.dispose()
      chart.current = null
    }
  }, [text, isDark, tone])

  const png = () => {
    const url = chart.current?.getDataURL({ pixelRatio: 2, backgroundColor: isDark ? dark.surface : light.surface })
    if (url) save(`${file}.png`, url)
  }
  return (
    <div className="home-chart">
      {none ? <p className="quiet">{nothing}</p> : failed
        ? <p className="quiet small" role="status">{t('home.no_chart')}</p>
        : <div ref={host} className="home-canvas" role="img" aria-label={label} />}
      <div className="home-chart-foot">
        <details>
          <summary>{t('home.as_table')}</summary>
          {/* A region that scrolls must be reachable by keyboard. */}
          {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
          <div className="scroll-table" role="region" aria-label={label} tabIndex={0}>
            <table className="table">
              <thead><tr>{head.map((h, i) => <th key={h} scope="col" className={i > 0 ? 'cell-num' : undefined}>{h}</th>)}</tr></thead>
              <tbody>
                {rows.map((r, i) => (
                  // oxlint-disable-next-line react/no-array-index-key -- an hour may come twice
                  <tr key={i}>{r.map((v, j) => <td key={head[j]} className={j > 0 ? 'cell-num' : undefined}>{spoken(v)}</td>)}</tr>
                ))}
              </tbody>
            </table>
          </div>
        </details>
        <span className="home-save">
          <Button size="small" type="text" icon={<DownloadOutlined aria-hidden />} onClick={png}>{t('record.as_png')}<span className="visually-hidden"> {label}</span></Button>
          <Button size="small" type="text" icon={<DownloadOutlined aria-hidden />} onClick={() => save(`${file}.csv`, csv([head, ...rows]))}>{t('record.as_csv')}<span className="visually-hidden"> {label}</span></Button>
        </span>
      </div>
    </div>
  )
}
