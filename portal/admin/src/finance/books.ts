// What shows money anew after a posting: every list and every sum that is made of the books.

import type { QueryClient } from '@tanstack/react-query'

const made = ['drivers', 'recharges', 'payments', 'recharge-requests', 'recharge-sums', 'postings', 'entries', 'trial-balance', 'home']

export async function refreshBooks(client: QueryClient): Promise<void> {
  await Promise.all(made.map((key) => client.invalidateQueries({ queryKey: [key] })))
}
