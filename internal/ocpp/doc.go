// Package ocpp is the door for charge points: the endpoint ws://…/ocpp/{identity}, also
// /ocpp/{operator's code}/{identity}, with or without TLS.
//
// Owns: who may connect (it shows what package asset judges), which version is spoken,
// the order on a connection (no CALL of ours before the boot is answered, the newest
// connection wins), sending queued commands, the journal of frames; the connections of
// strangers, who may say who they are and no more; what a handshake may cost before it is
// known whose it is; who of two devices with one identity is held off; sending all away
// while the store takes no write.
// Refuses: deciding anything about sessions, money or security; packages session and asset
// do that. Files, which package files takes beside the socket.
//
// Invariants:
//   - nothing is acknowledged before it is stored;
//   - a handshake that began before its point was sent away is not let in, and what changed
//     while it was judged it is judged by once more;
//   - nobody with the right key is shut out by those who guess;
//   - no lock is shared between charge points on the way of a message;
//   - an idle connection has one goroutine and no buffer.
package ocpp
