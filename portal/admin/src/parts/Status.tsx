// A status is an icon, a word and a colour together, so that it reads without colour.

import {
  CheckCircleOutlined, ClockCircleOutlined, CloseCircleOutlined, DisconnectOutlined, ExclamationCircleOutlined,
  GiftOutlined, LoadingOutlined, MinusCircleOutlined, PauseCircleOutlined, QuestionCircleOutlined, StopOutlined,
  ThunderboltOutlined, ToolOutlined,
} from '@ant-design/icons'
import type { ComponentType } from 'react'
import { useTranslation } from 'react-i18next'
import { word } from './words'

export type Tone = 'free' | 'busy' | 'wait' | 'bad' | 'off'
type Look = [Tone, ComponentType]

export function Tag({ tone, icon: Icon, text, title }: { tone: Tone; icon: ComponentType; text: string; title?: string }) {
  return <span className={`tag tone-${tone}`} title={title}><Icon aria-hidden />{text}</span>
}

const unknown: Look = ['off', QuestionCircleOutlined]

const sessionLooks: Record<string, Look> = {
  AUTHORIZING: ['wait', LoadingOutlined], STARTING: ['wait', LoadingOutlined], CHARGING: ['busy', ThunderboltOutlined],
  PAUSED: ['wait', PauseCircleOutlined], STOPPING: ['wait', LoadingOutlined],
  STOP_UNCONFIRMED: ['bad', ExclamationCircleOutlined], IDLE: ['wait', ClockCircleOutlined],
  RELEASED: ['free', CheckCircleOutlined], SETTLING: ['wait', LoadingOutlined], COMPLETED: ['free', CheckCircleOutlined],
  FAILED_TO_START: ['bad', CloseCircleOutlined], REJECTED: ['bad', StopOutlined],
  OFFLINE_RUNNING: ['off', DisconnectOutlined], ABNORMAL: ['bad', ExclamationCircleOutlined],
  ENDED: ['off', CheckCircleOutlined],
}

const recordLooks: Record<string, Look> = {
  RUNNING: ['busy', ThunderboltOutlined], SETTLING: ['wait', LoadingOutlined], COMPLETED: ['free', CheckCircleOutlined],
  UNPAID: ['bad', ExclamationCircleOutlined], ABNORMAL: ['bad', ExclamationCircleOutlined],
  ADJUSTED: ['wait', CheckCircleOutlined], REFUNDED: ['off', CheckCircleOutlined], FREE: ['free', GiftOutlined],
  VOID: ['off', MinusCircleOutlined],
}

const pointLooks: Record<string, Look> = {
  OFFLINE: ['off', DisconnectOutlined], FAULT: ['bad', CloseCircleOutlined], UPGRADING: ['wait', ToolOutlined],
  MAINTENANCE: ['off', ToolOutlined], ALARM: ['bad', ExclamationCircleOutlined], CHARGING: ['busy', ThunderboltOutlined],
  SUSPENDED: ['wait', PauseCircleOutlined], FINISHING: ['wait', ClockCircleOutlined], RESERVED: ['wait', ClockCircleOutlined],
  PREPARING: ['wait', LoadingOutlined], AVAILABLE: ['free', CheckCircleOutlined], PENDING: ['wait', ClockCircleOutlined],
}

const connectorLooks: Record<string, Look> = {
  Available: ['free', CheckCircleOutlined], Preparing: ['wait', LoadingOutlined], Charging: ['busy', ThunderboltOutlined],
  SuspendedEV: ['wait', PauseCircleOutlined], SuspendedEVSE: ['wait', PauseCircleOutlined],
  Finishing: ['wait', ClockCircleOutlined], Reserved: ['wait', ClockCircleOutlined], Unavailable: ['off', ToolOutlined],
  Faulted: ['bad', CloseCircleOutlined], OFFLINE: ['off', DisconnectOutlined],
}

function tagOf(looks: Record<string, Look>, group: Parameters<typeof word>[1]) {
  return function StatusTag({ value, title }: { value: string; title?: string }) {
    const { t } = useTranslation()
    const [tone, icon] = looks[value] ?? unknown
    return <Tag tone={tone} icon={icon} text={word(t, group, value || 'Unknown')} title={title} />
  }
}

export const SessionTag = tagOf(sessionLooks, 'session_state')
export const RecordTag = tagOf(recordLooks, 'record_state')
export const PointTag = tagOf(pointLooks, 'point_status')
export const ConnectorTag = tagOf(connectorLooks, 'connector_status')
export const SiteTag = tagOf({
  FREE: ['free', CheckCircleOutlined], IN_USE: ['busy', ThunderboltOutlined], OUT_OF_ORDER: ['bad', CloseCircleOutlined], UNKNOWN: ['off', QuestionCircleOutlined],
}, 'site_state')
export const AssetTag = tagOf({ VALID: ['free', CheckCircleOutlined], INVALID: ['off', StopOutlined] }, 'asset_status')
export const CardTag = tagOf({
  ENABLE: ['free', CheckCircleOutlined], DISABLE: ['off', StopOutlined], LOST: ['bad', ExclamationCircleOutlined],
  EXPIRED: ['wait', ClockCircleOutlined],
}, 'card_status')
export const DriverTag = tagOf({
  PENDING: ['wait', ClockCircleOutlined], VALID: ['free', CheckCircleOutlined], SUSPENDED: ['bad', StopOutlined],
  CLOSED: ['off', MinusCircleOutlined],
}, 'driver_status')

