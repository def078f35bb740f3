package ocpp

import (
	"context"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"ccms/internal/asset"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/ocpp/wire"
	"ccms/internal/operator"
)

// How often a charge point that nobody registered is listened to: whoever makes up
// identities must not fill the inbox, nor take its room from an honest newcomer.
var (
	// StrangerRate is for one identity.
	StrangerRate = operator.Rate{Burst: 6, Every: time.Minute}
	// StrangerOrigin is for one address. A whole fleet may stand behind it.
	StrangerOrigin = operator.Rate{Burst: 60, Every: 30 * time.Second}
	// StrangersRate is for all of them together.
	StrangersRate = operator.Rate{Burst: 120, Every: 2 * time.Second}
)

// What strangers may hold.
const (
	// MaxStrangers is how many are connected at once. Past it the one that has been there
	// longest makes room, after StrangerStay.
	MaxStrangers = 64
	// StrangerStay is what each has for saying who it is.
	StrangerStay = time.Minute
)

// nameless reports whether a path ends before the identity: its last segment is the prefix
// or an operator's code.
func nameless(path, last string) bool {
	return last == "" || last == strings.Trim(Prefix, "/") || last == codeOf(path+"/-")
}

// codeOf is the operator's code in a path /ocpp/<code>/<identity>; "" where there is none.
func codeOf(path string) string {
	segments := strings.FieldsFunc(path, func(r rune) bool { return r == '/' })
	if n := len(segments); n >= 3 && len(segments[n-2]) == 6 && strings.Trim(segments[n-2], "0123456789") == "" {
		return segments[n-2]
	}
	return ""
}

// codeFor is the operator's code in the path of who came as identity, which need not be in
// the path itself (behaviour 7).
func codeFor(path, identity string) string {
	if last := lastOf(path); last != identity && nameless(path, last) {
		return codeOf(path + "/-")
	}
	return codeOf(path)
}

// stranger answers a handshake with an identity that is not registered: into the inbox, or
// 404. Nothing else tells the two apart from outside.
func (d *Door) stranger(w http.ResponseWriter, r *http.Request, identity string) {
	const nobody = "There is no such charge point."
	now, from := d.opt.Now(), d.opt.ClientIP(r)
	if !ident.ValidIdentity(identity) { // noise, not a charge point
		d.turnAway(w, r, http.StatusNotFound, nobody)
		return
	}
	for _, c := range []struct {
		crowd *operator.Crowd
		name  string
	}{{d.strange, identity}, {d.origins, operator.OriginName(from)}, {d.strangers, ""}} {
		if _, wait, ok := c.crowd.Spend(c.name, now); !ok {
			w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
			d.turnAway(w, r, http.StatusNotFound, nobody)
			return
		}
	}
	knock := asset.Knock{Identity: identity, Code: codeFor(r.URL.Path, identity), Address: from, At: now}
	if user, password, ok := r.BasicAuth(); ok && user == identity {
		knock.Password = password
	}
	ctx, cancel := d.whileHere(LookupWithin)
	defer cancel()
	welcome, err := d.assets.Knocked(ctx, knock)
	switch {
	case fault.Is(err, fault.Conflict): // it knocks twice at once
		d.refuse(w, http.StatusServiceUnavailable, "Try again later.")
		return
	case err != nil:
		d.opt.Log.Error("an unknown charge point knocked, not stored", "identity", identity, "error", err)
		d.refuse(w, http.StatusServiceUnavailable, "Try again later.")
		return
	case welcome.Told:
		d.opt.Log.Info("an unknown charge point knocks", "identity", identity, "from", from)
	}
	if !welcome.Admit {
		d.turnAway(w, r, http.StatusNotFound, nobody)
		return
	}
	if !d.roomForGuest(identity, now) {
		w.Header().Set("Retry-After", retryAfter())
		d.refuse(w, http.StatusServiceUnavailable, "Too many unknown charge points at once; connect again later.")
		return
	}
	ws, err := wire.Upgrade(w, r, wire.Policy{Protocols: []string{"ocpp1.6"}}, &d.opt.Limits)
	if err != nil {
		d.Stats.Refused.Add(1)
		return
	}
	d.letIn(newGuest(d, identity, welcome, now), ws)
}

// roomForGuest reports whether another stranger may be connected; the one that has been
// there longest makes room once it had time to say who it is.
func (d *Door) roomForGuest(identity string, now time.Time) bool {
	d.mu.Lock()
	var longest *guest
	full := len(d.guests) >= MaxStrangers && d.guests[identity] == nil
	if full {
		for _, g := range d.guests {
			if longest == nil || g.since.Before(longest.since) {
				longest = g
			}
		}
		if now.Sub(longest.since) < StrangerStay {
			longest = nil
		} else {
			delete(d.guests, longest.identity)
		}
	}
	d.mu.Unlock()
	if longest != nil {
		longest.peer.Close(wire.CloseTryLater, "others want to say who they are")
	}
	return !full || longest != nil
}

// letIn makes g the connection of its identity; the newest wins.
func (d *Door) letIn(g *guest, ws *wire.Conn) {
	d.mu.Lock()
	if d.draining || d.away.on {
		d.mu.Unlock()
		_ = ws.Close(wire.CloseTryLater, "try again later")
		return
	}
	g.meet(ws)
	old := d.guests[g.identity]
	d.guests[g.identity] = g
	d.running.Add(1)
	d.mu.Unlock()
	if old != nil {
		old.peer.CloseNow()
	}
	d.opt.Log.Info("an unknown charge point is connected", "identity", g.identity)
	go g.peer.Start()
}

// Settled closes the connection of a stranger about whom staff decided: one that was
// adopted connects again and is known.
func (d *Door) Settled(identity string) {
	d.mu.Lock()
	g := d.guests[identity]
	d.mu.Unlock()
	if g != nil {
		g.peer.Close(wire.CloseTryLater, "connect again")
	}
}

// Strangers is how many charge points are connected that nobody registered.
func (d *Door) Strangers() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.guests)
}

func (d *Door) guestGone(g *guest) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.guests[g.identity] == g {
		delete(d.guests, g.identity)
	}
}

// keptFor is how long an answer of the store may take that a stranger waits for.
func (d *Door) keptFor(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, storeWait)
}
