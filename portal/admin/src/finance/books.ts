// What shows money anew after a posting: every list and every sum that is made of the books.

import type { QueryClient } from '@tanstack/react-query'

export const madeOfBooks = [
  'drivers', 'recharges', 'payments', 'recharge-requests', 'recharge-sums', 'sessions', 'session-sums', 'journal', 'entries', 'trial-balance', 'home', 'home-postings',
]

export async function refreshBooks(client: QueryClient): Promise<void> {
  await Promise.all(madeOfBooks.map((key) => client.invalidateQueries({ queryKey: [key] })))
}
