// Package member knows who charges: drivers, the numbered charging account each of
// them has, and the tokens they present.
//
// Owns: Driver, Token, the charging account number with its check digit, the one
// form under which the spellings of a token meet, and the verdict on a token.
// Refuses: money and how many sessions run (package ledger and package session
// judge these), and to keep personal data readable: the store seals it and finds it
// by keyed hashes only.
// Invariants:
//   - A token is unique within its operator across spellings and byte orders (RFD-R1).
//   - A login account is unique within its operator (USR-R1); a charging account
//     number is unique on the platform and never changes.
//   - A verdict speaks of a new start only: a car that charges is never trapped by it.
package member
