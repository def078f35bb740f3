// Package asset knows what stands where and what it is doing: sites, charge points,
// connectors, their live condition, and the commands sent to them.
//
// Owns: Site, ChargePoint with its credential, Connector, the roll-up to a
// PointStatus, the connection epoch; the command queue of a point, every command's
// state, and one command for many points (Bulk); what of it a point, or its model, can
// take at all (Model, learned from what it refuses; Quirks). The security of a point: its
// profile, its certificates with the authorities behind them, changes of its key and
// profile, and security events. How a point comes to be known: strangers in the inbox,
// their adoption, other names of a point, the hardware behind it (Device). Its settings:
// what it told (Configuration), templates, and how it stands to one (PointSettings). What
// vendors send by DataTransfer, and the rules for it.
// Refuses: what a session, a price or a protocol frame is; it stores no key, only
// key MACs; it never opens a transaction inside another package's. Files of points and
// firmware are package upkeep's, local lists package member's.
// Invariants:
//   - An identity is unique on the whole platform, also among the other names, and never
//     changes (AST-R1, AST-R7). What stands there may: code and history stay, and a serial
//     number that nobody announced waits for somebody's word.
//   - A stranger is never accepted by itself; what it starts or stops is not acknowledged
//     before staff adopt it (AST-R2).
//   - A write that came over an old connection fails: the newest socket wins.
//   - A report older than the stored condition never changes the live condition.
//   - A point is let in with what its profile and its operator's minimum require, or with
//     more, never with less, and by what holds at the last step of it. A change of its key
//     or profile counts once it came back with what is new; a profile is never lowered by
//     it, and neither is set by a template or a general command.
//   - What is known of a certificate counts for exactly that certificate; one that was
//     revoked stays so.
//   - What one point alone cannot do counts for no other (decision 0020), and what staff say
//     of a model counts before anything that was learned.
//   - Other hardware at a point takes back what was learned of the hardware before.
//   - The key of an authority leaves the store only to sign.
//   - A command moves forward only: queued → sent → one final state, and a final
//     state never changes. "Accepted" is not "done": the effect is kept apart.
//   - A point restarts for one revision of a template at most once (AST-R4).
//
// Times: At is when it happened by the device's clock after correction, ReceivedAt
// when we got it. All of them are arguments or the transaction's Now.
package asset
