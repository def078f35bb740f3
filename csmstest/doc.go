// Package csmstest is the whole server and charge points in one process, for tests.
//
// Owns: a node as cmd wires it, on a loopback port, with a clock that stands still
// until the test moves it, on both databases; charge points that send exactly the
// frames that a test writes; short ways to make what a session needs and to look at
// what became of it.
// Refuses: knowledge of any rule. What must come out stands in the tests.
//
// Invariants: after every test the books sum to zero, every wallet is what its
// postings and holds say, and the server has logged no error that the test did not
// announce.
package csmstest
