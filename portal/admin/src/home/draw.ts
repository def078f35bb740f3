// Home's charts: bars from zero and one line with gaps. Only the parts of ECharts that
// they need; loaded when the first chart is drawn.

import { BarChart, LineChart } from 'echarts/charts'
import { GridComponent, MarkPointComponent, TooltipComponent } from 'echarts/components'
import { type EChartsType, init, use as register } from 'echarts/core'
import { CanvasRenderer } from 'echarts/renderers'
import { grouped } from '@ccms/shared/format'

register([BarChart, LineChart, GridComponent, TooltipComponent, MarkPointComponent, CanvasRenderer])

export interface Look { colour: string; text: string; grid: string; ground: string }

export interface Plot {
  kind: 'bar' | 'line'
  unit: string
  labels: string[]
  /** For pixels only; null is a gap. */
  values: (number | null)[]
  /** What the tooltip says, exact. */
  exact: string[]
  peak?: number
  /** Labels are times of a day: only full hours are written. */
  clock?: boolean
}

export function draw(host: HTMLElement, p: Plot, look: Look): EChartsType {
  const chart = init(host, undefined, { renderer: 'canvas' })
  chart.setOption({
    animation: false,
    grid: { left: 8, right: 14, top: 28, bottom: 6, containLabel: true },
    tooltip: {
      trigger: 'axis', axisPointer: { type: p.kind === 'bar' ? 'shadow' : 'line' },
      backgroundColor: look.ground, borderColor: look.grid, textStyle: { color: look.text },
      formatter: (items: unknown) => {
        const i = (items as { dataIndex: number }[])[0]?.dataIndex
        return i === undefined ? '' : `${p.labels[i] ?? ''}<br><b>${p.exact[i] ?? ''}</b>`
      },
    },
    xAxis: {
      type: 'category', data: p.labels, boundaryGap: p.kind === 'bar',
      axisLine: { lineStyle: { color: look.grid } }, axisTick: { show: false }, axisLabel: { color: look.text, hideOverlap: true, interval: p.clock ? (_: number, label: string) => label.endsWith(':00') : undefined },
    },
    yAxis: {
      type: 'value', name: p.unit, nameTextStyle: { color: look.text, align: 'left' }, axisLabel: { color: look.text, hideOverlap: true, formatter: (v: number) => grouped(String(v)) },
      splitLine: { lineStyle: { color: look.grid } }, minInterval: p.unit === '' ? 1 : undefined, splitNumber: 4,
    },
    series: [p.kind === 'bar'
      ? { type: 'bar', data: p.values, barMaxWidth: 28, itemStyle: { color: look.colour, borderRadius: [2, 2, 0, 0] } }
      : {
          type: 'line', data: p.values, showSymbol: false, connectNulls: false, areaStyle: { color: look.colour, opacity: 0.12 },
          lineStyle: { color: look.colour, width: 2 }, itemStyle: { color: look.colour },
          markPoint: p.peak === undefined ? undefined : {
            symbol: 'circle', symbolSize: 8, silent: true, label: { show: false },
            data: [{ coord: [p.peak, p.values[p.peak] ?? 0] }], itemStyle: { color: look.colour },
          },
        }],
  })
  return chart
}
