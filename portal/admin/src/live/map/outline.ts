// The outlines of countries: Natural Earth, as world-atlas packs it. They come with the
// portal, so that a map is there without asking anybody.

import type { FeatureCollection, Geometry, Position } from 'geojson'
import { feature } from 'topojson-client'
import type { GeometryCollection, Topology } from 'topojson-specification'
import url from 'world-atlas/countries-50m.json?url'

let known: Promise<FeatureCollection> | undefined

export function outline(): Promise<FeatureCollection> {
  known ??= fetch(url)
    .then(async (a) => {
      if (!a.ok) throw new Error(`the outlines are answered with ${a.status}`)
      const world = await a.json() as Topology<{ countries: GeometryCollection }>
      const all = feature(world, world.objects.countries)
      return { ...all, features: all.features.map((f) => ({ ...f, geometry: unbroken(f.geometry) })) }
    })
    .catch((e: unknown) => {
      known = undefined // the next map tries again
      throw e
    })
  return known
}

/** A ring that crosses the date line goes on beyond it: else a line is drawn around the world. */
export function unbroken<G extends Geometry | null>(g: G): G {
  if (g?.type === 'Polygon') return { ...g, coordinates: g.coordinates.map(ring) }
  if (g?.type === 'MultiPolygon') return { ...g, coordinates: g.coordinates.map((p) => p.map(ring)) }
  return g
}

function ring(points: Position[]): Position[] {
  const crosses = points.some((p, i) => i > 0 && Math.abs(p[0]! - points[i - 1]![0]!) > 180)
  return crosses ? points.map(([x, y]) => [x! < 0 ? x! + 360 : x!, y!]) : points
}
