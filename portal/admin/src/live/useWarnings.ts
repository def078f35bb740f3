// What is done with warnings, and how many wait for somebody.

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type { Warning, WarningResults } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'
import { useMay } from '../login/me'
import { intoWarnings, usePolling } from './stream'

interface Count { count: number; capped: boolean }

/** How many warnings nobody has looked at yet. */
export const useWarningCount = () => useCount('OPEN')

/** How many are kept aside by windows of maintenance. */
export const useAsideCount = () => useCount('SUPPRESSED')

function useCount(state: Warning['state']): Count {
  const may = useMay()
  const polling = usePolling()
  const query = useQuery({
    queryKey: ['warning-count', state],
    enabled: may('live.read'),
    queryFn: ({ signal }) => take(api.GET('/api/v1/warnings', { signal, params: { query: { state, limit: 1 } } })),
    refetchInterval: polling,
  })
  return { count: query.data?.total ?? 0, capped: query.data?.total_capped ?? false }
}

/** Acknowledges or, with a reason, clears; tells how many rows were refused. */
export function useDecide() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: async ({ rows, reason }: { rows: readonly Warning[]; reason?: string }) => {
      const ids = rows.map((w) => w.id)
      const done: WarningResults = reason === undefined
        ? await take(api.POST('/api/v1/warnings/acknowledge', { body: { ids } }))
        : await take(api.POST('/api/v1/warnings/clear', { body: { ids, reason } }))
      return done.items
    },
    onSuccess: (items) => {
      for (const r of items) {
        if (r.warning) intoWarnings(client, r.warning)
        void client.invalidateQueries({ queryKey: ['warning', r.id] })
      }
      void client.invalidateQueries({ queryKey: ['warning-count'] })
      if (items.some((r) => r.warning?.children)) void client.invalidateQueries({ queryKey: ['warnings', 'storm'] })
    },
  })
}
