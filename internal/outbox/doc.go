// Package outbox brings facts to those who act on them.
//
// Owns: consumers with their stored cursors and leases, the order and the repetition
// of delivery.
// Refuses: publishing a fact after the commit by hand; a fact is a row of the commit
// it speaks of (store's Tx.Record). It holds no transaction open while a consumer
// works.
//
// Invariants:
//   - every fact reaches every consumer at least once, in the order in which they were
//     written: on PostgreSQL a fact is held back while a transaction older than its own
//     runs. Of two transactions that ran side by side either may come first; where both
//     locked the same row before they wrote their facts, that is the order of commits;
//   - what a fact causes in our database happens once: effect and cursor move in one
//     commit, which fails for who has lost the lease;
//   - a consumer that is slow, fails or panics delays no other and no writer.
package outbox
