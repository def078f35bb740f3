// Leaflet, fed by React: it owns what is inside its element, React what is around it.

import 'leaflet/dist/leaflet.css'
import { canvas, type DivIcon, divIcon, geoJSON, type LayerGroup, layerGroup, map as leaflet, type Map as LeafletMap, marker, tileLayer } from 'leaflet'
import { useEffect, useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { dark, light } from '@ccms/shared/theme'
import { useTheme } from '../../frame/Theme'
import { outline } from './outline'
import { apart, around, type Box, type Pin, Pins, place, type Placed } from './pins'

export interface Tiles { tiles: string; credit: string }

const closest = 18
/** Nearer than this an outline of countries shows nothing any more. */
const nearOutline = 7
const whole: [[number, number], [number, number]] = [[-50, -130], [65, 150]]

function iconOf(p: Pin, chosen: boolean): DivIcon {
  // Only numbers go into the markup; names are set as text.
  const [look, text] = p.kind === 'site'
    ? [`pin-${p.site.state}`, `${p.site.free}/${p.site.connectors}`]
    : [p.trouble > 0 ? 'pin-many pin-trouble' : 'pin-many', String(p.sites)]
  return divIcon({ className: `pin ${look}${chosen ? ' pin-chosen' : ''}`, html: `<span>${text}</span>`, iconSize: p.kind === 'site' ? [38, 26] : [36, 36] })
}

export function Canvas({ sites, chosen, onChoose, tiles, shown }: {
  sites: readonly Placed[]
  chosen?: string
  onChoose: (id: string) => void
  tiles?: Tiles
  /** Counts up when all sites are to be shown again. */
  shown: number
}) {
  const { t } = useTranslation()
  const { isDark } = useTheme()
  const element = useRef<HTMLDivElement>(null)
  const [map, setMap] = useState<LeafletMap>()
  const [view, setView] = useState<{ box: Box; zoom: number }>()
  const pins = useMemo(() => new Pins(sites), [sites])

  useEffect(() => {
    const m = leaflet(element.current!, { zoomControl: true, attributionControl: false, maxZoom: closest, minZoom: 2, worldCopyJump: true, renderer: canvas({ padding: 0.5 }) })
    const moved = () => {
      const b = m.getBounds().pad(0.2)
      setView({ box: [b.getWest(), b.getSouth(), b.getEast(), b.getNorth()], zoom: m.getZoom() })
    }
    m.on('moveend', moved)
    m.fitBounds(whole, { animate: false })
    const sized = new ResizeObserver(() => m.invalidateSize({ animate: false }))
    sized.observe(element.current!)
    setMap(m)
    return () => {
      sized.disconnect()
      m.remove()
    }
  }, [])

  // What is below the pins.
  useEffect(() => {
    if (!map) return undefined
    if (tiles) {
      const layer = tileLayer(tiles.tiles, { maxZoom: closest, referrerPolicy: 'origin' }).addTo(map)
      return () => void layer.remove()
    }
    let gone = false
    const c = isDark ? dark : light
    const layer = geoJSON(undefined, { interactive: false, style: { color: c.line, weight: 1, fillColor: c.surface, fillOpacity: 1 } }).addTo(map)
    outline().then((world) => { if (!gone) layer.addData(world) }, () => undefined) // pins on an empty ground are still a map
    return () => {
      gone = true
      layer.remove()
    }
  }, [map, tiles, isDark])

  // What the next two go by, as it is when they go by it and not when it changes.
  const newest = useRef<readonly Placed[]>(sites)
  useEffect(() => { newest.current = sites }, [sites])

  // All of them, once there are any and whenever that is asked for.
  const wanted = sites.length > 0 ? shown : undefined
  const fitted = useRef<number>(undefined)
  useEffect(() => {
    const all = around(newest.current)
    if (!map || !all || wanted === undefined || fitted.current === wanted) return
    fitted.current = wanted
    map.fitBounds(all, { padding: [40, 40], maxZoom: tiles ? 14 : nearOutline, animate: false })
  }, [map, wanted, tiles])

  // Whoever chooses a site finds its own pin, also where it stood among others.
  useEffect(() => {
    const site = newest.current.find((s) => s.id === chosen)
    if (!map || !site) return
    const b = map.getBounds()
    const alone = new Pins(newest.current).within([b.getWest(), b.getSouth(), b.getEast(), b.getNorth()], map.getZoom()).some((p) => p.key === site.id)
    if (alone && b.pad(-0.1).contains(place(site))) return
    map.setView(place(site), Math.max(map.getZoom(), alone ? 0 : apart(newest.current, site), tiles ? 14 : nearOutline))
  }, [map, chosen, tiles])

  const layer = useRef<LayerGroup>(undefined)
  useEffect(() => {
    if (!map) return undefined
    layer.current = layerGroup().addTo(map)
    return () => void layer.current?.remove()
  }, [map])
  useEffect(() => {
    if (!map || !layer.current || !view) return
    // The one that has the focus keeps it when its pin is drawn anew.
    const focused = (document.activeElement as HTMLElement | null)?.dataset.pin
    layer.current.clearLayers()
    for (const p of pins.within(view.box, view.zoom)) {
      const title = p.kind === 'site'
        ? t('map.pin', { name: p.site.name, free: p.site.free, connectors: p.site.connectors })
        : t('map.pin_many', { count: p.sites, free: p.free, connectors: p.connectors })
      const k = marker(p.at, { icon: iconOf(p, p.kind === 'site' && p.site.id === chosen), title, keyboard: true, riseOnHover: true }).addTo(layer.current)
      const e = k.getElement()
      if (e) {
        e.setAttribute('aria-label', title)
        e.dataset.pin = p.key
        if (focused === p.key) e.focus({ preventScroll: true })
      }
      const act = () => (p.kind === 'site' ? onChoose(p.site.id) : map.setView(p.at, Math.min(p.openZoom, closest)))
      k.on('click', act)
      k.on('keydown', (ev) => {
        if (ev.originalEvent.key !== 'Enter' && ev.originalEvent.key !== ' ') return
        ev.originalEvent.preventDefault()
        act()
      })
    }
  }, [map, pins, view, chosen, onChoose, t])

  return (
    <>
      <div ref={element} className="map-canvas" role="application" aria-label={t('map.label')} />
      {(!tiles || tiles.credit) && <div className="map-credit">{tiles ? tiles.credit : t('map.outline')}</div>}
    </>
  )
}
