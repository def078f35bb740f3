// Package session is the charging session and the reservation before it: from who may start
// to what it costs.
//
// Owns: the state machine of a session (Apply, pure), the meaning of meter readings, of the
// registers behind them and of device time, matching of late and odd reports to sessions,
// start attempts, the flags that send a bill to a person, Review by that person, Reservation with its life and whom
// it keeps out, what is looked up of a point's and a session's frames, the sums of a list of
// records, and the Service that runs all of it in one database transaction per report.
// Refuses: protocol words beyond what every charge point says (reports arrive already
// translated), prices (tariff), balances (ledger), who may charge at all (member), how a
// command goes out and what a model can do (asset).
//
// Invariants:
//   - a report of the past is never refused: what cannot be matched is kept as an
//     orphan record and acknowledged;
//   - a session is billed once; a later truth is an adjustment of that bill;
//   - a driver is never trapped by money: it is judged at a start, never at a stop;
//   - energy only grows; a register that steps back is not billed twice;
//   - counting a session again from its readings comes to the same;
//   - what puts one of two sessions in doubt, puts both (BILL-R16);
//   - a person decides of a session once, and no report changes what was decided;
//   - a driver has one reservation that stands, and a reservation is used once.
//
// Locks: the charge point, then accounts, then sessions; a stop that settles more than one
// session locks their accounts in the order of their ids. What a connection remembers
// (Cache) is never the truth.
package session
