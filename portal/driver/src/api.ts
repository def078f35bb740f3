// The four calls that this page makes. A phone on a forecourt has a bad network: what does
// not arrive is sent again, with the secret that makes it the same charge.

import type { components } from '@ccms/shared/api.gen'

type Schemas = components['schemas']
export type Pile = Schemas['Pile']
export type PileConnector = Schemas['PileConnector']
/** off is how far the phone's clock is behind the server's. */
export type Charge = Schemas['GuestCharge'] & { off: number }
export type Method = 'card' | 'paypal'

/** What the server refuses, with its code. */
export class Refusal extends Error {
  constructor(readonly status: number, readonly code: string, detail: string) { super(detail) }
}

/** The server was not reached, or is not well: it may be another time. */
export class Unreached extends Error {}

const patience = 15_000

async function ask<T>(path: string, init: RequestInit = {}): Promise<T> {
  let answer: Response
  try {
    answer = await fetch(path, { ...init, cache: 'no-store', signal: AbortSignal.timeout(patience) })
  } catch (e) {
    throw new Unreached(String(e))
  }
  const body = await answer.json().catch(() => undefined) as { code?: string; detail?: string } | undefined
  if (answer.ok && body) return body as T
  if (body?.code && answer.status !== 500 && answer.status !== 502 && answer.status !== 504) throw new Refusal(answer.status, body.code, body.detail ?? '')
  throw new Unreached(`status ${answer.status}`)
}

const headers = (secret: string) => ({ 'Charge-Secret': secret })

export const pileOf = (code: string) => ask<Pile>(`/api/v1/guest-codes/${encodeURIComponent(code)}`)
async function charge(path: string, init: RequestInit): Promise<Charge> {
  const c = await ask<Schemas['GuestCharge']>(path, init)
  return { ...c, off: Date.parse(c.now) - Date.now() }
}

export const chargeOf = (secret: string) => charge('/api/v1/guest-charges/mine', { headers: headers(secret) })
export const stop = (secret: string) => charge('/api/v1/guest-charges/mine/stop', { method: 'POST', headers: headers(secret) })
export const begin = (secret: string, body: { code: string; connector?: number; method: Method; return_url: string }) =>
  charge('/api/v1/guest-charges', { method: 'POST', headers: { ...headers(secret), 'Content-Type': 'application/json' }, body: JSON.stringify(body) })

/** Tries until the server was reached; says in between that it was not. */
export async function surely<T>(call: () => Promise<T>, lost: () => void): Promise<T> {
  for (let pause = 1000; ; pause = Math.min(pause * 2, 8000)) {
    try {
      return await call()
    } catch (e) {
      if (!(e instanceof Unreached)) throw e
      lost()
      await new Promise((r) => { setTimeout(r, pause) })
    }
  }
}
