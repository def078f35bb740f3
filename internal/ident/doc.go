// Package ident holds the identifiers of ccms: one Go type per thing, so that a
// site's id cannot be passed where a driver's is wanted.
//
// Owns: UUIDv7 ids with a text prefix ("site_…"), the identity of a charge point,
// the normal form of tokens.
// Refuses: ids from outside without their prefix.
// Invariant: text form and binary form map one to one; ids sort by the time they
// were made.
package ident
