// A position as people copy it from a map: latitude, a comma, longitude.

import type { Site } from '@ccms/shared/api'

type Position = NonNullable<Site['position']>

export const positionText = (p: Position | undefined): string => (p ? `${trimmed(p.latitude)}, ${trimmed(p.longitude)}` : '')

const trimmed = (degrees: string) => (degrees.includes('.') ? degrees.replace(/\.?0+$/, '') : degrees)

/** undefined: it is none. An empty text is null, no position. */
export function positionOf(typed: string | undefined): Position | null | undefined {
  const text = (typed ?? '').trim().replace(/^\((.*)\)$/, '$1')
  if (text === '') return null
  const m = /^(-?\d{1,3}(?:\.\d+)?)°?\s*[,;\s]\s*(-?\d{1,3}(?:\.\d+)?)°?$/.exec(text)
  if (!m) return undefined
  const [latitude, longitude] = [m[1]!, m[2]!]
  if (Math.abs(Number(latitude)) > 90 || Math.abs(Number(longitude)) > 180) return undefined
  if (Number(latitude) === 0 && Number(longitude) === 0) return undefined
  return { latitude, longitude }
}
