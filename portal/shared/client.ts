// The typed client of the public API: cookie, CSRF header, problem+json errors and
// the wait for a new login.

import createClient from 'openapi-fetch'
import { observe } from './clock'
import { Gate, guarded } from './gate'
import type { paths } from './api.gen'
import { Problem, problemOf } from './problem'

export const gate = new Gate()

export const guardedFetch = guarded(gate, (r) => fetch(r), (r) => observe(r))

export const api = createClient<paths>({
  baseUrl: typeof location === 'undefined' ? 'http://127.0.0.1' : location.origin,
  credentials: 'same-origin',
  headers: { Accept: 'application/json' },
  fetch: guardedFetch,
})

/** The data of an answer, or the problem thrown. */
export async function take<T>(call: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  let answer
  try {
    answer = await call
  } catch (e) {
    if (e instanceof Problem || (e instanceof DOMException && e.name === 'AbortError')) throw e
    throw Problem.unreachable(e)
  }
  if (!answer.response.ok) throw problemOf(answer.response, answer.error)
  return answer.data as T
}
