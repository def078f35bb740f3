package ocpp

import (
	"crypto/tls"
	"net/http"
	"time"

	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/operator"
)

// How often it is told that somebody is refused who says to be a charge point of ours. A
// device with a wrong key tries for ever, and so does whoever guesses: nobody is shut out,
// and nothing fills with it.
var (
	// WrongKeys are the failures that are no event yet: the fifth in a row is (AST-A5).
	WrongKeys = operator.Rate{Burst: 4, Every: 2 * time.Minute}
	// RefusalsTold is for one point and one reason, ReasonsTold for all reasons of a point:
	// whoever shows a certificate chooses the date that its reason names.
	RefusalsTold = operator.Rate{Burst: 1, Every: 10 * time.Minute}
	ReasonsTold  = operator.Rate{Burst: 6, Every: 10 * time.Minute}
)

// handshakeOf reads how somebody comes.
func (d *Door) handshakeOf(r *http.Request) asset.Handshake {
	h := asset.Handshake{}
	h.User, h.Key, _ = r.BasicAuth()
	switch {
	case r.TLS != nil:
		h.TLS, h.Chain = true, r.TLS.PeerCertificates
		h.Transport = tls.VersionName(r.TLS.Version) + ", " + tls.CipherSuiteName(r.TLS.CipherSuite)
	case d.opt.ByTLS(r):
		h.TLS, h.Transport = true, "TLS up to the proxy"
	}
	return h
}

// refuseKnown answers somebody who is not let in as a charge point that there is, and
// tells staff.
func (d *Door) refuseKnown(w http.ResponseWriter, r *http.Request, p asset.ChargePoint, why asset.Refusal) {
	from := d.opt.ClientIP(r)
	if why.Shown { // the key is right: it may know what it lacks
		d.opt.Log.Warn("charge point refused", "charge_point", p.ID, "identity", p.Identity, "kind", why.Kind, "why", why.Detail, "from", from)
		d.refuse(w, http.StatusForbidden, why.Detail)
	} else {
		w.Header().Set("WWW-Authenticate", `Basic realm="ocpp"`)
		if !d.turnAway(w, r, http.StatusUnauthorized, "The identity and its key do not match.") {
			text := "charge point refused"
			if why.Kind == asset.KindWrongKey {
				text += ": wrong key"
			}
			d.opt.Log.Warn(text, "charge_point", p.ID, "identity", p.Identity, "why", why.Detail, "from", from)
		}
	}
	now := d.opt.Now()
	if why.Kind == asset.KindWrongKey {
		if _, _, few := d.wrong.Spend(p.ID.String(), now); few {
			return
		}
	}
	if _, _, ok := d.refusals.Spend(p.ID.String()+string(why.Kind)+why.Detail, now); !ok {
		return
	}
	if _, _, ok := d.reasons.Spend(p.ID.String(), now); !ok {
		return
	}
	d.mu.Lock()
	if d.draining {
		d.mu.Unlock()
		return
	}
	d.running.Add(1)
	d.mu.Unlock()
	go func() {
		defer d.running.Done()
		ctx, cancel := d.whileHere(storeWait)
		defer cancel()
		sc := authz.ForSystem(p.Operator, "a charge point is refused")
		if err := d.assets.Refused(ctx, sc, p.ID, why, from); err != nil && ctx.Err() == nil {
			d.opt.Log.Error("a refused charge point, not stored", "charge_point", p.ID, "error", err)
		}
	}()
}
