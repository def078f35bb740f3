// Package ledger keeps the books: double entry, append-only, per currency.
//
// Owns: wallets (the numbered charging accounts of drivers and groups), entries and
// their postings, holds, recharges, and the checks of the books.
// Refuses: prices (package tariff), deciding whether somebody may charge (packages
// member and session), talking to payment providers (package pay).
//
// A posting puts an amount into a book: more money of the customer is positive in
// the wallet, what the operator earned or owes as tax is positive in its books, what
// was given without being received is negative in manual_credit.
//
// Invariants:
//   - the postings of an entry sum to zero per currency; entries are never changed,
//     a correction is a new entry that points at what it corrects (MON-R5);
//   - only wallets have a stored balance: it changes in the posting's own commit,
//     under the account's lock, and equals the sum of its postings; every other book
//     is a sum, so there is no row that all sessions wait for;
//   - what sessions hold counts against the balance before anything else may spend
//     it (BAL-R3); holds are not postings;
//   - an entry's key is unique in its operator: the same request posts once;
//   - a bill is posted whole. What the wallet does not have makes it negative: that
//     is a debt, never a forgotten kilowatt-hour.
package ledger
