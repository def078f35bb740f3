package operator

import (
	"crypto/sha256"
	"time"
)

// Rate allows Burst attempts at once and one more every Every.
type Rate struct {
	Burst int
	Every time.Duration
}

// How often somebody may try a password. Per login it stops guessing one account,
// per address it stops trying one password on many. The address is wider, because
// an office shares one.
var (
	LoginRate   = Rate{Burst: 5, Every: time.Minute}
	AddressRate = Rate{Burst: 30, Every: 10 * time.Second}
)

// spend is the generic cell rate algorithm: tat is the theoretical arrival time of
// the next attempt if all came at the allowed pace. It returns the new tat, and how
// long to wait where the attempt is refused. A refused attempt costs nothing, so
// that whoever waits as told gets in.
func (r Rate) spend(tat, now time.Time) (next time.Time, wait time.Duration, ok bool) {
	if tat.Before(now) {
		tat = now // idle: the whole burst is there again
	}
	next = tat.Add(r.Every)
	if wait = next.Sub(now) - time.Duration(r.Burst)*r.Every; wait > 0 {
		return tat, wait, false
	}
	return next, 0, true
}

// refund gives one attempt back.
func (r Rate) refund(tat time.Time) time.Time { return tat.Add(-r.Every) }

// bucket names a counter without keeping what it counts: logins and addresses are
// personal data.
func bucket(kind, of string) []byte {
	h := sha256.Sum256([]byte(kind + "\x00" + of))
	return h[:]
}
