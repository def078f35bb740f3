// What the phone keeps: the secret of the charge that runs, made before it is sent, so that
// a page that was killed finds its charge again; and those of charges that are over, for
// their receipts.

export interface Kept { secret: string; code: string; at: number; place?: string }

const now = 'ccms.charge'
const past = 'ccms.charges'
const most = 20

/** What a browser that keeps nothing could not keep: the page works until it is closed. */
const unkept = new Map<string, string>()

function read<T>(key: string, none: T): T {
  try {
    return JSON.parse(unkept.get(key) ?? localStorage.getItem(key) ?? 'null') as T ?? none
  } catch {
    return none
  }
}

function write(key: string, value: unknown): void {
  try {
    localStorage.setItem(key, JSON.stringify(value))
    unkept.delete(key)
  } catch {
    unkept.set(key, JSON.stringify(value))
  }
}

export const kept = (): Kept | undefined => read<Kept | undefined>(now, undefined)
export const keep = (k: Kept): void => write(now, k)
export const ended = (): Kept[] => read<Kept[]>(past, [])

/** The charge is over; its receipt stays. */
export function end(place?: string): void {
  const k = kept()
  if (k && place) write(past, [{ ...k, place }, ...ended().filter((x) => x.secret !== k.secret)].slice(0, most))
  unkept.delete(now)
  try {
    localStorage.removeItem(now)
  } catch { /* nothing is kept */ }
}

/** 32 random bytes in base64url. */
export function newSecret(): string {
  const b = crypto.getRandomValues(new Uint8Array(32))
  return btoa(String.fromCharCode(...b)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}
