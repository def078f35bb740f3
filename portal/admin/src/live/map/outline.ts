// The outlines of countries: Natural Earth, as world-atlas packs it. They come with the
// portal, so that a map is there without asking anybody.

import type { FeatureCollection } from 'geojson'
import { feature } from 'topojson-client'
import type { GeometryCollection, Topology } from 'topojson-specification'
import url from 'world-atlas/countries-50m.json?url'

let known: Promise<FeatureCollection> | undefined

export function outline(): Promise<FeatureCollection> {
  known ??= fetch(url)
    .then(async (a) => {
      if (!a.ok) throw new Error(`the outlines are answered with ${a.status}`)
      const world = await a.json() as Topology<{ countries: GeometryCollection }>
      return feature(world, world.objects.countries)
    })
    .catch((e: unknown) => {
      known = undefined // the next map tries again
      throw e
    })
  return known
}
