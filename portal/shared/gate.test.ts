import { beforeEach, describe, expect, test } from 'vitest'
import { Gate, guarded } from './gate'
import { Problem } from './problem'

const base = 'http://server.test'
const json = (status: number, body: unknown) => new Response(JSON.stringify(body), { status, headers: { 'Content-Type': 'application/json' } })

/** A server that knows one CSRF token and whether the login still holds. */
function server() {
  const s = {
    signedIn: true,
    csrf: 'first',
    got: [] as { path: string; body: string; csrf: string | null; key: string | null }[],
    async answer(r: Request): Promise<Response> {
      const path = new URL(r.url).pathname
      const csrf = r.headers.get('X-CSRF-Token')
      s.got.push({ path, body: await r.text(), csrf, key: r.headers.get('Idempotency-Key') })
      if (path === '/api/v1/login') return json(401, { code: 'bad_credentials' })
      if (!s.signedIn) return json(401, { code: 'login_expired' })
      if (path === '/api/v1/me') return json(200, { csrf_token: s.csrf })
      if (r.method !== 'GET' && csrf !== s.csrf) return json(403, { code: 'csrf' })
      return json(200, { ok: true })
    },
  }
  return s
}

const post = (path: string, body: unknown) => new Request(base + path, {
  method: 'POST', body: JSON.stringify(body), headers: { 'Content-Type': 'application/json', 'Idempotency-Key': 'k1' },
})

let gate: Gate
let srv: ReturnType<typeof server>
let send: (r: Request) => Promise<Response>
beforeEach(() => {
  gate = new Gate()
  gate.csrf = 'first'
  srv = server()
  send = guarded(gate, (r) => srv.answer(r))
})

/** Resolves when the login dialog would open. */
const asked = () => new Promise<void>((resolve) => {
  const stop = gate.subscribe(() => { if (gate.closed) { stop(); resolve() } })
})

describe('an expired login', () => {
  test('keeps what was typed: the same request goes again, with the same key, after the new login', async () => {
    srv.signedIn = false
    const dialog = asked()
    const answer = send(post('/api/v1/drivers', { account: '13000000001' }))
    await dialog
    srv.signedIn = true
    srv.csrf = 'second'
    gate.open('second')
    expect((await answer).status).toBe(200)
    expect(srv.got.map((g) => [g.body, g.csrf, g.key])).toEqual([
      ['{"account":"13000000001"}', 'first', 'k1'],
      ['{"account":"13000000001"}', 'second', 'k1'],
    ])
    expect(gate.closed).toBe(false)
  })

  test('asks once, however many requests met it', async () => {
    srv.signedIn = false
    let times = 0
    gate.subscribe(() => { if (gate.closed) times++ })
    const dialog = asked()
    const answers = [send(new Request(`${base}/api/v1/sessions`)), send(new Request(`${base}/api/v1/charge-points`))]
    await dialog
    await Promise.resolve()
    srv.signedIn = true
    gate.open('first')
    expect((await Promise.all(answers)).map((a) => a.status)).toEqual([200, 200])
    expect(times).toBe(1)
  })

  test('that expires again asks again', async () => {
    srv.signedIn = false
    let dialog = asked()
    const answer = send(post('/api/v1/drivers', {}))
    await dialog
    dialog = asked()
    gate.open('first') // the server still says no
    await dialog
    srv.signedIn = true
    gate.open('first')
    expect((await answer).status).toBe(200)
  })

  test('fails what waits when the person gives up', async () => {
    srv.signedIn = false
    const dialog = asked()
    const answer = send(post('/api/v1/drivers', {}))
    await dialog
    gate.giveUp()
    await expect(answer).rejects.toSatisfy((e: unknown) => e instanceof Problem && e.code === 'signed_out')
  })
})

test('wrong credentials are an answer, not an expired login', async () => {
  const answer = await send(post('/api/v1/login', { login: 'x', password: 'y' }))
  expect(answer.status).toBe(401)
  expect(gate.closed).toBe(false)
})

test('the first look at who is signed in does not open the dialog', async () => {
  srv.signedIn = false
  gate.csrf = ''
  expect((await send(new Request(`${base}/api/v1/me`))).status).toBe(401)
  expect(gate.closed).toBe(false)
})

test('a token that another tab has replaced is fetched once, and the request goes again', async () => {
  srv.csrf = 'of the other tab'
  const answer = await send(post('/api/v1/drivers', { account: 'a' }))
  expect(answer.status).toBe(200)
  expect(srv.got.map((g) => g.path)).toEqual(['/api/v1/drivers', '/api/v1/me', '/api/v1/drivers'])
  expect(gate.csrf).toBe('of the other tab')
})

test('reads carry no token', async () => {
  await send(new Request(`${base}/api/v1/sessions`))
  expect(srv.got[0]!.csrf).toBeNull()
})
