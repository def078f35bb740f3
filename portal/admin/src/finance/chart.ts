// The meter chart: one series at a time, gaps shown as gaps. Only the parts of
// ECharts that it needs.

import { LineChart } from 'echarts/charts'
import { GridComponent, TooltipComponent } from 'echarts/components'
import { type EChartsType, init, use as register } from 'echarts/core'
import { CanvasRenderer } from 'echarts/renderers'
import type { Sample } from '@ccms/shared/api'
import { clock, clockMinutes, grouped } from '@ccms/shared/format'

register([LineChart, GridComponent, TooltipComponent, CanvasRenderer])

export interface Series { key: 'energy' | 'power' | 'current' | 'voltage' | 'soc'; unit: string; value: (s: Sample, first?: Sample) => number | undefined }

/** For drawing only: floats here decide where a pixel goes, never what is billed. */
export const allSeries: Series[] = [
  { key: 'power', unit: 'kW', value: (s) => (s.power_w === undefined ? undefined : s.power_w / 1000) },
  { key: 'energy', unit: 'kWh', value: (s, first) => (s.energy_wh === undefined ? undefined : (s.energy_wh - (first?.energy_wh ?? 0)) / 1000) },
  { key: 'soc', unit: '%', value: (s) => (s.soc_permille === undefined ? undefined : s.soc_permille / 10) },
  { key: 'current', unit: 'A', value: (s) => (s.current_ma === undefined ? undefined : s.current_ma / 1000) },
  { key: 'voltage', unit: 'V', value: (s) => (s.voltage_mv === undefined ? undefined : s.voltage_mv / 1000) },
]

export type Point = [at: number, value: number | null]

/** Points of a line; where the meter was silent for three usual steps the line breaks. */
export function line(samples: readonly Sample[], series: Series): Point[] {
  const first = samples.find((s) => s.energy_wh !== undefined)
  const known: [number, number][] = []
  for (const s of samples) {
    const v = series.value(s, first)
    if (v !== undefined) known.push([Date.parse(s.at), v])
  }
  const steps = known.slice(1).map((p, i) => p[0] - known[i]![0]).filter((d) => d > 0).sort((a, b) => a - b)
  const usual = steps[Math.floor(steps.length / 2)] ?? 0
  const out: Point[] = []
  known.forEach((p, i) => {
    const before = known[i - 1]
    if (before && usual > 0 && p[0] - before[0] > 3 * usual) out.push([(before[0] + p[0]) / 2, null])
    out.push(p)
  })
  return out
}

export interface Look { line: string; text: string; grid: string; ground: string; isDark: boolean }

export function draw(host: HTMLElement, points: Point[], series: Series, zone: string, look: Look): EChartsType {
  const chart = init(host, undefined, { renderer: 'canvas' })
  const single = points.length === 1
  const spanMs = (points.at(-1)?.[0] ?? 0) - (points[0]?.[0] ?? 0)
  const label = spanMs < 15 * 60_000 ? clock : clockMinutes
  chart.setOption({
    animation: false,
    grid: { left: 8, right: 16, top: 28, bottom: 8, containLabel: true },
    tooltip: {
      trigger: 'axis',
      backgroundColor: look.ground, borderColor: look.grid, textStyle: { color: look.text },
      formatter: (items: unknown) => {
        const value = (items as { value: Point }[])[0]?.value
        return value && value[1] !== null ? `${clock(new Date(value[0]), zone)}<br><b>${grouped(String(Number(value[1].toFixed(3))))} ${series.unit}</b>` : ''
      },
    },
    xAxis: {
      type: 'time', axisLine: { lineStyle: { color: look.grid } }, axisTick: { show: false },
      axisLabel: { color: look.text, hideOverlap: true, formatter: (at: number) => label(new Date(at), zone) },
    },
    yAxis: {
      type: 'value', name: series.unit, nameTextStyle: { color: look.text, align: 'left' }, scale: series.key === 'voltage',
      axisLabel: { color: look.text, formatter: (v: number) => grouped(String(v)) }, splitLine: { lineStyle: { color: look.grid } },
      min: series.key === 'soc' ? 0 : undefined, max: series.key === 'soc' ? 100 : undefined,
    },
    series: [{
      type: 'line', data: points, showSymbol: single || points.length < 60, symbolSize: 4, connectNulls: false,
      lineStyle: { color: look.line, width: 2 }, itemStyle: { color: look.line },
    }],
  })
  return chart
}
