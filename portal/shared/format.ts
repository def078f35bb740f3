// Numbers and instants as people read them. Money, energy and electrical values
// arrive as integers or decimal strings and are never made into floats.

import type { Money } from './api'

export const none = '–'

// How the language of the page writes 1,234.5. Files and forms for programs always
// have the point: they take `scaled` and the strings as they came.
let marks = { decimal: '.', group: ',' }

/** Takes the marks of a language; called when it is chosen. */
export function speakNumbers(language: string): void {
  const parts = new Intl.NumberFormat(language).formatToParts(12345.6)
  const mark = (type: string, fallback: string) => parts.find((x) => x.type === type)?.value ?? fallback
  marks = { decimal: mark('decimal', '.'), group: mark('group', ',') }
}

/** "0.30" → "0,30" where the language has a comma; what is no number stays. */
export const spoken = (decimal: string): string => (/^-?\d+\.\d+$/.test(decimal) ? decimal.replace('.', marks.decimal) : decimal)

/** What somebody types, as numbers travel, and back. */
export const typedDecimal = (text: string): string => (marks.decimal === '.' ? text : text.replaceAll(marks.decimal, '.'))
export const shownDecimal = (value: string): string => (marks.decimal === '.' ? value : value.replaceAll('.', marks.decimal))

/** 55800, 3 → "55.8" with one place: integer arithmetic, half away from zero. */
export function scaled(value: number | bigint | undefined | null, exponent: number, places: number): string {
  if (value === undefined || value === null) return none
  let v = BigInt(value)
  const minus = v < 0n
  if (minus) v = -v
  if (exponent > places) {
    const cut = 10n ** BigInt(exponent - places)
    v = (v + cut / 2n) / cut
  } else {
    v *= 10n ** BigInt(places - exponent)
  }
  const digits = v.toString().padStart(places + 1, '0')
  const whole = digits.slice(0, digits.length - places)
  const text = places > 0 ? `${whole}.${digits.slice(-places)}` : whole
  return minus && v !== 0n ? `-${text}` : text
}

/** The guide prints 55.800000; one place is what a person can use. */
export const amps = (ma?: number) => grouped(scaled(ma, 3, 1))
export const volts = (mv?: number) => grouped(scaled(mv, 3, 1))
/** An AC car tells no state of charge: "–", never 0 (product §3.2.2). */
export const soc = (permille?: number) => scaled(permille, 1, 0)
export const kwh = (wh?: number) => grouped(scaled(wh, 3, 3))
/** "7.4" kW → 7400: exact, for a form's text. */
export const watts = (text: string | undefined): number | undefined => {
  const m = /^(\d{1,6})(?:\.(\d{1,3}))?$/.exec(text?.trim() ?? '')
  return m ? Number(m[1]) * 1000 + Number((m[2] ?? '').padEnd(3, '0')) : undefined
}

export const kw = (w?: number, places = 1) => grouped(scaled(w, 3, places))
/** Files are shown in thousands of bytes. */
export const kilobytes = (bytes?: number) => grouped(scaled(bytes, 3, 1))
/** 200 → "20", 55 → "5.5", as it travels. */
export const plainPercent = (permille: number) => scaled(permille, 1, permille % 10 === 0 ? 0 : 1)
export const percent = (permille: number) => spoken(plainPercent(permille))

/** 10000.00 → "10,000.00": grouped for reading, digits untouched. */
export function grouped(decimal: string): string {
  const m = /^(-?)(\d+)(\.\d+)?$/.exec(decimal)
  if (!m) return decimal
  return `${m[1]}${m[2]!.replace(/\B(?=(\d{3})+$)/g, marks.group)}${m[3] ? marks.decimal + m[3].slice(1) : ''}`
}

export function money(m?: Money | null): string {
  return m ? `${grouped(m.amount)} ${m.currency}` : none
}

export function amount(m?: Money | null): string {
  return m ? grouped(m.amount) : none
}

/** How many decimals a currency has (ISO 4217): EUR 2, JPY 0, KWD 3. */
export const decimals = (currency: string): number =>
  new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2

/** A price as people read it in its currency: no more zeros than that has, and no fewer. 35 JPY, 0.30 EUR, 0.025 KWD. */
export function rate(price: string | undefined, currency: string): string {
  if (!price) return ''
  const [whole = '', digits = ''] = price.split('.')
  const least = decimals(currency)
  const kept = digits.replace(/0+$/, '').padEnd(least, '0')
  return spoken(kept ? `${whole}.${kept}` : whole)
}

