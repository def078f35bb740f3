// Package operator says who runs charge points and who works for them.
//
// Owns: operators, sub-operators, staff, login sessions, API tokens, the throttle
// on logins, and reading the audit. It also holds Page and List, because it is the
// first domain package and every list of the others has their shape.
// Refuses: prices, money and charge points; what a role may do (package authz);
// cookies and headers (the door's).
// Invariants: passwords and tokens are kept as hashes only; hashing happens outside
// of transactions; an unknown login costs the same time and gets the same answer as
// a wrong password; an operator that has an OpAdmin keeps one (SEC-R2); there are
// two tiers and no third (SUB-R5).
package operator
