// The event stream of the server. Read with fetch and not with EventSource: the
// server's pings are comments, which EventSource hides, and without them a dead
// connection looks like a quiet one; and a 401 must reach the login dialog.

export interface StreamEvent { type: string; data: string }

/** Splits a stream of text into events (HTML Standard, "server-sent events"). */
export class EventParser {
  private rest = ''
  private type = ''
  private data: string[] = []

  push(text: string): StreamEvent[] {
    const out: StreamEvent[] = []
    this.rest += text
    for (;;) {
      const m = /\r\n|\n|\r(?!$)/.exec(this.rest) // a last CR may be half of a CRLF
      if (!m) return out
      const line = this.rest.slice(0, m.index)
      this.rest = this.rest.slice(m.index + m[0].length)
      if (line === '') {
        if (this.data.length > 0) out.push({ type: this.type || 'message', data: this.data.join('\n') })
        this.type = ''
        this.data = []
        continue
      }
      const colon = line.indexOf(':')
      if (colon === 0) continue
      const field = colon < 0 ? line : line.slice(0, colon)
      const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '')
      if (field === 'event') this.type = value
      else if (field === 'data') this.data.push(value)
    }
  }
}

export type LiveState = 'idle' | 'connecting' | 'open' | 'lost'

export interface LiveOptions {
  url: string
  fetch: (r: Request) => Promise<Response>
  onEvent: (e: StreamEvent) => void
  /** Everything may have changed: after each connect, or when we fell behind. */
  onResync: () => void
  onState: (s: LiveState) => void
  /** The server pings each 15 s; two missed pings are a dead connection. */
  silenceMs?: number
  retryMs?: number[]
}

export class Live {
  private readonly o: Required<LiveOptions>
  private running?: AbortController

  constructor(o: LiveOptions) {
    this.o = { silenceMs: 35_000, retryMs: [1000, 2000, 5000, 10_000], ...o }
  }

  start(): void {
    if (this.running) return
    const stop = new AbortController()
    this.running = stop
    void this.run(stop.signal)
  }

  stop(): void {
    this.running?.abort()
    this.running = undefined
    this.o.onState('idle')
  }

  private async run(stop: AbortSignal): Promise<void> {
    let tries = 0
    this.o.onState('connecting')
    while (!stop.aborted) {
      const got = await this.once(stop)
      if (stop.aborted) return
      this.o.onState('lost')
      tries = got ? 0 : tries + 1
      const wait = this.o.retryMs[Math.min(tries, this.o.retryMs.length - 1)]!
      await pause(wait * (0.75 + Math.random() / 2), stop)
    }
  }

  /** One connection until it ends; true if it ever opened. */
  private async once(stop: AbortSignal): Promise<boolean> {
    const cut = new AbortController()
    const onStop = () => cut.abort()
    stop.addEventListener('abort', onStop)
    let silence: ReturnType<typeof setTimeout> | undefined
    const heard = () => {
      clearTimeout(silence)
      silence = setTimeout(() => cut.abort(), this.o.silenceMs)
    }
    let opened = false
    try {
      const answer = await this.o.fetch(new Request(this.o.url, {
        headers: { Accept: 'text/event-stream' }, cache: 'no-store', credentials: 'same-origin', signal: cut.signal,
      }))
      if (!answer.ok || !answer.body) return false
      opened = true
      heard()
      this.o.onState('open')
      // What happened between the list's request and this moment is not in the stream.
      this.o.onResync()
      const parser = new EventParser()
      const text = new TextDecoder()
      const reader = answer.body.getReader()
      cut.signal.addEventListener('abort', () => void reader.cancel().catch(() => undefined))
      for (;;) {
        const { done, value } = await reader.read()
        if (done) return opened
        heard()
        for (const e of parser.push(text.decode(value, { stream: true }))) {
          if (e.type === 'resync') this.o.onResync()
          else this.o.onEvent(e)
        }
      }
    } catch {
      return opened // refused, reset or cut: the next try says more
    } finally {
      clearTimeout(silence)
      stop.removeEventListener('abort', onStop)
      cut.abort()
    }
  }
}

function pause(ms: number, stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer)
      stop.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    stop.addEventListener('abort', end)
  })
}
