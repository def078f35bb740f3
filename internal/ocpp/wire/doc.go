// Package wire is the WebSocket under OCPP-J: the handshake, frames in and out,
// liveness.
//
// Owns: the socket of one charge point from the upgrade to its end.
// Refuses: to know what a message says; authentication (the caller does it
// before Upgrade); anything shared between two sockets.
//
// Invariants:
//   - A connection on which nothing happens holds no read or write buffer and
//     one goroutine, which has handled nothing yet and so has the smallest stack.
//   - A message given to the Receiver is never written to again by this package,
//     so whoever holds it may keep it, or slices and strings of it.
//   - Every wait ends: a silent peer by the idle limit, a frame that was begun
//     by the partial limit, a peer that does not read by the write limit, a
//     close that is not echoed by the grace.
//   - Any frame is a sign of life, not only a pong: some charge points never
//     answer a ping.
package wire
