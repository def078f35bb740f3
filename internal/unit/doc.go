// Package unit holds the integer quantities of electricity: energy in Wh,
// power in W, current in mA, voltage in mV, state of charge in permille.
//
// Owns: exact parsing from the decimal text a meter sends, and printing.
// Refuses: floating point. A value that does not fit the unit's resolution is
// rounded half away from zero, once, at the edge where text becomes a number.
// Invariant: no operation here loses a unit silently; overflow is an error.
package unit
