// What happens when the login has expired in the middle of work: every request
// that met the 401 waits here, one dialog asks for the login, and then each of them
// is sent again, so that nothing typed is lost.

import { Problem } from './problem'

export class Gate {
  /** Sent with every write; comes with /me and with a new login. */
  csrf = ''
  private waiting?: { promise: Promise<void>; done: () => void; fail: (p: Problem) => void }
  private readonly listeners = new Set<() => void>()

  /** True while the dialog must be open. */
  get closed(): boolean { return this.waiting !== undefined }

  /** Resolves after the next login; rejects when the person gives up. */
  expired(): Promise<void> {
    if (!this.waiting) {
      let done!: () => void
      let fail!: (p: Problem) => void
      const promise = new Promise<void>((resolve, reject) => { done = resolve; fail = reject })
      this.waiting = { promise, done, fail }
      this.tell()
    }
    return this.waiting.promise
  }

  /** The login worked: everything that waits goes on. */
  open(csrf: string): void {
    this.csrf = csrf
    const waiting = this.waiting
    this.waiting = undefined
    waiting?.done()
    this.tell()
  }

  /** Nobody will log in: everything that waits fails. */
  giveUp(): void {
    const waiting = this.waiting
    this.waiting = undefined
    waiting?.fail(new Problem(401, { code: 'signed_out' }))
    this.tell()
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener)
    return () => { this.listeners.delete(listener) }
  }

  private tell(): void { for (const l of this.listeners) l() }
}

/** Requests whose 401 is an answer and not the end of a login. */
const asksForLogin = /\/api\/v1\/(login|logout)$/
const readsWho = /\/api\/v1\/me$/

/**
 * Wraps fetch: adds the CSRF header to writes, waits for a new login on 401 and
 * fetches a new CSRF token once when another tab has logged in since.
 */
export function guarded(gate: Gate, send: (r: Request) => Promise<Response>, seen?: (r: Response) => void) {
  const write = (r: Request) => {
    if (r.method !== 'GET' && r.method !== 'HEAD' && gate.csrf) r.headers.set('X-CSRF-Token', gate.csrf)
    return r
  }
  return async function fetch(request: Request): Promise<Response> {
    const path = new URL(request.url).pathname
    let spare = request.clone() // a body can be sent once
    let answer = await send(write(request))
    seen?.(answer)
    if (answer.status === 403 && (await codeOf(answer)).startsWith('csrf')) {
      const me = await send(new Request(new URL('/api/v1/me', request.url), { credentials: 'same-origin' }))
      if (me.ok) {
        gate.csrf = ((await me.json()) as { csrf_token: string }).csrf_token
        const again = spare
        spare = spare.clone()
        answer = await send(write(again))
      } else if (me.status === 401) {
        answer = me
      }
    }
    if (asksForLogin.test(path)) return answer
    if (request.method === 'GET' && readsWho.test(path) && !gate.csrf) return answer // nobody was signed in
    while (answer.status === 401) {
      await gate.expired()
      const again = spare
      spare = spare.clone()
      answer = await send(write(again))
    }
    return answer
  }
}

async function codeOf(answer: Response): Promise<string> {
  try {
    const body = (await answer.clone().json()) as { code?: string }
    return body.code ?? ''
  } catch {
    return ''
  }
}
