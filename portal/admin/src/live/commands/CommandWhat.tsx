import type { TFunction } from 'i18next'
import { useTranslation } from 'react-i18next'
import type { Command } from '@ccms/shared/api'
import { dateTime } from '@ccms/shared/format'
import { span } from './profile'
import { filterWords, profileWords } from './profileWords'

/** What exactly was asked for, in a few words. */
function parts(t: TFunction, c: Command, zone: string): string[] {
  const out: string[] = []
  if (c.reset_type) out.push(t(c.reset_type === 'hard' ? 'reset.go_hard' : 'reset.go_soft'))
  if (c.availability) out.push(t(c.availability === 'operative' ? 'command.operative' : 'command.inoperative'))
  if (c.requested_message) out.push(c.requested_message)
  if (c.profile) out.push(profileWords(t, c.profile))
  if (c.profile_filter) out.push(filterWords(t, c.profile_filter))
  if (c.composite_query) out.push(t('profile.ahead', { time: span(c.composite_query.duration_s) }))
  if (c.vendor_message) out.push([c.vendor_message.vendor_id, c.vendor_message.message_id].filter(Boolean).join(' · '))
  if (c.keys?.length) out.push(c.keys.join(', '))
  if (c.connector) out.push(t('record.connector_no', { number: c.connector }))
  else if (c.availability || c.composite_query) out.push(t('trigger.whole'))
  if (c.waits_until && c.state === 'queued') out.push(t('command.waits_until', { time: dateTime(c.waits_until, zone) }))
  return out
}

/** A changed setting shows what it was and what it is. */
export function CommandWhat({ command: c, zone }: { command: Command; zone: string }) {
  const { t } = useTranslation()
  return (
    <>
      {parts(t, c, zone).join(' · ')}
      {c.setting && (
        <span className="diff">
          <b className="mono-text">{c.setting.key}</b>{' '}
          <del title={t('config.before')}>{c.setting.before ?? t('config.unknown')}</del>{' → '}
          <ins title={t('config.after')}>{c.setting.value || t('config.empty')}</ins>
        </span>
      )}
    </>
  )
}
