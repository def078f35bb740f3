// Package asset knows what stands where and what it is doing: sites, charge points,
// connectors, their live condition, and the commands sent to them.
//
// Owns: Site, ChargePoint with its credential, Connector, the roll-up to a
// PointStatus, the connection epoch, the command queue of a point and every
// command's state; the security of a point: its profile, its certificates with the
// authorities behind them, changes of its key and profile, and security events; Stranger, who
// connects and is not registered; Device, the hardware that is or was a point; Template and how
// far a point is from it; Model, what is known of a vendor's model; rules for vendors' messages.
// Refuses: what a session, a price or a protocol frame is; it stores no key, only
// key MACs; it never opens a transaction inside another package's.
// Invariants:
//
//   - An identity is unique on the whole platform and never changes (AST-R1, AST-R7).
//
//   - A write that came over an old connection fails: the newest socket wins.
//
//   - A report older than the stored condition never changes the live condition.
//
//   - A point is let in with what its profile and its operator's minimum require, or with
//     more, never with less. A change of its key or profile counts once it came back with
//     what is new; a profile is never lowered by it.
//
//   - The key of an authority leaves the store only to sign.
//
//   - A command moves forward only: queued → sent → one final state, and a final
//     state never changes. "Accepted" is not "done": the effect is kept apart.
//
//   - What one point alone cannot do counts for no other (decision 0020), and what staff say
//     of a model counts before anything that was learned.
//
//   - Other hardware at a point takes back what was learned of the hardware before.
//
// Times: At is when it happened by the device's clock after correction, ReceivedAt
// when we got it. All of them are arguments or the transaction's Now.
package asset
