import { Radio } from 'antd'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { none } from '@ccms/shared/format'
import type { Difference, Pick } from './conflict'

/** Both versions of each field that differs, and which of them is to be. */
export function Conflict({ differences, picks, pick, label, show }: {
  differences: Difference[]; picks: Record<string, Pick>; pick: (name: string, p: Pick) => void
  label: (name: string) => string; show?: (name: string, value: unknown) => ReactNode
}) {
  const { t } = useTranslation()
  const text = (d: Difference, value: unknown) => {
    const shown = show?.(d.name, value) ?? (typeof value === 'string' || typeof value === 'number' ? String(value) : '')
    return shown === '' ? none : shown
  }
  return (
    <div className="conflict">
      <p role="alert">{t('form.conflict')}</p>
      {differences.map((d) => (
        <fieldset key={d.name} className="fieldset">
          <legend>{label(d.name)}</legend>
          <Radio.Group value={picks[d.name]} onChange={(e) => pick(d.name, e.target.value as Pick)}>
            <Radio value="mine"><span className="quiet small">{t('form.conflict_mine')}</span> {text(d, d.mine)}</Radio>
            <Radio value="theirs"><span className="quiet small">{t('form.conflict_theirs')}</span> {text(d, d.theirs)}</Radio>
          </Radio.Group>
        </fieldset>
      ))}
    </div>
  )
}