/** The same, typed in a form. */
export const plainRate = (price: string | undefined, currency: string): string | undefined => price && typedDecimal(rate(price, currency))

/** Is it exactly nothing? Works for any number of places. */
export const isZero = (m?: Money | null) => !m || /^-?0*(\.0*)?$/.test(m.amount)

const zones = new Map<string, Intl.DateTimeFormat>()

function zoneFormat(zone: string): Intl.DateTimeFormat {
  let f = zones.get(zone)
  if (!f) {
    const options: Intl.DateTimeFormatOptions = {
      year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit',
      hourCycle: 'h23', timeZone: zone,
    }
    try {
      f = new Intl.DateTimeFormat('en-US', options)
    } catch { // a zone this browser does not know: UTC, and zoneName says so
      f = new Intl.DateTimeFormat('en-US', { ...options, timeZone: 'UTC' })
    }
    zones.set(zone, f)
  }
  return f
}

function parts(at: string | Date, zone: string): Record<string, string> {
  const out: Record<string, string> = {}
  for (const p of zoneFormat(zone).formatToParts(new Date(at))) out[p.type] = p.value
  return out
}

/** The guide's format, in the given zone: 2019-09-18 15:47:36. */
export function dateTime(at: string | Date | undefined | null, zone: string): string {
  if (!at) return none
  const p = parts(at, zone)
  return `${p.year}-${p.month}-${p.day} ${p.hour}:${p.minute}:${p.second}`
}

export function clock(at: string | Date | undefined | null, zone: string): string {
  if (!at) return none
  const p = parts(at, zone)
  return `${p.hour}:${p.minute}:${p.second}`
}

export function clockMinutes(at: string | Date, zone: string): string {
  const p = parts(at, zone)
  return `${p.hour}:${p.minute}`
}

/** The zone that dateTime really used. */
export const zoneName = (zone: string) => zoneFormat(zone).resolvedOptions().timeZone

export const viewerZone = () => Intl.DateTimeFormat().resolvedOptions().timeZone

/** A day a person picked, as the instant it begins (or the next one begins) in the zone. */
export function dayStart(day: string, zone: string, plusDays = 0): string | undefined {
  const m = /^(\d{4})-(\d{2})-(\d{2})$/.exec(day)
  if (!m) return undefined
  return local(Date.UTC(Number(m[1]), Number(m[2]) - 1, Number(m[3]) + plusDays), zone)
}

/** A day and a time of day in the zone, as an instant; undefined where they are none. */
export function instant(day: string, clock: string, zone: string): string | undefined {
  const d = /^(\d{4})-(\d{2})-(\d{2})$/.exec(day)
  const c = /^([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?$/.exec(clock)
  return d && c ? local(Date.UTC(Number(d[1]), Number(d[2]) - 1, Number(d[3]), Number(c[1]), Number(c[2]), Number(c[3] ?? 0)), zone) : undefined
}

/** What the clocks of the zone show, given as if it were UTC. */
function local(wanted: number, zone: string): string {
  const ahead = (at: number) => {
    const p = parts(new Date(at), zone)
    return Date.UTC(Number(p.year), Number(p.month) - 1, Number(p.day), Number(p.hour), Number(p.minute), Number(p.second)) - at
  }
  // How far the zone is ahead may change between the first guess and the midnight itself.
  const first = wanted - ahead(wanted)
  return new Date(wanted - ahead(first)).toISOString().replace('.000Z', 'Z')
}

/** 3723 → "1:02:03": reads the same in every language. */
export function duration(seconds?: number): string {
  if (seconds === undefined) return none
  const s = Math.max(0, Math.trunc(seconds))
  const two = (n: number) => String(n).padStart(2, '0')
  return `${Math.trunc(s / 3600)}:${two(Math.trunc(s / 60) % 60)}:${two(s % 60)}`
}

/** How old is it, in the coarsest unit that still says something. */
export function age(at: string, now: number): { unit: 'seconds' | 'minutes' | 'hours' | 'days'; count: number } {
  const s = Math.max(0, Math.floor((now - Date.parse(at)) / 1000))
  if (s < 60) return { unit: 'seconds', count: s }
  if (s < 3600) return { unit: 'minutes', count: Math.floor(s / 60) }
  if (s < 86400) return { unit: 'hours', count: Math.floor(s / 3600) }
  return { unit: 'days', count: Math.floor(s / 86400) }
}
