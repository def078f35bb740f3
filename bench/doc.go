// Command bench measures what ccms costs, as ratios to floors of the same run.
//
// Owns: the floors (a raw TCP echo with one goroutine per connection; one
// group-committed insert of the same rows with the bare driver), a light load
// generator whose own cost does not count, and the report.
//
// Refuses: absolute bars. Machines are shared and differ; a figure without the
// floor that was measured beside it means nothing.
//
// Invariants: what is measured runs in a process of its own, its processor time
// and memory are read from /proc by this one; floor and system are measured in
// turn, several times, and the median ratio is reported with all of them.
package main
