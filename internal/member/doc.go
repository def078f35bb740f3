// Package member knows who charges: drivers, the numbered charging account each of
// them has, the tokens they present, and which of these a charge point lets in by itself.
//
// Owns: Driver, Group, Token, the charging account number with its check digit, the one
// form under which the spellings of a token meet, and the verdict on a token; LocalList
// with the rule for its cards, its content by revision, and how far each charge point has
// it (ListPoint), with the push in parts that brings it there.
// Refuses: money and how many sessions run (package ledger and package session
// judge these), to keep personal data readable (the store seals it and finds it
// by keyed hashes only), and the way of a command to a charge point (package asset).
// Invariants:
//   - A token is unique within its operator across spellings and byte orders (RFD-R1).
//   - A login account is unique within its operator (USR-R1); a charging account
//     number is unique on the platform and never changes.
//   - A verdict speaks of a new start only: a car that charges is never trapped by it.
//   - A charge point has one list, and has it only when it names the version itself.
//   - One that may keep cards of ours is not let go of before it was emptied, whatever it
//     says meanwhile; each message has a version higher than all that it may have.
//   - A list tells of a card its uid, its status, its expiry and its account, no name (LAL-R8).
package member
