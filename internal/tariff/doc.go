// Package tariff holds billing plans and works out prices.
//
// Owns: Plan (layers of elements of components, immutable once saved: a change is
// a new version), Assignment and which plan wins for whom and where (Choose), the one rating function Rate (plan and usage → bill), its
// incremental twin Running, and what a hold must reserve. All of them read a Sheet:
// the plan in a zone, made ready once and shared by the sessions that it prices.
// Refuses: floating point, the wall clock, meter readings that are not monotone
// (package session judges those first), moving money (package ledger).
//
// Invariants:
//   - inside a layer the first element that matches prices a dimension, the total
//     is the sum of the layers;
//   - a line is one component of one element: its segments are summed before it is
//     rounded, half away from zero, once; tax is worked out once per rate on the
//     sum of the lines (MON-R2);
//   - a cut at an instant where no price changes never changes the price;
//   - intervals are half-open; a band edge is local time, elapsed time is real
//     time, so a day of 23 or 25 hours costs what was used (PRICE-R4, PRICE-R5);
//   - Running folded over the same points gives what Rate gives.
package tariff
