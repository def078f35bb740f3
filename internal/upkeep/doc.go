// Package upkeep keeps charge points in order: the warnings about them, the files that come
// from them, and the firmware that goes to them.
//
// Owns: Warning with its life (OPEN, ACKNOWLEDGED, SUPPRESSED, CLEARED), its history, the
// Window of maintenance, the level that an operator gives to a type, and the Watch
// of a charge point: disconnects counted, how long it has been away, starts that failed
// in a row. Which fact raises which warning, and when a condition is over. Transfer, one file
// under way between a charge point and us, with the credentials that open it alone; Image
// with its checksum and signature; Install, one image at one charge point; Campaign, an image
// for many (AST-R5).
// Refuses: what a connection, a status, a command or a bill is; it reads facts about them. It
// moves no bytes: a door takes and gives files, and the store seals them. It sends nothing to
// anybody: the facts warning.raised and warning.cleared are for that.
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
//   - The credentials of a transfer open one file in one direction, until it is over. A file
//     goes before its row, and one that has no row any more goes too. A row whose file is not
//     here says so: no backup has the files.
//   - An image is whole and its signature true before it can be installed. A point has one
//     install under way.
//   - An install is done when the point has started with the new version; what it says
//     before only moves it.
//   - Nothing is asked for during a session, unless staff say of one point that it is to be.
//   - A campaign begins nothing during a session, outside of its window or past its number
//     at once, and halts by itself above 5 % failures.
package upkeep
