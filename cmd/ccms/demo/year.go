package demo

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"time"

	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/ledger"
	"ccms/internal/money"
	"ccms/internal/session"
	"ccms/internal/store"
	"ccms/internal/tariff"
	"ccms/internal/unit"
)

// longest is how many days the past has at most.
const longest = 365

// keepDays is how many days back samples and reports are kept.
const keepDays = 7

// Past says what is to be written.
type Past struct {
	Seed  uint64
	Until time.Time   // nothing ends later
	Days  int         // 1 to 365
	Staff ident.Staff // who recharged the accounts; none: the platform
	Log   *slog.Logger
}

const (
	// lastStop is how long before the past's end the last cars stop: then those of the
	// simulated charge points are there.
	lastStop = 15 * time.Minute
	// shortest is how long somebody stays at least.
	shortest = 5 * time.Minute
)

// Ends is when the last cars of the past stop.
func (p Past) Ends() time.Time { return p.Until.UTC().Truncate(time.Second).Add(-lastStop) }

// Written is what a run has written, or found there.
type Written struct{ Visits, Sessions, Recharges, Refused, Found int }

type meterKey struct {
	point     ident.ChargePoint
	connector int
}

type sheetKey struct {
	plan *tariff.Plan
	zone string
}

// year makes the visits, day by day. What a day is like depends on the seed, the day and
// what came before.
type year struct {
	Past
	world  *World
	until  time.Time
	meters map[meterKey]unit.Wh
	busy   map[meterKey]time.Time
	sheets map[sheetKey]*tariff.Sheet
	zones  map[string]*time.Location
	siteNo map[ident.Site]int
}

func newYear(w *World, p Past) *year {
	y := &year{Past: p, world: w, until: p.Until.UTC().Truncate(time.Second), meters: map[meterKey]unit.Wh{}, busy: map[meterKey]time.Time{},
		sheets: map[sheetKey]*tariff.Sheet{}, zones: map[string]*time.Location{}, siteNo: map[ident.Site]int{}}
	for i := range w.Points {
		x := &w.Points[i]
		if _, there := y.siteNo[x.Site]; !there {
			y.siteNo[x.Site] = len(y.siteNo)
		}
		for _, c := range x.Connectors {
			y.meters[meterKey{x.ID, c.Number}] = unit.Wh(150_000 + 37_000*i + 9_000*c.Number)
		}
	}
	for _, r := range w.riders {
		r.until = time.Time{}
	}
	return y
}

func (y *year) zone(name string) *time.Location {
	if y.zones[name] == nil {
		loc, err := time.LoadLocation(name)
		if err != nil {
			loc = time.UTC
		}
		y.zones[name] = loc
	}
	return y.zones[name]
}

// first is the first UTC day.
func (y *year) first() time.Time { return y.until.AddDate(0, 0, -y.Days).Truncate(24 * time.Hour) }

