package ocpp

import (
	"net/http"
	"time"

	"ccms/internal/ident"
	"ccms/internal/operator"
)

// How often it is told that somebody knocks whom nobody knows: whoever makes up
// identities must not fill a table. What is refused here is refused, not kept.
var (
	// StrangerRate is for one identity.
	StrangerRate = operator.Rate{Burst: 1, Every: 10 * time.Minute}
	// StrangersRate is for all of them together.
	StrangersRate = operator.Rate{Burst: 60, Every: 30 * time.Second}
)

// stranger tells of an identity that is not registered, after it was turned away. The
// answer does not wait for it.
func (d *Door) stranger(r *http.Request, identity string) {
	now := d.opt.Now()
	if !ident.ValidIdentity(identity) { // noise, not a charge point
		return
	}
	if _, _, ok := d.strange.Spend(identity, now); !ok {
		return
	}
	if _, _, ok := d.strangers.Spend("", now); !ok {
		return
	}
	d.mu.Lock()
	if d.draining {
		d.mu.Unlock()
		return
	}
	d.running.Add(1)
	d.mu.Unlock()
	from := d.opt.ClientIP(r)
	go func() {
		defer d.running.Done()
		ctx, cancel := d.whileHere(storeWait)
		defer cancel()
		told, err := d.assets.Knocked(ctx, identity, now)
		switch {
		case ctx.Err() != nil:
		case err != nil:
			d.opt.Log.Error("an unknown charge point knocked, not stored", "identity", identity, "error", err)
		case told:
			d.opt.Log.Info("an unknown charge point knocks", "identity", identity, "from", from)
		}
	}()
}
