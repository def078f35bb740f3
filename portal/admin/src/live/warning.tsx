// How a warning reads: its words, its level and where it stands.

import {
  AlertOutlined, CheckCircleOutlined, CloseCircleOutlined, ExclamationCircleOutlined, EyeOutlined, InfoCircleOutlined, ToolOutlined, WarningOutlined,
} from '@ant-design/icons'
import type { TFunction } from 'i18next'
import type { ComponentType } from 'react'
import { useTranslation } from 'react-i18next'
import type { Warning } from '@ccms/shared/api'
import { Tag, type Tone } from '../parts/Status'
import { said } from '../parts/said'
import { word } from '../parts/words'

/** What happened, in the guide's words where it has them. */
export function warningText(t: TFunction, w: Warning): string {
  const code = w.code ?? ''
  switch (w.type) {
    case 'OFFLINE':
      if (w.charge_point_id) return t('warning.text.offline')
      return code.startsWith('FIRMWARE')
        ? t('warning.text.storm_firmware', { count: w.children ?? w.count, firmware: w.firmware ?? '' })
        : t('warning.text.storm_site', { count: w.children ?? w.count })
    case 'FLAPPING': return t('warning.text.flapping', { count: w.count })
    case 'CONNECTOR_ERROR': return word(t, 'error_code', code)
    case 'INTERNAL_ERROR': return t('warning.text.internal')
    case 'CHARGE_RECORD_ERROR': return t('warning.text.bill')
    case 'METER_SILENT': return t('warning.text.silent')
    case 'LIST_PUSH_FAILED': return t('warning.text.list')
    case 'START_FAILURE_STREAK': return t('warning.text.streak', { count: w.count })
    case 'UNKNOWN_STATION': return code ? t('warning.text.unknown', { identity: code }) : t('warning.text.unknown_more')
    case 'DUPLICATE_IDENTITY': return t('warning.text.duplicate')
    case 'SECURITY_EVENT': return word(t, 'security_kind', code)
    case 'CERT_EXPIRING': return t('warning.text.certificate')
    case 'HARDWARE_CHANGED': return t('warning.text.hardware')
    case 'FIRMWARE_FAILED': return t('warning.text.firmware', { release: code })
  }
}

/** What else tells of it: the flag of the record, the vendor's code. */
export function warningNote(t: TFunction, w: Warning): string {
  const note: string[] = []
  if (w.type === 'CHARGE_RECORD_ERROR' && w.code) note.push(word(t, 'flag', w.code))
  if (w.detail) note.push(w.type === 'DUPLICATE_IDENTITY' ? t(w.detail === 'two addresses' ? 'warning.two_addresses' : 'warning.two_serials') : said(t, w.detail))
  return note.join(' · ')
}

const levelLooks: Record<Warning['level'], [Tone, ComponentType]> = {
  INFO: ['off', InfoCircleOutlined], NOTICE: ['off', InfoCircleOutlined], WARN: ['wait', WarningOutlined],
  ERROR: ['bad', CloseCircleOutlined], CRITICAL: ['bad', AlertOutlined],
}

export function LevelTag({ value }: { value: Warning['level'] }) {
  const { t } = useTranslation()
  const [tone, icon] = levelLooks[value]
  return <Tag tone={tone} icon={icon} text={word(t, 'warning_level', value)} title={value === 'CRITICAL' ? t('warning.safety') : undefined} />
}

/** Open, seen, over by itself or by a person; a condition that is over stands a while. */
export function StateTag({ warning: w }: { warning: Warning }) {
  const { t } = useTranslation()
  if (w.state === 'CLEARED') return <Tag tone="free" icon={CheckCircleOutlined} text={word(t, 'warning_state', 'CLEARED')} title={w.cleared_by ? `${w.cleared_by}: ${w.clear_reason ?? ''}` : t('warning.by_itself')} />
  if (w.state === 'SUPPRESSED') return <Tag tone="off" icon={ToolOutlined} text={word(t, 'warning_state', 'SUPPRESSED')} title={t('warning.aside_what')} />
  const gone = w.gone_at !== undefined
  if (w.state === 'ACKNOWLEDGED') return <Tag tone={gone ? 'free' : 'wait'} icon={EyeOutlined} text={word(t, 'warning_state', 'ACKNOWLEDGED')} title={w.acknowledged_by} />
  return gone
    ? <Tag tone="wait" icon={CheckCircleOutlined} text={t('warning.gone')} title={w.level === 'CRITICAL' ? t('warning.safety') : t('warning.gone_what')} />
    : <Tag tone="bad" icon={ExclamationCircleOutlined} text={word(t, 'warning_state', 'OPEN')} />
}

/** Names a warning to who cannot see the row. */
export const warningName = (t: TFunction, w: Warning) =>
  [warningText(t, w), w.charge_point_name ?? w.site_name].filter(Boolean).join(', ')
