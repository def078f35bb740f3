// Package rpc is OCPP-J over one socket: requests and answers in both
// directions, without knowledge of what they mean.
//
// Owns: splitting a frame, the order on a connection, pairing our CALLs with
// their answers, deadlines, the drain.
// Refuses: payloads (passed through as bytes), storing anything, deciding when a
// charge point may be asked something or how often its socket may be closed.
//
// Invariants:
//   - The reader routes answers to our CALLs at once; CALLs of the charge point
//     are handled one after the other in the order they came, by a goroutine
//     that outlives them by a second at most. Neither waits for the other. What
//     the owner calls quick the reader handles, if it comes alone.
//   - One CALL of ours at a time is unanswered on a connection; a second is refused, for
//     the queue is the store's.
//   - Whatever is not understood is answered or dropped; only the owner and the
//     socket itself close the socket.
//   - Peers share nothing: no lock, no pump, no counter.
package rpc
