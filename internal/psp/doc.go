// Package psp is the door to payment service providers: Stripe and PayPal.
//
// Owns: the words of each provider, their signatures, their errors and their ways to count
// minor units. Each is a pay.Gateway.
// Refuses: deciding what follows from an answer, repeating a call, and storing anything:
// package pay does.
//
// Invariants: a call asks once, with the key of its step; an error is a pay.Refused only
// where the provider has said no, and else nobody knows; no key and no body of a call comes
// into an error or a log.
package psp
