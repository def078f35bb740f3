// Package session is the charging session: from who may start to what it costs.
//
// Owns: the state machine (Apply, pure), the meaning of meter readings and of
// device time, matching of late and odd reports to sessions, start attempts, and
// the Service that runs all of it in one database transaction per report.
// Refuses: protocol words beyond what every charge point says (reports arrive
// already translated), prices (tariff), balances (ledger).
//
// Invariants:
//   - a report of the past is never refused: what cannot be matched is kept as an
//     orphan record and acknowledged;
//   - a session is billed once; a later truth is an adjustment of that bill;
//   - a driver is never trapped by money: it is judged at a start, never at a stop;
//   - energy only grows; a register that steps back is not billed twice.
package session
