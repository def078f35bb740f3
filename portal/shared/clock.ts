// The server's clock as seen from the browser, whose own may be minutes wrong: the
// age of a value would be wrong by as much.

let offsetMs = 0

/** Takes the Date header of an answer. Whole seconds are enough for ages. */
export function observe(response: Response, browserNow: number = Date.now()): void {
  const said = Date.parse(response.headers.get('Date') ?? '')
  if (Number.isNaN(said)) return
  const off = said - browserNow
  offsetMs = Math.abs(off) < 2000 ? 0 : off
}

export const serverNow = (): number => Date.now() + offsetMs
