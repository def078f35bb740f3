// Package money holds amounts and prices as integers.
//
// Owns: Amount (minor units of one currency), Rate (millionths of the major
// unit), the exponent of each currency (ISO 4217), rounding.
// Refuses: floating point, and adding two currencies.
// Invariant: rounding happens once, half away from zero (MON-R2), so that a
// credit note mirrors its bill exactly.
package money
