// Package ocpi speaks OCPI, the protocol between platforms.
//
// Owns: reading a Tariff object of 2.2.1 and of 2.3.0 as a plan of one layer, so that it is
// rated by the engine of our own plans.
// Refuses: guessing. A number that the platform cannot hold exactly, and a restriction
// that it does not know, are errors that say where.
//
// Invariant: nothing of a tariff is lost on the way; the worked prices of the
// specification come out exactly (docs/decisions/0025-ocpi-tariffs-are-one-layer.md).
package ocpi
