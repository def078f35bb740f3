package ocpp

import (
	"context"
	"math"
	"net"
	"net/http"
	"strconv"
	"time"

	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/operator"
)

// What a handshake may cost before it is known who knocks.
const (
	// MaxLookups is how many handshakes ask the store at once; the others wait.
	MaxLookups = 64
	// LookupWithin is how long one may wait for that and for the answer.
	LookupWithin = 10 * time.Second
)

// FailedKnocks is how often one address may fail to get in before it is told 429 instead
// of what is wrong. Nobody is shut out: whoever has the right key comes in meanwhile,
// and a request that is no handshake does not count (behaviour 9).
var FailedKnocks = operator.Rate{Burst: 60, Every: time.Second}

// whose finds out who comes and answers whoever is not let in. What changed while it was
// judged, it is judged by once more.
func (d *Door) whose(w http.ResponseWriter, r *http.Request) (p asset.ChargePoint, from uint32, ok bool) {
	shown := d.handshakeOf(r)
	from = markOf(d.opt.ClientIP(r))
	var err error
	for range 2 {
		id := identity(r.URL)
		var candidate asset.Candidate
		candidate, err = d.identify(r.Context(), id, shown)
		if fault.Is(err, fault.Missing) && shown.User != "" && shown.User != id && nameless(r.URL.Path, id) { // behaviour 7
			id = shown.User
			candidate, err = d.identify(r.Context(), id, shown)
		}
		switch {
		case fault.Is(err, fault.Missing):
			d.stranger(w, r, id)
			return p, from, false
		case r.Context().Err() != nil: // it has gone again
			return p, from, false
		case err != nil:
			d.opt.Log.Error("identify", "identity", id, "error", err)
			d.refuse(w, http.StatusServiceUnavailable, "Try again later.")
			return p, from, false
		}
		p = candidate.Point
		admission, refusal := d.assets.Judge(candidate, shown, d.opt.Now())
		if refusal != nil {
			d.refuseKnown(w, r, p, *refusal)
			return p, from, false
		}
		if d.holdOff(w, p, from) {
			return p, from, false
		}
		if err = d.admitted(r.Context(), candidate, admission); err == nil {
			return p, from, true
		}
		if f := fault.Of(err); f.Code != asset.CodeJudgedBefore && f.Kind != fault.Missing {
			break
		}
	}
	if r.Context().Err() == nil {
		d.opt.Log.Error("how a charge point came, not stored", "charge_point", p.ID, "error", err)
		d.refuse(w, http.StatusServiceUnavailable, "Try again later.")
	}
	return p, from, false
}

// identify finds who knocks.
func (d *Door) identify(ctx context.Context, id string, h asset.Handshake) (asset.Candidate, error) {
	ctx, cancel := context.WithTimeout(ctx, LookupWithin)
	defer cancel()
	select {
	case d.looking <- struct{}{}:
		defer func() { <-d.looking }()
	case <-ctx.Done():
		return asset.Candidate{}, fault.New(fault.Unavailable, "busy", "Too many handshakes at once.")
	}
	return d.assets.Candidate(ctx, id, h)
}

// admitted stores what somebody showed that is let in, before anything is said to it.
func (d *Door) admitted(ctx context.Context, c asset.Candidate, a asset.Admission) error {
	ctx, cancel := context.WithTimeout(ctx, LookupWithin)
	defer cancel()
	return d.assets.Admitted(ctx, authz.ForChargePoint(c.Point.Operator, c.Point.Sub, c.Point.ID), c, a)
}

// turnAway answers somebody who has not shown to be a charge point of ours.
func (d *Door) turnAway(w http.ResponseWriter, r *http.Request, status int, text string) (quietly bool) {
	if _, wait, ok := d.failed.Spend(operator.OriginName(d.opt.ClientIP(r)), time.Now()); !ok {
		w.Header().Del("WWW-Authenticate")
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
		d.refuse(w, http.StatusTooManyRequests, "Too many failed handshakes from this address; the right key is let in at any time.")
		return true
	}
	d.refuse(w, status, text)
	return false
}

// peerIP is the address as the socket knows it.
func peerIP(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}
