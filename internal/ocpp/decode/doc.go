// Package decode reads OCPP payloads as charge points send them: a scanner that
// checks while it reads, notes each flaw and goes on. Generated types call it. Plain is
// the quick way for messages that come by the million: it takes what has no flaw and
// leaves the rest to the Reader.
//
// Owns: the tolerance towards JSON and its scalar values, the list of flaws.
// Refuses: to know any message; to correct what a value means.
//
// Invariants:
//   - Reading never fails as long as the payload is an object: what cannot be
//     read counts as absent and is noted.
//   - Reading ends: every step consumes input or stops.
//   - Strings alias the payload, which must not change afterwards. What is kept
//     for long in memory should be cloned, or it keeps the frame.
package decode
