// Fields that the forms of commands share.

import { Form, Input, Select } from 'antd'
import { useTranslation } from 'react-i18next'
import { useRequired } from '../../parts/FormDialog'
import { waitHours } from './asks'

export interface Common { reason?: string; wait?: number }

/** What every command can carry, as the API has it. */
export const commonOf = (v: Common) => ({
  reason: v.reason?.trim() || undefined,
  queue_until_online_s: v.wait ? v.wait * 3600 : undefined,
})

export function Reason({ required }: { required: boolean }) {
  const { t } = useTranslation()
  const rule = useRequired()
  return (
    <Form.Item name="reason" label={required ? t('reset.reason') : `${t('reset.reason')} (${t('form.optional')})`} extra={t('stop.reason_help')} rules={required ? [rule] : []}>
      <Input maxLength={200} />
    </Form.Item>
  )
}

/** How long to wait for what is offline; `refuse` is offered where some are online. */
export function Wait({ refuse }: { refuse?: boolean }) {
  const { t } = useTranslation()
  return (
    <Form.Item name="wait" label={t('command.wait')} extra={t('command.wait_help')}>
      <Select options={[
        ...(refuse ? [{ value: 0, label: t('command.wait_not') }] : []),
        ...waitHours.map((n) => ({ value: n, label: t('command.wait_hours', { count: n }) })),
      ]} />
    </Form.Item>
  )
}

/** The pointers of the API under the names of the forms. */
export function renamed(path: (string | number)[]): (string | number)[] {
  switch (path[0]) {
    case 'queue_until_online_s': return ['wait']
    case 'interval_s': return ['interval']
    case 'requested_message': return ['message']
    case 'token_uid': case 'driver_id': return ['who']
    default: return path
  }
}
