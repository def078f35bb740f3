// Package archtest keeps the shape of the tree by tests.
//
// Owns: the list of packages and their layers, and the rules that hold for
// every file: who may import whom, what a domain package may not touch, which
// words are not used, what each folder must carry.
//
// Refuses: matters of taste that a reader settles better, and everything that
// go vet and golangci-lint already say.
//
// Invariants: every rule has a function that judges one import, one file or one
// line, a table test that shows it failing, and a test that runs it over the
// tree. A failure says the reason for the rule. Rules speak of packages that
// need not exist yet; the list in layers.go is a ceiling.
package archtest
