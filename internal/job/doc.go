// Package job runs work that was asked for in a commit, later, at least once.
//
// Owns: claiming due jobs, their repetition with growing pauses, and giving up.
// Refuses: jobs that no row asks for (store's Tx.Later), and a transaction held open
// while a job works.
//
// Invariants:
//   - two runners never finish one job twice: the claim and the end compare what was
//     read, and the job goes in the commit of its effect;
//   - a job whose runner died is claimed again when its lease ends;
//   - a job that keeps failing ends dead, with its last error, and is kept.
package job
