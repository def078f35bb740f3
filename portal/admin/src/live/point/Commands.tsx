import { useInfiniteQuery } from '@tanstack/react-query'
import { Button } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import type { ChargePoint, Command } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'
import { Blank, Failed } from '../../parts/PageStates'
import { PageSkeleton } from '../../parts/Skeletons'
import { When } from '../../parts/Times'
import { because } from '../../parts/said'
import { commandWord } from '../../parts/words'
import { CommandWhat } from '../commands/CommandWhat'
import { Composite } from '../commands/Composite'
import { CommandSteps } from '../CommandSteps'
import { isSettled } from '../store'
import { useCommand } from '../useCommand'

export function Commands({ point }: { point: ChargePoint }) {
  const { t } = useTranslation()
  const query = useInfiniteQuery({
    queryKey: ['commands', 'point', point.id],
    queryFn: ({ signal, pageParam }) => take(api.GET('/api/v1/commands', { signal, params: { query: { charge_point_id: point.id, limit: 20, cursor: pageParam } } })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor,
  })
  if (query.isPending) return <PageSkeleton />
  if (query.isError) return <Failed error={query.error} title={t('list.error')} retry={() => void query.refetch()} />
  const items = query.data.pages.flatMap((p) => p.items)
  if (items.length === 0) return <Blank title={t('command.none')} next={t('command.none_next')} />
  return (
    <>
      <ul className="history">{items.map((c) => (isSettled(c) ? <Entry key={c.id} command={c} zone={point.time_zone} /> : <OpenEntry key={c.id} command={c} zone={point.time_zone} />))}</ul>
      {query.hasNextPage && <Button loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{t('point.older')}</Button>}
    </>
  )
}

/** One that is not over is looked at by itself. */
function OpenEntry({ command, zone }: { command: Command; zone: string }) {
  return <Entry command={useCommand(command.id) ?? command} zone={zone} />
}

function Entry({ command: c, zone }: { command: Command; zone: string }) {
  const { t } = useTranslation()
  return (
    <li className="history-command">
      <div>
        <When at={c.created_at} zone={zone} /> <b>{commandWord(t, 'type', c.type)}</b> <CommandWhat command={c} zone={zone} />
        {c.reason && <span className="quiet"> {t('point.because', { reason: because(t, c.reason) })}</span>}
        {c.bulk_id && <Link className="small" to={`/live/bulks/${c.bulk_id}`}> {t('point.of_bulk')}</Link>}
      </div>
      <CommandSteps command={c} zone={zone} />
      {c.composite && <Composite composite={c.composite} zone={zone} />}
    </li>
  )
}