// day makes the visits of a UTC day, in the order of their beginning.
func (y *year) day(day time.Time) []visit {
	rng := rand.New(rand.NewPCG(y.Seed, uint64(day.Unix()/86_400)))
	ago := int(y.until.Sub(day) / (24 * time.Hour))
	type arrival struct {
		at time.Time
		p  *Point
		c  int
	}
	var all []arrival
	for i := range y.world.Points {
		p := &y.world.Points[i]
		for c := range p.Connectors {
			for _, at := range arrivals(rng, p, day, ago, y.zone(p.site.TimeZone)) {
				all = append(all, arrival{at, p, c})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b arrival) int { return a.at.Compare(b.at) })
	var out []visit
	for _, a := range all {
		c := a.p.Connectors[a.c]
		key := meterKey{a.p.ID, c.Number}
		if a.at.Before(y.busy[key]) || a.at.After(y.Ends().Add(-shortest)) {
			continue // the place is taken, or the past is over: this one drives on
		}
		v, ok := y.someVisit(rng, a.p, c, a.at, a.at.After(y.until.AddDate(0, 0, -keepDays)))
		if !ok || v.end.After(y.Ends().Add(shortest)) {
			continue
		}
		v.Start.ID = sessionID(day, len(out))
		if v.Start.StartedAt.IsZero() || v.story != strangers && v.story != barred {
			y.busy[key] = v.end.Add(emptyFor)
		}
		if v.rider != nil {
			v.rider.until = v.end.Add(30 * time.Minute)
		}
		out = append(out, v)
	}
	return out
}

// atOnce is how many visits are one commit: what runs waits no longer than for that.
const atOnce = 40

// Write writes the past, or what is missing of it.
func (w *World) Write(ctx context.Context, p Past) (Written, error) {
	var done Written
	switch {
	case p.Days < 1 || p.Days > longest:
		return done, fault.New(fault.Invalid, "demo_days", "The demo's past has between 1 and %d days.", longest)
	case len(w.riders) == 0 || len(w.Points) == 0:
		return done, fault.New(fault.Missing, "demo_world", "These data have no drivers of the demo's past. Use a new folder for it.")
	}
	if p.Log == nil {
		p.Log = slog.New(slog.DiscardHandler)
	}
	y := newYear(w, p)
	sessions := session.New(nil, nil, "demo")
	told := time.Now()
	first := y.first()
	for day := first; day.Before(y.until); day = day.AddDate(0, 0, 1) {
		for piece := range slices.Chunk(y.day(day), atOnce) {
			if err := ctx.Err(); err != nil {
				return done, err
			}
			var n Written
			err := w.store.Write(ctx, w.scope, func(tx *store.Tx) (err error) {
				n, err = y.write(tx, sessions, piece)
				return err
			})
			if err != nil {
				return done, fmt.Errorf("the demo's past, %s: %w", day.Format(time.DateOnly), err)
			}
			done.add(n)
			if w.after != nil {
				w.after(done)
			}
		}
		if time.Since(told) > 5*time.Second {
			told = time.Now()
			p.Log.Info("the demo's past is being written", "day", day.Format(time.DateOnly),
				"percent", int(100*day.Sub(first)/y.until.Sub(first)), "sessions", done.Sessions)
		}
	}
	return done, nil
}

func (d *Written) add(n Written) {
	d.Visits += n.Visits
	d.Sessions += n.Sessions
	d.Recharges += n.Recharges
	d.Refused += n.Refused
	d.Found += n.Found
}

// write writes a piece of a day, unless it is there.
func (y *year) write(tx *store.Tx, sessions *session.Service, piece []visit) (n Written, err error) {
	for i := range piece {
		_, err := tx.SessionByID(piece[i].Start.ID)
		if err == nil {
			return Written{Found: len(piece)}, nil
		}
		if !fault.Is(err, fault.Missing) {
			return n, err
		}
	}
	for i := range piece {
		v := piece[i] // the closure may run twice
		n.Visits++
		if v.mayCharge() && v.careful {
			if err := y.recharge(tx, &v, -time.Hour, false, &n); err != nil {
				return n, err
			}
		}
		st, answer, err := sessions.Retell(tx, v.Past)
		if err == nil && st.ID.IsZero() && answer == session.Blocked && v.mayCharge() {
			n.Refused++
			// The driver recharges and tries again.
			if err = y.recharge(tx, &v, 2*time.Minute, true, &n); err == nil {
				v.shift(5 * time.Minute)
				st, answer, err = sessions.Retell(tx, v.Past)
			}
		}
		switch {
		case err != nil:
			return n, err
		case !st.ID.IsZero():
			n.Sessions++
		case answer != session.Accepted:
			n.Refused++
		}
	}
	return n, nil
}

// recharge puts money on the driver's account at some distance from the visit; unless it
// must be, only if there is little.
func (y *year) recharge(tx *store.Tx, v *visit, after time.Duration, must bool, n *Written) error {
	wallet := v.Holder.Driver.Wallet
	at := v.AskedAt
	for _, t := range []time.Time{v.Start.RequestedAt, v.Start.StartedAt} {
		if at.IsZero() {
			at = t
		}
	}
	if err := tx.Backdate(at.Add(after)); err != nil {
		return err
	}
	a, err := tx.AccountByID(wallet)
	if err != nil {
		return err
	}
	const forAC, forDC = 20_00, 45_00
	enough := money.New(pick(v.Start.MaxPower > 50_000, int64(forDC), forAC), currency)
	if !must && enough.Less(a.Available()) {
		return nil
	}
	h := v.Start.ID.Bytes()[12]
	amount := []int64{20_00, 30_00, 50_00, 50_00, 50_00, 80_00, 100_00, 150_00}[h%8]
	for a.Available().Minor+amount < enough.Minor*2 {
		amount += 50_00
	}
	n.Recharges++
	_, _, err = ledger.Credit(tx, ledger.RechargeRequest{
		Driver: v.Holder.Driver.ID, Account: wallet, Amount: money.New(amount, currency), From: ledger.FromAdmin,
		Reason: []string{"paid at the desk", "bank transfer", "paid by phone", "paid at the desk"}[h/8%4],
		Key:    "demo " + v.Start.ID.String() + after.String(),
	}, y.Staff)
	return err
}

// Scope is the scope that the past is written in.
func (w *World) Scope() authz.Scope { return w.scope }
