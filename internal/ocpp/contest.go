package ocpp

import (
	"hash/maphash"
	"net/http"
	"slices"
	"strconv"
	"time"

	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/ident"
)

// Two devices with one identity take each other's socket for ever (LIVE-R4). After so
// many replacements by another address or serial number in so short a time, the
// newcomer is held off until the first of them is that long ago.
const (
	contestAfter  = 3
	contestWithin = 5 * time.Minute
	contestTold   = time.Minute // how often at most it is told
)

// contest is what is remembered of a charge point whose socket others take.
type contest struct {
	times  []time.Time // of the last replacements
	serial bool        // the address was the same, the serial number another
	told   time.Time
}

func (c *contest) recent(now time.Time) []time.Time {
	c.times = slices.DeleteFunc(c.times, func(t time.Time) bool { return now.Sub(t) >= contestWithin })
	return c.times
}

var marks = maphash.MakeSeed()

// markOf is a short mark of an address or a serial number; 0 is none.
func markOf(s string) uint32 {
	if s == "" {
		return 0
	}
	return uint32(maphash.String(marks, s)) | 1
}

// replacedBy notes that c took the socket of old, which was open; d.mu is held.
func (d *Door) replacedBy(old, c *conn) {
	d.opt.Log.Info("a newer connection takes over", "charge_point", c.Point, "identity", c.identity, "old_epoch", old.Epoch, "epoch", c.Epoch)
	if old.from != c.from {
		d.contend(c.Point, false)
		return
	}
	c.rival.Store(old.serial.Load()) // its own is known once c has booted
}

// bootedAs compares the serial number of a device with that of the one it replaced.
func (d *Door) bootedAs(c *conn, serial string) {
	mine := markOf(serial)
	c.serial.Store(mine)
	if rival := c.rival.Swap(0); rival != 0 && mine != 0 && rival != mine {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.contend(c.Point, true)
	}
}

// contend counts a replacement; d.mu is held.
func (d *Door) contend(p ident.ChargePoint, serial bool) {
	now := d.opt.Now()
	for id, c := range d.contests { // few: only points that somebody takes
		if len(c.recent(now)) == 0 {
			delete(d.contests, id)
		}
	}
	c := d.contests[p]
	if c == nil {
		c = &contest{}
		d.contests[p] = c
	}
	c.times, c.serial = append(c.times, now), serial
}

// holdOff refuses a newcomer that would take the socket of another device once more.
func (d *Door) holdOff(w http.ResponseWriter, p asset.ChargePoint, from uint32) bool {
	d.mu.Lock()
	now := d.opt.Now()
	c, old := d.contests[p.ID], d.conns[p.ID]
	if c == nil || old == nil || old.peer.Over() || len(c.recent(now)) < contestAfter || old.from == from && !c.serial {
		d.mu.Unlock()
		return false
	}
	wait := c.times[len(c.times)-contestAfter].Add(contestWithin).Sub(now)
	why := "two addresses"
	if c.serial {
		why = "two serial numbers"
	}
	tell := now.Sub(c.told) >= contestTold && !d.draining
	if tell {
		c.told = now
		d.running.Add(1)
	}
	d.mu.Unlock()
	if tell {
		d.opt.Log.Warn("two charge points have one identity; the newcomer is held off", "charge_point", p.ID, "identity", p.Identity, "by", why)
		go func() {
			defer d.running.Done()
			ctx, cancel := d.whileHere(storeWait)
			defer cancel()
			sc := authz.ForChargePoint(p.Operator, p.Sub, p.ID)
			if err := d.assets.Contested(ctx, sc, p.ID, why); err != nil && ctx.Err() == nil {
				d.opt.Log.Error("two charge points with one identity, not stored", "charge_point", p.ID, "error", err)
			}
		}()
	}
	w.Header().Set("Retry-After", strconv.Itoa(int(wait/time.Second)+1))
	d.refuse(w, http.StatusTooManyRequests, "Another device is connected with this identity. Each charge point needs its own.")
	return true
}
