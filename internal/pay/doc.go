// Package pay is money that comes and goes through a payment provider: cards, PayPal.
//
// Owns: the Payment and its state machine (Apply, pure), the steps that a provider is
// asked for and the worker that carries them on, refunds, saved cards, which methods an
// operator offers and with which keys, webhooks, and the comparison with the provider;
// Guest, a charge that is paid on the spot, from the hold to its capture.
// Refuses: the words of a provider (package psp speaks them), what a wallet has (package
// ledger), card numbers: those are typed at the provider only (PAY-R9).
//
// A provider is asked outside of any transaction. What shall happen is stored before, as
// a Step with the key that every repetition carries (MON-R6); what came of it after. A
// step whose answer is lost is looked up before it is sent again, so that a crash between
// any two of these neither takes money twice nor forgets it.
//
// Invariants:
//   - a payment has one open step at most; who works on it has claimed it, and the claim
//     ends by itself where the worker dies;
//   - what a webhook says is never believed: it makes us look. So it may come twice, late
//     or in any order (PAY-R7);
//   - money that a provider took is in the ledger in the commit that says so, once;
//   - Captured never shrinks, Refunded + Refunding never exceed it (PAY-R8);
//   - the keys of an operator are sealed, and no answer has them.
package pay
