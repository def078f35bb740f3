// Package upkeep knows what staff should know: the warnings about charge points.
//
// Owns: Warning with its life (OPEN, ACKNOWLEDGED, SUPPRESSED, CLEARED), its history, the
// Window of maintenance, the level that an operator gives to a type, and the Watch
// of a charge point: disconnects counted, how long it has been away, starts that failed
// in a row. Which fact raises which warning, and when a condition is over.
// Refuses: what a connection, a status or a bill is; it reads facts about them. It
// sends nothing to anybody: the facts warning.raised and warning.cleared are for that.
//
// Invariants:
//   - There is one live warning per point, connector, type and code; the same again
//     counts it up (WARN-R1). Ended ones stay as the history.
//   - A warning ends by itself once its condition is over for the hold time (WARN-R3).
//     One about safety never does: a person has looked, or it stands.
//   - At is when it happened, by the device's corrected clock; ReceivedAt when we heard
//     of it. Lists go by At (LIVE-A9).
//   - What is raised in a window of maintenance is SUPPRESSED: it is kept and counted, and
//     nobody is asked to look. Safety is excepted. When the window ends, what holds is OPEN.
//   - More than 20 points of a site, or of a firmware, away within two minutes are one
//     warning with the others under it (WARN-R2).
package upkeep
