// Package asset knows what stands where and what it is doing: sites, charge points,
// connectors, their live condition, and the commands sent to them.
//
// Owns: Site, ChargePoint with its credential, Connector, the roll-up to a
// PointStatus, the connection epoch, the command queue of a point and every
// command's state.
// Refuses: what a session, a price or a protocol frame is; it stores no key, only
// key MACs; it never opens a transaction inside another package's.
// Invariants:
//   - An identity is unique on the whole platform and never changes (AST-R1, AST-R7).
//   - A write that came over an old connection fails: the newest socket wins.
//   - A report older than the stored condition never changes the live condition.
//   - A command moves forward only: queued → sent → one final state, and a final
//     state never changes. "Accepted" is not "done": the effect is kept apart.
//
// Times: At is when it happened by the device's clock after correction, ReceivedAt
// when we got it. All of them are arguments or the transaction's Now.
package asset
