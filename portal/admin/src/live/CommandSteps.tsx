// What became of a command: how far it got, what the point answered, and beside it
// what was seen to happen. "Accepted" is not "done".

import {
  CheckCircleFilled, ClockCircleOutlined, CloseCircleFilled, EyeOutlined, LoadingOutlined, MinusCircleOutlined,
} from '@ant-design/icons'
import type { TFunction } from 'i18next'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { Command } from '@ccms/shared/api'
import { clock } from '@ccms/shared/format'
import { commandWord } from '../parts/words'
import { isAnswered } from './store'

type Mark = 'done' | 'now' | 'later' | 'bad'

const icons: Record<Mark, ReactNode> = {
  done: <CheckCircleFilled aria-hidden className="tone-text-free" />,
  now: <LoadingOutlined aria-hidden className="tone-text-busy" />,
  later: <ClockCircleOutlined aria-hidden className="tone-text-off" />,
  bad: <CloseCircleFilled aria-hidden className="tone-text-bad" />,
}

function Step({ mark, text, at, zone, children }: { mark: Mark; text: string; at?: string; zone: string; children?: ReactNode }) {
  return (
    <li className={`step step-${mark}`}>
      {icons[mark]}
      <span>{text}{children}</span>
      {at && <time className="num quiet small" dateTime={at}>{clock(at, zone)}</time>}
    </li>
  )
}

export function CommandSteps({ command: c, zone }: { command: Command; zone: string }) {
  const { t } = useTranslation()
  const answered = isAnswered(c)
  const good = c.state === 'accepted'
  return (
    <div className="steps" aria-live="polite">
      <ol aria-label={t('command.steps')}>
        <Step mark="done" text={commandWord(t, 'state', 'queued')} at={c.created_at} zone={zone} />
        <Step mark={c.sent_at ? 'done' : answered ? 'later' : 'now'} text={commandWord(t, 'state', 'sent')} at={c.sent_at} zone={zone} />
        <Step mark={answered ? (good ? 'done' : 'bad') : c.sent_at ? 'now' : 'later'} at={c.answered_at} zone={zone}
          text={answered ? commandWord(t, 'state', c.state) : t('command.waiting_answer')}>
          {answered && c.error_detail && <span className="quiet"> {c.error_detail}</span>}
        </Step>
      </ol>
      <Effect command={c} zone={zone} />
    </div>
  )
}

function Effect({ command: c, zone }: { command: Command; zone: string }) {
  const { t } = useTranslation()
  const answered = isAnswered(c)
  const state = c.effect?.state
  if (state === 'failed') {
    return (
      <p className="effect effect-failed">
        <CloseCircleFilled aria-hidden /> <b>{commandWord(t, 'effect_failed', c.type)}</b>
        {c.effect?.at && <time className="num" dateTime={c.effect.at}>{clock(c.effect.at, zone)}</time>}
      </p>
    )
  }
  if (state === 'pending' && c.effect?.late) {
    return <p className="effect"><MinusCircleOutlined aria-hidden /> <span>{commandWord(t, 'effect_none', c.type)}</span></p>
  }
  if (state === 'seen') {
    return (
      <p className="effect effect-seen">
        <EyeOutlined aria-hidden /> <b>{commandWord(t, 'effect_seen', c.type)}</b>
        {c.effect?.text && c.type === 'trigger_message' && <span className="quiet small">{c.effect.text}</span>}
        {c.effect?.at && <time className="num" dateTime={c.effect.at}>{clock(c.effect.at, zone)}</time>}
      </p>
    )
  }
  if (!answered || c.state === 'accepted') {
    return <p className="effect"><EyeOutlined aria-hidden /> <span className="quiet">{answered ? waitingFor(t, c) : t('command.effect')}</span>{answered && <LoadingOutlined aria-hidden />}</p>
  }
  return <p className="effect"><MinusCircleOutlined aria-hidden /> <span>{commandWord(t, 'effect_none', c.type)}</span></p>
}

/** Some answers say what the effect waits for. */
function waitingFor(t: TFunction, c: Command): string {
  if (c.outcome === 'scheduled') return t('command.scheduled')
  if (c.outcome === 'reboot_required') return t('command.reboot_required')
  return commandWord(t, 'effect_wait', c.type)
}

/** One line for a row: the newest thing known. */
export function commandLine(c: Command): { tone: 'free' | 'busy' | 'wait' | 'bad'; group: 'state' | 'effect_seen' | 'effect_failed'; code: string; at?: string } {
  if (c.effect?.state === 'failed') return { tone: 'bad', group: 'effect_failed', code: c.type, at: c.effect.at }
  if (c.effect?.state === 'seen') return { tone: 'free', group: 'effect_seen', code: c.type, at: c.effect.at }
  if (c.state === 'accepted') return { tone: 'busy', group: 'state', code: c.state, at: c.answered_at }
  if (isAnswered(c)) return { tone: 'bad', group: 'state', code: c.state, at: c.answered_at }
  return { tone: 'wait', group: 'state', code: c.state, at: c.sent_at }
}
