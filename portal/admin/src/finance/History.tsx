import { CheckCircleOutlined, StopOutlined } from '@ant-design/icons'
import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import type { Command, SessionDetail } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'
import { CommandSteps } from '../live/CommandSteps'
import { Reason } from '../live/Reason'
import { useCommand } from '../live/useCommand'
import { Blank, Failed } from '../parts/PageStates'
import { PageSkeleton } from '../parts/Skeletons'
import { Tag } from '../parts/Status'
import { When } from '../parts/Times'
import { commandWord, word } from '../parts/words'

/** "My card was refused" is the first call that support gets: the reason in words. */
export function Attempts({ session: s }: { session: SessionDetail }) {
  const { t } = useTranslation()
  if (s.attempts.length === 0) return <Blank title={t('record.attempts_empty')} />
  return (
    <ul className="history">
      {s.attempts.map((a) => (
        <li key={`${a.at} ${a.kind}`}>
          <When at={a.at} zone={s.time_zone ?? 'UTC'} />
          <b>{word(t, 'attempt_kind', a.kind)}</b>
          <Tag tone={a.decision === 'Accepted' ? 'free' : 'bad'} icon={a.decision === 'Accepted' ? CheckCircleOutlined : StopOutlined} text={a.decision} />
          <span className="history-text"><Reason text={a.reason} /></span>
        </li>
      ))}
    </ul>
  )
}

export function CommandHistory({ session: s }: { session: SessionDetail }) {
  const { t } = useTranslation()
  const query = useQuery({
    queryKey: ['commands', s.id],
    queryFn: ({ signal }) => take(api.GET('/api/v1/commands', { signal, params: { query: { session_id: s.id, limit: 50 } } })),
  })
  if (query.isPending) return <PageSkeleton />
  if (query.isError) return <Failed error={query.error} title={t('list.error')} retry={() => void query.refetch()} />
  if (query.data.items.length === 0) return <Blank title={t('command.none')} />
  return (

      <ul className="history">{query.data.items.map((c) => <Entry key={c.id} command={c} zone={s.time_zone ?? 'UTC'} />)}</ul>

  )
}

function Entry({ command, zone }: { command: Command; zone: string }) {
  const { t } = useTranslation()
  const c = useCommand(command.id) ?? command
  return (
    <li className="history-command">
      <div><When at={c.created_at} zone={zone} /> <b>{commandWord(t, 'type', c.type)}</b>{c.reason && <span className="quiet"> {c.reason}</span>}</div>
      <CommandSteps command={c} zone={zone} />
    </li>
  )
}
