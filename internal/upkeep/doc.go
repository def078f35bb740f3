// Package upkeep knows what staff should know, the warnings about charge points, and what
// is brought out of them and into them: files and firmware.
//
// Owns: Warning with its life (OPEN, ACKNOWLEDGED, CLEARED), its history, and the Watch
// of a charge point: disconnects counted, how long it has been away, starts that failed
// in a row. Which fact raises which warning, and when a condition is over. Transfer, one
// file and the credentials for it alone; Image, Install and Campaign of firmware.
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
//   - An address takes one file, once, or gives one image until the install is over. A row
//     goes after its file, and a file whose row is gone goes too.
//   - An install is done when the device has started with the version. It is not asked for
//     during a session unless staff say so (AST-R5).
//   - More than 20 points of a site, or of a firmware, away within two minutes are one
//     warning with the others under it (WARN-R2).
package upkeep
