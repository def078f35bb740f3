package ledger

import "time"

const (
	// freshFor is how long after it came to be something is booked without asking
	// whether its month is closed.
	freshFor = 5 * time.Minute
	// closeAfter is how long a month must be over before it can be closed. It is longer
	// than freshFor and the longest that a commit takes, so that what is fresh can never
	// be of a closed month.
	closeAfter = 15 * time.Minute
)

// Never is until when books are closed that never were.
var Never = time.Unix(0, 0).UTC()

// oldest is the oldest date that is believed (BILL-R7): what claims to be older is
// booked now.
var oldest = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)

// date says what the entry counts for: when what it is of came to be, or the first
// instant that is not closed. What claims to come from the future is of now.
func date(tx Tx, e *Entry) error {
	now := tx.Now()
	if e.Event.Before(oldest) || e.Event.After(now) {
		e.Event = now
	}
	e.Booked = e.Event
	if !tx.Past() && now.Sub(e.Event) < freshFor {
		return nil
	}
	closed, err := tx.ClosedUntil(e.Operator)
	if err != nil {
		return err
	}
	if e.Booked.Before(closed) {
		e.Booked = closed
	}
	if e.Booked.After(now) { // a history that is written into a closed month
		return closedError(closed)
	}
	return nil
}

func hours(n int) time.Duration { return time.Duration(n) * time.Hour }
