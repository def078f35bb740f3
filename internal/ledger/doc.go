// Package ledger keeps the books: double entry, append-only, per currency.
//
// Owns: wallets (the numbered charging accounts of drivers and groups), entries and
// their postings, holds, recharges with their limits and the second person above one,
// the trial balance and the journal, the closing of months, and the checks of the books.
// Refuses: prices (package tariff), deciding whether somebody may charge (packages
// member and session), talking to payment providers (package pay).
//
// A posting puts an amount into a book: more money of the customer is positive in
// the wallet, what the operator earned or owes as tax is positive in its books, what
// was given without being received is negative in manual_credit. So what is above 0 is
// credit, what is below 0 is debit. The accounts are those that something posts to:
//
//	wallet           what a customer has with the operator, one for each charging account
//	wallet_bonus     the part of it that is bonus: spent like the rest, never paid out
//	bonus_given      what bonuses have cost
//	manual_credit    what staff gave without receiving it, and what they took back
//	cash, bank       what staff received at the desk or by transfer, below 0
//	provider:…       what a payment provider took for the operator, below 0, by provider
//	fees:…           what it kept of that
//	revenue:…        what was earned, by kind of fee
//	tax:…            what is owed as tax, by rate in permille
//
// An entry knows three instants. Event is when what it is of came to be: the end of a
// session, however late it is told; of a recharge and of whatever staff do, now. Booked
// is what it counts for in every sum: Event, or the first instant that is not closed
// where Event is in a closed month. At is when it was written. A day is the operator's.
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
//   - nothing is booked before the end of the last closed month, also where it was
//     posted while the month was closed: what is fresh cannot be of a month that may be
//     closed yet, and what is not holds the operator's row of the closings;
//   - an entry is taken back whole, and once; a recharge by its own reversal, which looks
//     at what is spent of it: what staff gave once, what was received in as many parts as
//     there are;
//   - what is above the operator's limit is given by two persons;
//   - a bill is posted whole. What the wallet does not have makes it negative: that
//     is a debt, never a forgotten kilowatt-hour.
package ledger
