// Package demo is the world of `ccms demo`: places, prices, people and a year of
// sessions that could have been.
//
// Owns: which sites, charge points, drivers and plans the demo has, who charges where and
// when, and the order in which that past is written.
// Refuses: arithmetic of its own. What a session costs and whether it may start is decided
// by packages session, tariff and ledger, as for one that runs.
//
// Invariants:
//   - the same seed and the same end give the same past, to the watt-hour and the cent;
//   - a day is written in pieces of one commit each, and a piece that is there is left
//     alone: who was interrupted goes on, and nothing is there twice;
//   - nothing ends after the moment at which the demo was made; from then on its charge
//     points are simulated in real time, with cars that come by the same habits.
package demo
