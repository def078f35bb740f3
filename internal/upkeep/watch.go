package upkeep

import (
	"slices"
	"time"

	"ccms/internal/ident"
)

// The numbers of the rules.
const (
	// Hold is how long a condition must be over before its warning ends (WARN-R3).
	Hold = 120 * time.Second
	// FlapTimes disconnects within FlapWithin are one FLAPPING.
	FlapTimes  = 5
	FlapWithin = 10 * time.Minute
	// StreakOf starts that fail in a row on a connector are a warning.
	StreakOf = 3
	// StormOver is the number of points of one site or firmware whose going away within
	// StormWithin is still no storm (WARN-R2).
	StormOver   = 20
	StormWithin = 2 * time.Minute
	// UnknownLive is how many identities that nobody knows have a warning of their own at
	// a time; the others share one.
	UnknownLive = 50
	// UnknownQuiet is how long an unknown identity must keep quiet.
	UnknownQuiet = 24 * time.Hour
	// SecurityQuiet is how long nothing of a kind must have happened to the security of a
	// charge point.
	SecurityQuiet = 24 * time.Hour
	// Recheck is how often a live warning is compared with what it is about, in case
	// that ended in a way that no fact tells. The first time is after Hold.
	Recheck = time.Hour
	// entriesKept is how many lines the history of one warning has; it counts on.
	entriesKept = 200
)

// Watch is what is remembered of one charge point between its facts.
type Watch struct {
	Point       ident.ChargePoint
	Operator    ident.Operator
	Sub         ident.SubOperator
	Disconnects int64       // ever, each counted (LIVE-R1)
	Recent      []time.Time // of the last FlapTimes of them
	Epoch       int64       // of the newest connection
	ClosedEpoch int64       // of the newest that was told as closed
	ClosedAt    time.Time   // since when its socket is closed; zero while it is open
	DueAt       time.Time   // when it counts as offline
	Streaks     map[int]int // starts that failed in a row, by connector
	Version     int64       // 0: not stored yet
}

func (w Watch) clone() Watch {
	w.Recent = slices.Clone(w.Recent)
	streaks := make(map[int]int, len(w.Streaks))
	for c, n := range w.Streaks {
		streaks[c] = n
	}
	w.Streaks = streaks
	return w
}

// flaps reports whether the last disconnects came too close together.
func (w Watch) flaps() bool {
	n := len(w.Recent)
	return n >= FlapTimes && w.Recent[n-1].Sub(w.Recent[0]) < FlapWithin
}
