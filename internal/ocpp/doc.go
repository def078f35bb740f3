// Package ocpp is the door for charge points: the endpoint ws://…/ocpp/{identity}.
//
// Owns: who may connect (identity and key), which version is spoken, the order on a
// connection (no CALL of ours before the boot is answered, the newest connection
// wins), sending queued commands, the journal of frames.
// Refuses: deciding anything about sessions or money; package session does that.
//
// Invariants:
//   - nothing is acknowledged before it is stored;
//   - no lock is shared between charge points on the way of a message;
//   - an idle connection has one goroutine and no buffer.
package ocpp
