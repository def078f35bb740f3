// Files of all rows of a list: what the API gives for another Accept.

import type { Export } from './api'
import { guardedFetch } from './client'
import { Problem, problemOf } from './problem'

export type Format = 'csv' | 'xlsx'
export type Query = Record<string, string | number | boolean | undefined>

const types: Record<Format, string> = {
  csv: 'text/csv',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
}

/** The address of a list with its filter; the file has all pages. */
export function exportURL(path: string, query: Query, base: string): string {
  const url = new URL(path, base)
  for (const [key, value] of Object.entries(query)) {
    if (value !== undefined && value !== '' && key !== 'limit' && key !== 'cursor') url.searchParams.set(key, String(value))
  }
  return url.toString()
}

/** `attachment; filename="sites-2026-11-30.csv"` → the name. */
export const fileNameOf = (disposition: string | null, fallback: string) => /filename="([^"]+)"/.exec(disposition ?? '')?.[1] ?? fallback

/** The file, or the export that a job is writing because there is too much of it. */
export async function fetchExport(path: string, query: Query, format: Format, base = location.origin): Promise<{ file: Blob; name: string } | { later: Export }> {
  let response: Response
  try {
    response = await guardedFetch(new Request(exportURL(path, query, base), { headers: { Accept: types[format] }, credentials: 'same-origin' }))
    if (response.status === 202) return { later: await response.json() as Export }
    if (response.ok) return { file: await response.blob(), name: fileNameOf(response.headers.get('Content-Disposition'), `export.${format}`) }
  } catch (e) {
    throw e instanceof Problem ? e : Problem.unreachable(e)
  }
  throw problemOf(response, await response.json().catch(() => undefined))
}

/** Hands a file to the browser. */
export function saveFile(file: Blob, name: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(file)
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
}
