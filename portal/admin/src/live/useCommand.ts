// One command from the click to what was seen of it.

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useCallback } from 'react'
import type { Command, CommandNew } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'
import { serverNow } from '@ccms/shared/clock'
import { newKey } from '@ccms/shared/key'
import { isSettled, laterCommand } from './store'

/** An effect that was not seen for this long is not asked for any more. */
const watchMs = 5 * 60_000

/**
 * The command as it goes on: by the event stream, and asked for every other second
 * besides, because the stream may lose events.
 */
export function useCommand(id: string | undefined): Command | undefined {
  const client = useQueryClient()
  return useQuery({
    queryKey: ['command', id],
    enabled: id !== undefined,
    queryFn: async ({ signal }) => {
      const fresh = await take(api.GET('/api/v1/commands/{id}', { params: { path: { id: id! } }, signal }))
      return laterCommand(client.getQueryData<Command>(['command', id]), fresh)
    },
    staleTime: 1000,
    refetchInterval: (q) => {
      const c = q.state.data
      if (c && (isSettled(c) || serverNow() - Date.parse(c.created_at) > watchMs)) return false
      return 2000
    },
  }).data
}

/** Puts a command that was just made where useCommand finds it. */
export function useRemember() {
  const client = useQueryClient()
  return useCallback((c: Command) => {
    client.setQueryData<Command>(['command', c.id], (old) => laterCommand(old, c))
    void client.invalidateQueries({ queryKey: ['commands'] })
    return c
  }, [client])
}

export function useStop() {
  const remember = useRemember()
  return useMutation({
    mutationFn: async (v: { session: string; reason?: string; key: string }) => remember(await take(api.POST('/api/v1/sessions/{id}/stop', {
      params: { path: { id: v.session }, header: { 'Idempotency-Key': v.key } },
      body: v.reason ? { reason: v.reason } : {},
    }))),
  })
}

export function useRefresh() {
  const remember = useRemember()
  return useMutation({
    mutationFn: async (session: string) => {
      const { items } = await take(api.POST('/api/v1/sessions/{id}/refresh', {
        params: { path: { id: session }, header: { 'Idempotency-Key': newKey() } },
      }))
      return items.map(remember)
    },
  })
}

export function useSendCommand() {
  const remember = useRemember()
  return useMutation({
    mutationFn: async (v: { point: string; body: CommandNew; key: string }) => remember(await take(api.POST('/api/v1/charge-points/{id}/commands', {
      params: { path: { id: v.point }, header: { 'Idempotency-Key': v.key } },
      body: v.body,
    }))),
  })
}
