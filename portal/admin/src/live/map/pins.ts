// What is drawn where: sites that are close together at a zoom are one pin. Pure, so
// that it can be tested without a map.

import Supercluster from 'supercluster'
import type { SiteStatus } from '@ccms/shared/api'

export type Placed = SiteStatus & { position: NonNullable<SiteStatus['position']> }

export const isPlaced = (s: SiteStatus): s is Placed => s.position !== undefined

export const place = (s: Placed): [latitude: number, longitude: number] => [Number(s.position.latitude), Number(s.position.longitude)]

interface Sums { trouble: number; free: number; connectors: number }

export interface SitePin { kind: 'site'; key: string; at: [number, number]; site: Placed }
export interface ManyPin extends Sums { kind: 'many'; key: string; at: [number, number]; sites: number; openZoom: number }
export type Pin = SitePin | ManyPin

/** West, south, east, north. */
export type Box = [number, number, number, number]

export class Pins {
  private readonly index: Supercluster<{ site: Placed }, Sums>

  constructor(sites: readonly Placed[]) {
    this.index = new Supercluster<{ site: Placed }, Sums>({
      radius: 48, maxZoom: 15,
      map: ({ site: s }) => ({ trouble: s.out_of_order + s.unknown > 0 ? 1 : 0, free: s.free, connectors: s.connectors }),
      reduce: (sum, x) => {
        sum.trouble += x.trouble
        sum.free += x.free
        sum.connectors += x.connectors
      },
    })
    this.index.load(sites.map((site) => {
      const [latitude, longitude] = place(site)
      return { type: 'Feature', properties: { site }, geometry: { type: 'Point', coordinates: [longitude, latitude] } }
    }))
  }

  within(box: Box, zoom: number): Pin[] {
    return this.index.getClusters(box, Math.round(zoom)).map((f): Pin => {
      const [longitude, latitude] = f.geometry.coordinates as [number, number]
      const p = f.properties
      if (!('cluster' in p)) return { kind: 'site', key: p.site.id, at: place(p.site), site: p.site }
      return {
        kind: 'many', key: `many ${p.cluster_id}`, at: [latitude, longitude], sites: p.point_count,
        trouble: p.trouble, free: p.free, connectors: p.connectors, openZoom: this.index.getClusterExpansionZoom(p.cluster_id),
      }
    })
  }
}

/** Around all sites; undefined where none has a place. */
export function around(sites: readonly Placed[]): [[number, number], [number, number]] | undefined {
  if (sites.length === 0) return undefined
  const at = sites.map(place)
  const latitudes = at.map((a) => a[0])
  const longitudes = at.map((a) => a[1])
  return [[Math.min(...latitudes), Math.min(...longitudes)], [Math.max(...latitudes), Math.max(...longitudes)]]
}

const rank: Record<SiteStatus['state'], number> = { OUT_OF_ORDER: 0, UNKNOWN: 1, IN_USE: 2, FREE: 3 }

/** What needs somebody first, then by name as it came. */
export const byTrouble = (sites: readonly SiteStatus[]): SiteStatus[] =>
  [...sites].sort((a, b) => rank[a.state] - rank[b.state] || b.out_of_order - a.out_of_order)

/** The zoom from which on a site has a pin of its own. */
export function apart(sites: readonly Placed[], site: Placed): number {
  const pins = new Pins(sites)
  const [latitude, longitude] = place(site)
  const near: Box = [longitude - 1, latitude - 1, longitude + 1, latitude + 1]
  for (let zoom = 2; zoom < 16; zoom++) {
    if (pins.within(near, zoom).some((p) => p.key === site.id)) return zoom
  }
  return 16
}
