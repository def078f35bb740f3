// What the list of bulks and the page of one share.

import { CheckCircleOutlined, LoadingOutlined, StopOutlined } from '@ant-design/icons'
import { useTranslation } from 'react-i18next'
import type { Bulk } from '@ccms/shared/api'
import { Tag } from '../parts/Status'

export function BulkTag({ value }: { value: Bulk['state'] }) {
  const { t } = useTranslation()
  return <Tag tone={value === 'running' ? 'busy' : value === 'done' ? 'free' : 'off'} icon={value === 'running' ? LoadingOutlined : value === 'done' ? CheckCircleOutlined : StopOutlined} text={t(`bulk.state.${value}`)} />
}

const failed = new Set<string | undefined>(['rejected', 'not_supported', 'timeout', 'offline', 'expired', 'failed'])

/** How its rows stand, in the figures that matter. */
export function countsOf(b: Bulk): { waiting: number; asked: number; seen: number; bad: number } {
  const sum = (which: (c: NonNullable<Bulk['counts']>[number]) => boolean) => (b.counts ?? []).filter(which).reduce((n, c) => n + c.count, 0)
  const waiting = sum((c) => c.state === 'waiting')
  return {
    waiting, asked: b.total - waiting, seen: sum((c) => c.effect_state === 'seen'),
    bad: sum((c) => c.state === 'refused' || c.effect_state === 'failed' || failed.has(c.command_state)),
  }
}
