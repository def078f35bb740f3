// Package fact holds what happened, in the past tense, and what shall happen later:
// the types that travel through the outbox and the job table.
//
// Owns: Fact (versioned, durable), Job arguments, and the Tx that records them.
// Refuses: delivery; package outbox and package job do that.
// Invariant: a fact is recorded in the same commit as the state it speaks of.
package fact
