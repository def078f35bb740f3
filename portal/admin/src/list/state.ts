// The state of a list lives in the address: a view can be shared, and Back works.

export type FilterKind = 'text' | 'select' | 'day'

export interface Filter {
  key: string
  kind: FilterKind
  label: string
  options?: { value: string; label: string }[]
  /** What a select says while nothing is chosen; "Any". */
  any?: string
  /** Shown only under More. */
  more?: boolean
  /** Whose days the days are; the operator's, where it is not said. */
  zone?: string
}

export interface ListState {
  filters: Record<string, string>
  sort?: string
  cursor?: string
  limit: number
}

export const pageSizes = [20, 50, 100]
export const defaultLimit = 50

/** What every list of the API takes beside its filters. */
export const paged = (st: ListState) => ({ sort: st.sort, limit: st.limit, cursor: st.cursor })

/** Takes what the address says and leaves out what makes no sense. */
export function readState(search: URLSearchParams, filters: readonly Filter[], sorts: readonly string[]): ListState {
  const out: ListState = { filters: {}, limit: defaultLimit }
  for (const f of filters) {
    const value = search.get(f.key)?.trim()
    if (!value) continue
    if (f.kind === 'select' && !f.options?.some((o) => o.value === value)) continue
    if (f.kind === 'day' && !/^\d{4}-\d{2}-\d{2}$/.test(value)) continue
    out.filters[f.key] = value
  }
  const sort = search.get('sort')
  if (sort && sorts.includes(sort.replace(/^-/, ''))) out.sort = sort
  const limit = Number(search.get('limit'))
  if (pageSizes.includes(limit)) out.limit = limit
  const cursor = search.get('cursor')
  if (cursor) out.cursor = cursor
  return out
}

/** The address of a state; what is as by default stays out of it. */
export function writeState(state: ListState, keep: URLSearchParams = new URLSearchParams(), filters: readonly Filter[] = []): URLSearchParams {
  const out = new URLSearchParams(keep)
  for (const key of ['sort', 'cursor', 'limit', ...filters.map((f) => f.key)]) out.delete(key)
  for (const [key, value] of Object.entries(state.filters)) if (value.trim()) out.set(key, value.trim())
  if (state.sort) out.set('sort', state.sort)
  if (state.limit !== defaultLimit) out.set('limit', String(state.limit))
  if (state.cursor) out.set('cursor', state.cursor)
  return out
}

/** Another filter or order begins on the first page: a cursor belongs to its list. */
export function withFilter(state: ListState, key: string, value: string): ListState {
  const filters = { ...state.filters }
  if (value.trim()) filters[key] = value
  else delete filters[key]
  return { ...state, filters, cursor: undefined }
}

export function withSort(state: ListState, column: string, fallback?: string): ListState {
  const now = state.sort ?? fallback
  const sort = now === column ? `-${column}` : column
  return { ...state, sort, cursor: undefined }
}

export function sortOf(state: ListState, fallback: string | undefined, column: string): 'ascending' | 'descending' | undefined {
  const now = state.sort ?? fallback
  if (now === column) return 'ascending'
  return now === `-${column}` ? 'descending' : undefined
}
