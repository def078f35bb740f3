// A charge point for the tests of what a person sees of one: it says what it is told to.

import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'

export interface Device {
  /** What it is answered. */
  call: (action: string, payload: object) => Promise<Record<string, unknown>>
  drop: () => void
}

const handshake = (identity: string, key: string, host: string) => [
  `GET /ocpp/${identity} HTTP/1.1`, `Host: ${host}`, 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13',
  `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`, 'Sec-WebSocket-Protocol: ocpp1.6',
  `Authorization: Basic ${Buffer.from(`${identity}:${key}`).toString('base64')}`, '', '',
].join('\r\n')

/** Sends the handshake and gives the status of the answer. */
async function knock(base: string, identity: string, key: string): Promise<{ socket: Socket; status: number }> {
  const { hostname, port, host } = new URL(base)
  const socket = connect(Number(port), hostname)
  const head = await new Promise<string>((resolve, reject) => {
    let text = ''
    socket.on('error', reject)
    socket.on('data', (b) => {
      text += b.toString('latin1')
      if (text.includes('\r\n\r\n')) resolve(text)
    })
    socket.write(handshake(identity, key, host))
  })
  return { socket, status: Number(head.split(' ')[1]) }
}

/** Wants in with an identity that nobody knows. */
export async function stranger(base: string, identity: string): Promise<number> {
  const { socket, status } = await knock(base, identity, '00')
  socket.destroy()
  return status
}

/** What a device says to what it is asked, by action. */
export type Answers = Record<string, (payload: Record<string, unknown>) => object>

/** Connects, and answers what it has an answer for. */
export async function device(base: string, identity: string, key: string, answers: Answers = {}): Promise<Device> {
  const { socket, status } = await knock(base, identity, key)
  if (status !== 101) throw new Error(`${identity} is answered with ${status}`)
  const waiting = new Map<string, (answer: Record<string, unknown>) => void>()
  let rest = Buffer.alloc(0)
  socket.on('data', (b) => {
    rest = Buffer.concat([rest, b])
    for (;;) { // frames of the server are not masked
      const short = rest.length > 1 ? rest[1]! & 0x7f : 0
      const at = short === 126 ? 4 : 2
      const size = short === 126 && rest.length > 3 ? rest.readUInt16BE(2) : short
      if (rest.length < 2 || rest.length < at + size) return
      const text = rest.subarray(at, at + size).toString()
      rest = rest.subarray(at + size)
      if (text.startsWith('[3,')) {
        const [, id, said] = JSON.parse(text) as [number, string, Record<string, unknown>]
        waiting.get(id)?.(said)
      }
      if (!text.startsWith('[2,')) continue
      const [, asked, action, payload] = JSON.parse(text) as [number, string, string, Record<string, unknown>]
      const answer = answers[action]
      if (answer) send([3, asked, answer(payload)])
    }
  })
  const send = (frame: unknown) => {
    const body = Buffer.from(JSON.stringify(frame))
    const mask = randomBytes(4)
    const head = body.length < 126 ? Buffer.from([0x81, 0x80 | body.length]) : Buffer.from([0x81, 0x80 | 126, body.length >> 8, body.length & 255])
    socket.write(Buffer.concat([head, mask, body.map((x, i) => x ^ mask[i % 4]!)]))
  }
  let n = 0
  return {
    call: (action, payload) => new Promise((resolve) => {
      const id = `${identity}-${++n}`
      waiting.set(id, resolve)
      send([2, id, action, payload])
    }),
    drop: () => socket.destroy(),
  }
}
