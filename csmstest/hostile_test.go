package csmstest

import (
	"net/http"
	"path/filepath"
	"strconv"
	"testing"

	"ccms/internal/app"
	"ccms/internal/store/storetest"
)

// lite is EachWith on SQLite alone: for what never reaches the database.
func lite(t *testing.T, o Options, f func(w *World)) {
	t.Helper()
	t.Parallel()
	f(newWorld(t, o, app.Config{DataDir: filepath.Dir(storetest.SQLiteURL(t))}))
}

// knock is a handshake's refusal, 101 where it was none.
func (p *Point) knock(h Handshake) *Refused {
	p.Helper()
	c, err := p.Knock(h)
	if err == nil {
		c.Drop()
		return &Refused{Status: http.StatusSwitchingProtocols}
	}
	r, ok := err.(*Refused)
	if !ok {
		p.Fatalf("the handshake ends with %v", err)
	}
	return r
}

// Whoever fails again and again is told to wait; whoever has the right key comes in all
// the while, from the same address, and so does one that mostly fails.
func TestHostile_FailedHandshakesAreThrottledAndNobodyIsBanned(t *testing.T) {
	lite(t, Options{}, func(w *World) {
		p, noisy := w.Point("CP1"), w.Point("CP2")
		c := p.Online()
		seen := map[int]int{}
		for i := range 200 {
			h := Handshake{Key: "wrong"}
			if i%2 == 0 {
				h = Handshake{Path: "/ocpp/NOBODY" + strconv.Itoa(i)}
			}
			r := noisy.knock(h)
			seen[r.Status]++
			if r.Status == http.StatusTooManyRequests {
				if n, err := strconv.Atoi(r.Header.Get("Retry-After")); err != nil || n < 1 || n > 60 {
					w.Fatalf("Retry-After %q", r.Header.Get("Retry-After"))
				}
			}
			if i%50 == 49 {
				noisy.Connect().Drop()
			}
		}
		if seen[401]+seen[404] < 60 || seen[429] < 100 || len(seen) != 3 {
			w.Errorf("the handshakes were answered %v", seen)
		}
		if n := len(w.Server.Lines("wrong key")); n > 70 {
			w.Errorf("%d lines about it in the log", n)
		}
		c.NotAsked() // the others have not noticed
	})
}
