package asset

import "time"

// Grace is how long a point still counts as online after its socket closed, so that
// a short loss does not flap on the screens (LIVE-R1).
const Grace = 60 * time.Second

// Silence is how long an open socket may say nothing before we hold it dead: more
// than two heartbeats of 300 s and three pings. A half-open socket, or a server that
// was killed before it could note the close, ends here.
const Silence = 11 * time.Minute

// Connection is the socket of a charge point as the database knows it.
type Connection struct {
	// Epoch counts the connections ever made; a write that names an older one fails.
	Epoch          int64
	Node           string // the server that holds the socket
	ConnectedAt    time.Time
	DisconnectedAt time.Time // zero while the socket is open
	LastSeenAt     time.Time // the last frame or pong
}

// Open reports whether the socket is open as far as we know.
func (c Connection) Open() bool { return !c.ConnectedAt.IsZero() && c.DisconnectedAt.IsZero() }

// OnlineUntil is the instant from which the point counts as offline if nothing
// more happens; the zero time where it never connected.
func (c Connection) OnlineUntil() time.Time {
	switch {
	case c.ConnectedAt.IsZero():
		return time.Time{}
	case c.Open():
		return c.LastSeenAt.Add(Silence)
	}
	until := c.DisconnectedAt.Add(Grace)
	// A socket noticed as dead long after its last frame was dead before.
	if silent := c.LastSeenAt.Add(Silence); silent.Before(until) {
		return silent
	}
	return until
}

// Online reports whether the point counts as online at now.
func (c Connection) Online(now time.Time) bool { return now.Before(c.OnlineUntil()) }
