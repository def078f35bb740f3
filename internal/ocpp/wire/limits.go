package wire

import "time"

// Limits bounds one connection in bytes and time. One value serves all
// connections of a listener; a zero field means its default.
type Limits struct {
	// Message is the largest message in bytes, all its fragments together;
	// past it the socket is closed with 1009.
	Message int

	// Idle closes the socket when no frame of any kind came for so long. It
	// must be longer than the longest heartbeat interval in use, because a
	// charge point without pings is heard only then. SetIdle changes it for
	// one connection.
	Idle time.Duration

	// Ping is the silence after which the server sends a ping; it keeps the
	// path through address translation open. Negative: never.
	Ping time.Duration

	// Partial is how long a frame that was begun may take to be complete.
	Partial time.Duration

	// Write is how long the peer may take to accept a frame. A write may wait
	// up to twice as long, since a deadline in the future is left as it is.
	Write time.Duration

	// Grace is how long the peer has to answer our close frame.
	Grace time.Duration
}

// The defaults of Limits.
const (
	DefaultMessage = 256 << 10
	DefaultIdle    = 15 * time.Minute
	DefaultPing    = time.Minute
	DefaultPartial = 30 * time.Second
	DefaultWrite   = 10 * time.Second
	DefaultGrace   = 3 * time.Second
)

func orDefault[T int | time.Duration](v, def T) T {
	if v == 0 {
		return def
	}
	return v
}
