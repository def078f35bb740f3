// Package fleet holds many charge points against one node in one process, on both
// databases, by the real clock.
//
// Owns: what holds for many that does not follow from what holds for one: all come at
// once, all stay, all are told something at once, all catch up after an outage; what is
// left afterwards of goroutines and memory; that one that is slow holds up nobody.
// Refuses: rules of charging (csmstest has them) and times in absolute numbers (bench
// compares with a floor of the same run).
//
// Invariants: the tests of this package run one after the other and in a process of
// their own, because they count what the whole process holds. With CCMS_LONG=1 they
// take the numbers of the work order, else a fiftieth.
package fleet
