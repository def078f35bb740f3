// Every OCPP message of the point, newest first.

import { useInfiniteQuery } from '@tanstack/react-query'
import { Button, Checkbox } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { ChargePoint } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'
import { readFrames } from '../../finance/frames'
import { FrameRow } from '../../finance/Timeline'
import { Blank, Failed } from '../../parts/PageStates'
import { PageSkeleton } from '../../parts/Skeletons'

export function Frames({ point }: { point: ChargePoint }) {
  const { t } = useTranslation()
  const [onlyIn, setOnlyIn] = useState(false)
  const query = useInfiniteQuery({
    queryKey: ['charge-point', point.id, 'frames'],
    queryFn: ({ signal, pageParam }) => take(api.GET('/api/v1/charge-points/{id}/frames', {
      signal, params: { path: { id: point.id }, query: { limit: 50, cursor: pageParam } },
    })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor,
  })
  if (query.isPending) return <PageSkeleton />
  if (query.isError) return <Failed error={query.error} title={t('list.error')} retry={() => void query.refetch()} />
  const frames = query.data.pages.flatMap((p) => p.items)
  if (frames.length === 0) return <Blank title={t('point.no_frames')} next={t('point.no_frames_next')} />
  // An answer finds its call in the order in which they came.
  const messages = readFrames(frames.toReversed()).toReversed().filter((m) => !onlyIn || m.frame.direction === 'in')
  return (
    <>
      <div className="frames-bar">
        <Checkbox checked={onlyIn} onChange={(e) => setOnlyIn(e.target.checked)}>{t('record.frames_only')}</Checkbox>
        <Button size="small" loading={query.isFetching && !query.isFetchingNextPage} onClick={() => void query.refetch()}>{t('list.refresh')}</Button>
      </div>
      <ol className="timeline">
        {messages.map((m) => <FrameRow key={(m.frame as { id?: string }).id} message={m} zone={point.time_zone} />)}
      </ol>
      {query.hasNextPage && <Button loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{t('point.older')}</Button>}
    </>
  )
}
