// Package live carries what changed to the screens that watch.
//
// Owns: a lossy fan-out inside the process: who watches, what waits for them.
// Refuses: storing anything, and telling what the change was: a watcher reads the
// row itself, in its own scope.
// Invariants: publishing never waits for a watcher; a watcher holds a bounded
// number of events; one that fell behind is told so once and starts afresh; nobody
// hears of a row outside of their scope.
package live