export const PushTag = tagOf({
  DRAFT: ['off', MinusCircleOutlined], QUEUED: ['wait', ClockCircleOutlined], PUSHING: ['busy', LoadingOutlined], PARTIAL: ['wait', PauseCircleOutlined],
  SUCCESS: ['free', CheckCircleOutlined], FAILED: ['bad', CloseCircleOutlined], OUT_OF_SYNC: ['bad', ExclamationCircleOutlined],
  NOT_SUPPORTED: ['off', StopOutlined],
}, 'push_state')
export const ReservationTag = tagOf({
  REQUESTED: ['wait', LoadingOutlined], ACTIVE: ['busy', ClockCircleOutlined], USED: ['free', CheckCircleOutlined], CANCELLED: ['off', MinusCircleOutlined],
  EXPIRED: ['off', ClockCircleOutlined], REFUSED: ['bad', StopOutlined],
}, 'reservation_state')

export const RechargeTag = tagOf({
  SUCCESS: ['free', CheckCircleOutlined], REVERSED: ['off', MinusCircleOutlined], PARTIALLY_REVERSED: ['wait', MinusCircleOutlined],
  REVERSAL: ['bad', MinusCircleOutlined],
}, 'recharge_state')

export const PaymentTag = tagOf({
  CREATED: ['wait', LoadingOutlined], REQUIRES_ACTION: ['wait', ClockCircleOutlined], AUTHORISED: ['busy', PauseCircleOutlined], INCREMENTED: ['busy', PauseCircleOutlined],
  CAPTURE_PENDING: ['wait', LoadingOutlined], CAPTURED: ['free', CheckCircleOutlined], PARTIALLY_REFUNDED: ['wait', MinusCircleOutlined],
  REFUNDED: ['off', MinusCircleOutlined], VOIDED: ['off', StopOutlined], EXPIRED: ['off', ClockCircleOutlined], FAILED: ['bad', CloseCircleOutlined],
  DISPUTED: ['bad', ExclamationCircleOutlined],
}, 'payment_state')

export const CheckTag = tagOf({ MATCHED: ['free', CheckCircleOutlined], DRIFT: ['bad', ExclamationCircleOutlined], FAILED: ['wait', DisconnectOutlined] }, 'payment_check')

export function Online({ online }: { online: boolean }) {
  const { t } = useTranslation()
  return online
    ? <span className="yesno tone-text-free"><CheckCircleOutlined aria-hidden />{t('yes')}</span>
    : <span className="yesno tone-text-off"><DisconnectOutlined aria-hidden />{t('no')}</span>
}

/** Words that stand in their own group of the texts. */
function plainTag(looks: Record<string, Look>, words: 'files.state' | 'firmware.state' | 'firmware.campaign_state') {
  return function PlainTag({ value }: { value: string }) {
    const { t } = useTranslation()
    const [tone, icon] = looks[value] ?? unknown
    return <Tag tone={tone} icon={icon} text={value in looks ? (t as (key: string) => string)(`${words}.${value}`) : value} />
  }
}

export const FileTag = plainTag({
  waiting: ['wait', ClockCircleOutlined], arriving: ['busy', LoadingOutlined], arrived: ['free', CheckCircleOutlined],
  failed: ['bad', CloseCircleOutlined], expired: ['off', MinusCircleOutlined],
}, 'files.state')
export const InstallTag = plainTag({
  WAITING: ['wait', ClockCircleOutlined], ASKED: ['wait', LoadingOutlined], SCHEDULED: ['wait', ClockCircleOutlined], DOWNLOADING: ['busy', LoadingOutlined],
  DOWNLOADED: ['busy', LoadingOutlined], INSTALLING: ['busy', ToolOutlined], INSTALLED: ['busy', LoadingOutlined], DONE: ['free', CheckCircleOutlined],
  FAILED: ['bad', CloseCircleOutlined], CANCELLED: ['off', MinusCircleOutlined], SKIPPED: ['off', MinusCircleOutlined],
}, 'firmware.state')
export const CampaignTag = plainTag({
  RUNNING: ['busy', LoadingOutlined], PAUSED: ['wait', PauseCircleOutlined], HALTED: ['bad', StopOutlined],
  CANCELLED: ['off', MinusCircleOutlined], DONE: ['free', CheckCircleOutlined],
}, 'firmware.campaign_state')
