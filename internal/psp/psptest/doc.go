// Package psptest is Stripe and PayPal for tests and for trying out: real HTTP servers
// with their own state, their idempotency keys, webhooks with true signatures, and the
// ways in which a provider fails.
//
// Owns: what our use of the two needs of them, written from their documentation.
// Refuses: sharing anything with package psp, else both could be wrong in the same way.
package psptest
