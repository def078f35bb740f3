// Package store keeps rows: the same statements on SQLite in the process and on
// PostgreSQL.
//
// Owns: transactions and their group commit, the scope as the first of two locks
// on tenants (row-level security on PostgreSQL is the second), migrations, keys
// and the encryption of personal data, and the rows of facts, jobs, cursors,
// audit and idempotency. One further file per domain package implements that
// package's Tx with constant SQL.
//
// Refuses: SQL made at run time, a statement that names a tenant's table without
// its scope, a write outside the scope, a caller's context inside a joined
// transaction, and to serve as a PostgreSQL role that row-level security does not
// bind.
//
// Invariants:
//   - Write returns nil only after COMMIT; before it returns, nothing that a
//     closure collected (changes, data keys) is visible in memory;
//   - meter values that closures leave behind are written together, and each closure
//     is answered for its own (light.go);
//   - what is read ahead is what would be read later, and a write that was put off
//     counts as if it was not: its error is its closure's answer (ahead.go);
//   - what is looked for by a key is found by that key's index, from the first row on
//     (keyed.go);
//   - a closure that fails, panics or meets a conflict leaves nothing behind and
//     takes nobody with it;
//   - a scope that is not set sees nothing and writes nothing;
//   - times are int64 µs UTC, money and energy int64, on both engines.
package store
