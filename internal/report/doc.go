// Package report is what Home shows: how many connectors are free, what the network
// draws, what was charged and what was earned, and the sums that this is read from.
//
// Owns: the sums of sessions and postings by hour, day and month, and when they are
// made anew; power now and its curve; the blocks of a person's home page; the
// arithmetic between (totals, averages, shares, days of a licence).
// Refuses: rows of its own invention. A sum is made from sessions and postings and
// says what they say; what is not measured is absent, never 0.
//
// Invariants:
//   - a session counts in the bucket of its end on its site's clock, however late it
//     came (HOME-R4); a posting in the bucket of its date on the operator's clock;
//   - a day is the sum of its hours, a month of its days, a year of its months
//     (HOME-A3); who was seen is counted, not summed;
//   - a bucket is made anew from its rows, so that making it twice changes nothing; a
//     mark says which, and lies in the commit of the cursor that read the fact;
//   - the connectors of all slices are the connectors in scope (HOME-R2);
//   - currencies are never added; power that is older than two samples is not now.
package report
