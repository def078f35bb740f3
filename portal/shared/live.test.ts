import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { EventParser, Live, type LiveState } from './live'

describe('the parser', () => {
  const all = (...chunks: string[]) => {
    const p = new EventParser()
    return chunks.flatMap((c) => p.push(c))
  }
  test('reads an event cut anywhere', () => {
    const text = 'event: session\ndata: {"id":"a"}\n\n'
    for (let i = 0; i <= text.length; i++) {
      expect(all(text.slice(0, i), text.slice(i))).toEqual([{ type: 'session', data: '{"id":"a"}' }])
    }
  })
  test('takes all three line ends, cut inside CRLF too', () => {
    expect(all('data: a\r', '\n\r', '\n', 'data: b\n\n', 'data: c\r\r', 'x')).toEqual([
      { type: 'message', data: 'a' }, { type: 'message', data: 'b' }, { type: 'message', data: 'c' },
    ])
  })
  test('joins lines of data, drops comments and fields it does not know', () => {
    expect(all(': ping\n\nretry: 2000\nevent: x\ndata: 1\ndata:2\nid: 9\n\n')).toEqual([{ type: 'x', data: '1\n2' }])
  })
  test('forgets an event without data', () => expect(all('event: x\n\ndata: y\n\n')).toEqual([{ type: 'message', data: 'y' }]))
})

describe('the connection', () => {
  beforeEach(() => { vi.useFakeTimers() })
  afterEach(() => { vi.useRealTimers() })

  function start(answer: (n: number) => Promise<Response>) {
    const seen = { states: [] as LiveState[], events: [] as string[], resyncs: 0, tries: 0 }
    const live = new Live({
      url: 'http://server.test/api/v1/live',
      fetch: () => answer(++seen.tries),
      onEvent: (e) => seen.events.push(e.type),
      onResync: () => { seen.resyncs++ },
      onState: (s) => seen.states.push(s),
    })
    live.start()
    return { live, seen }
  }

  /** A stream that stays open, and the means to write into it. */
  function open() {
    let out!: ReadableStreamDefaultController<Uint8Array>
    const body = new ReadableStream<Uint8Array>({ start: (c) => { out = c } })
    const write = (text: string) => out.enqueue(new TextEncoder().encode(text))
    return { answer: new Response(body), write, end: () => out.close() }
  }

  test('brings events, and everything is fetched when it opens', async () => {
    const s = open()
    const { live, seen } = start(async () => s.answer)
    s.write('event: hello\ndata: {}\n\nevent: session\ndata: {}\n\n')
    await vi.advanceTimersByTimeAsync(10)
    expect(seen).toMatchObject({ states: ['connecting', 'open'], events: ['hello', 'session'], resyncs: 1 })
    live.stop()
  })

  test('fetches everything again when the server says that we fell behind', async () => {
    const s = open()
    const { live, seen } = start(async () => s.answer)
    s.write('event: resync\ndata: {}\n\n')
    await vi.advanceTimersByTimeAsync(10)
    expect(seen.resyncs).toBe(2)
    live.stop()
  })

  test('that ends is lost, comes back and fetches everything', async () => {
    const first = open()
    const second = open()
    const { live, seen } = start(async (n) => (n === 1 ? first.answer : second.answer))
    await vi.advanceTimersByTimeAsync(10)
    first.end()
    await vi.advanceTimersByTimeAsync(2000)
    expect(seen.states).toEqual(['connecting', 'open', 'lost', 'open'])
    expect(seen.resyncs).toBe(2)
    live.stop()
  })

  test('that is silent for longer than two pings is dead', async () => {
    const s = open()
    const { live, seen } = start(async (n) => (n === 1 ? s.answer : new Promise<Response>(() => undefined)))
    await vi.advanceTimersByTimeAsync(20_000)
    s.write(': ping\n\n')
    await vi.advanceTimersByTimeAsync(30_000)
    expect(seen.tries, 'a ping keeps it alive').toBe(1)
    await vi.advanceTimersByTimeAsync(10_000)
    expect(seen.states).toContain('lost')
    expect(seen.tries).toBe(2)
    live.stop()
  })

  test('that is refused is tried less and less often, but at least each 15 s', async () => {
    const { live, seen } = start(async () => new Response(null, { status: 503 }))
    await vi.advanceTimersByTimeAsync(120_000)
    expect(seen.tries).toBeGreaterThanOrEqual(120 / 15)
    expect(seen.tries).toBeLessThan(25)
    live.stop()
  })

  test('that was stopped stays so', async () => {
    const { live, seen } = start(async () => new Response(null, { status: 503 }))
    await vi.advanceTimersByTimeAsync(500)
    live.stop()
    const tries = seen.tries
    await vi.advanceTimersByTimeAsync(60_000)
    expect(seen.tries).toBe(tries)
    expect(seen.states.at(-1)).toBe('idle')
  })
})
