// What a charge would cost under the plan as it stands in the form, worked out by the server.

import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Input, Space } from 'antd'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { PlanBody } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'
import { Problem } from '@ccms/shared/problem'
import { watts } from '@ccms/shared/format'
import { Decimal } from '../parts/Decimal'
import { useFieldText, useProblemText } from '../parts/ProblemText'
import { BillTable } from './Price'

/** Enter in a field with a role does not save the form around it. */
const apart = { role: 'textbox' }

/** How long nothing is typed before the server is asked. */
const pause = 500

export function PlanPreview({ body, zone }: { body: PlanBody | undefined; zone: string }) {
  const { t } = useTranslation()
  const text = useProblemText()
  const fieldText = useFieldText()
  const [use, setUse] = useState({ kwh: '20', charging: '60', idle: '0', reserved: '0', day: '', clock: '10:00' })
  const [asked, setAsked] = useState<string>()
  const wh = watts(use.kwh)
  const minutes = (x: string) => (/^\d{1,5}$/.test(x) ? Number(x) * 60 : undefined)
  const at = startOf(use.day, use.clock)
  const [charging, idle, reserved] = [minutes(use.charging), minutes(use.idle), minutes(use.reserved)]
  const ready = body !== undefined && wh !== undefined && charging !== undefined && idle !== undefined && reserved !== undefined && at !== undefined
  const now = ready ? JSON.stringify({ plan: body, at, time_zone: zone, energy_wh: wh, charging_s: charging, idle_s: idle, reserved_s: reserved }) : undefined
  useEffect(() => {
    const timer = setTimeout(() => setAsked(now), pause)
    return () => clearTimeout(timer)
  }, [now])
  const q = useQuery({
    queryKey: ['price-test', asked], enabled: asked !== undefined, retry: false, placeholderData: keepPreviousData,
    queryFn: ({ signal }) => take(api.POST('/api/v1/price-tests', { signal, body: JSON.parse(asked!) as never })),
  })
  const set = (name: keyof typeof use) => (value: string) => setUse({ ...use, [name]: value })
  const problem = q.error instanceof Problem ? q.error : undefined
  return (
    <section className="fieldset plan-preview" aria-label={t('plans.preview')}>
      <h2>{t('plans.preview')}</h2>
      <p className="quiet small">{t('plans.preview_help', { zone })}</p>
      <Space wrap align="end">
        <label>{t('plans.preview_energy')}<Decimal {...apart} className="clock" value={use.kwh} onChange={set('kwh')} suffix="kWh" /></label>
        <label>{t('plans.preview_charging')}<Decimal {...apart} className="clock" value={use.charging} onChange={set('charging')} suffix={t('plans.minutes')} /></label>
        <label>{t('plans.preview_idle')}<Decimal {...apart} className="clock" value={use.idle} onChange={set('idle')} suffix={t('plans.minutes')} /></label>
        <label>{t('plans.preview_reserved')}<Decimal {...apart} className="clock" value={use.reserved} onChange={set('reserved')} suffix={t('plans.minutes')} /></label>
        <label>{t('plans.preview_clock')}<Input {...apart} className="clock" maxLength={5} value={use.clock} onChange={(e) => set('clock')(e.target.value)} /></label>
        <label>{t('plans.preview_day')}<Input type="date" className="price" value={use.day} onChange={(e) => set('day')(e.target.value)} /></label>
      </Space>
      <div aria-live="polite">
        {problem && <p className="tone-text-bad small">{problem.fields.length > 0 ? problem.fields.map((f) => fieldText(f.detail)).join(' ') : text(problem)}</p>}
        {!ready && <p className="quiet small">{t('plans.preview_missing')}</p>}
        {q.data?.bill && !problem && ready && <BillTable bill={q.data.bill} zone={zone} />}
      </div>
    </section>
  )
}

/** The start as the server wants it. The hours are taken as UTC and rated in UTC, so that they are the plan's own. */
function startOf(day: string, clock: string): string | undefined {
  if (!/^([01]\d|2[0-3]):[0-5]\d$/.test(clock)) return undefined
  const on = day || new Date().toISOString().slice(0, 10)
  return /^\d{4}-\d\d-\d\d$/.test(on) ? `${on}T${clock}:00Z` : undefined
}
