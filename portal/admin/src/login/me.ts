// Who is signed in, and what they may do. Hiding is a courtesy: the server checks
// every request.

import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useCallback } from 'react'
import type { Me, OperatorRef, Permission } from '@ccms/shared/api'
import { api, gate, take } from '@ccms/shared/client'
import { viewerZone } from '@ccms/shared/format'
import { Problem } from '@ccms/shared/problem'

const key = ['me'] as const

export async function fetchMe(): Promise<Me | null> {
  try {
    const me = await take(api.GET('/api/v1/me'))
    gate.csrf = me.csrf_token ?? ''
    return me
  } catch (e) {
    if (e instanceof Problem && e.status === 401) return null
    throw e
  }
}

export function useMe() {
  return useQuery({ queryKey: key, queryFn: fetchMe, staleTime: Infinity, refetchOnWindowFocus: false })
}

export function useSignedIn(): Me {
  const { data } = useMe()
  if (!data) throw new Error('rendered outside of a login')
  return data
}

export function useMay(): (p: Permission) => boolean {
  const { data } = useMe()
  return useCallback((p) => data?.permissions.includes(p) ?? false, [data])
}

/** The operator whose rows are seen: one's own, or the one entered. */
export function operatorOf(me: Me): OperatorRef | undefined {
  return me.acting_in?.operator ?? me.operator ?? undefined
}

/** The zone of times that belong to no place: the operator's, so that what two people see is
 * the same; who has entered none sees their own. */
export function useZone(): string {
  return operatorOf(useSignedIn())?.time_zone ?? viewerZone()
}

/** Takes a new login or another operator: everything loaded before is another's. */
export function useTakeMe() {
  const client = useQueryClient()
  return useCallback((me: Me | null) => {
    gate.csrf = me?.csrf_token ?? ''
    client.removeQueries({ predicate: (q) => q.queryKey[0] !== key[0] })
    client.setQueryData(key, me)
  }, [client])
}

export async function signIn(login: string, password: string): Promise<Me> {
  const { me } = await take(api.POST('/api/v1/login', { body: { login, password } }))
  return me
}

export async function signOut(): Promise<void> {
  try {
    await take(api.POST('/api/v1/logout'))
  } catch (e) {
    if (!(e instanceof Problem) || e.status !== 401) throw e // 401: signed out already
  }
}
