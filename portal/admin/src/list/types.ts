// What a screen says about its list.

import type { ReactNode } from 'react'
import type { Page } from '@ccms/shared/api'
import type { Query } from '@ccms/shared/download'
import type { Filter, ListState } from './state'

export interface Column<T> {
  key: string
  title: string
  /** Beside the title, quiet: the unit or the zone. */
  note?: string | ((rows: readonly T[]) => string | undefined)
  cell: (row: T, rows: readonly T[]) => ReactNode
  /** Right-aligned, in figures of one width. */
  num?: boolean
  /** Name of the order in the API. */
  sort?: string
  /** Takes what is left and is cut with dots; the one that says most has two lines. */
  wide?: boolean | 'most'
  /** Stays in view when the rows scroll sideways. */
  pin?: boolean
  /** Cannot be hidden: without it nobody knows what the row is. Pinned ones never can. */
  fixed?: boolean
  /** Hidden until somebody chooses it. */
  off?: boolean
}

export interface Card {
  title: ReactNode
  status?: ReactNode
  /** The three facts that matter. */
  facts: [label: string, value: ReactNode][]
  actions?: ReactNode
}

export interface Bulk<T> {
  /** What can be done with the chosen rows; clear() when it is done. */
  actions: (rows: readonly T[], clear: () => void) => ReactNode
  /** Can this row be chosen? All can, unless this says no. */
  can?: (row: T) => boolean
  /** At most so many at once. */
  limit?: number
}

export interface ListProps<T extends { id: string }> {
  /** First part of the query key: the event stream finds the list by it. */
  queryKey: readonly string[]
  /** The word under which a person's views and columns are kept, such as "records"; without it there are none. */
  name?: string
  filters?: readonly Filter[]
  defaultSort?: string
  load: (state: ListState, signal: AbortSignal, before: readonly T[]) => Promise<Page<T>>
  /** The list in the API and what its filter is there: all its rows can then be had as a file. */
  exports?: { path: string; query: (state: ListState) => Query }
  columns: readonly Column<T>[]
  card: (row: T) => Card
  label: string
  rowName: (row: T) => string
  rowClass?: (row: T) => string | undefined
  empty: { title: string; next?: string; action?: ReactNode }
  /** Right in the bar: Add. */
  actions?: ReactNode
  /** Lets rows be chosen, and says what can be done with them. */
  bulk?: Bulk<T>
  expand?: (row: T) => ReactNode
  refetchMs?: number
  /** Above the rows: the state of the stream. */
  note?: ReactNode
}
