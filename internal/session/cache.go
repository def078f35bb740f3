package session

import (
	"context"
	"errors"
	"slices"
	"time"

	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/tariff"
)

// Cache is what a connection remembers of the session that its meter values go to, so
// that the next ones need no read (architecture, "MeterValues is the hot path"). It is
// never the truth: the write compares the session's revision and the connection's
// epoch with the stored ones, and where they differ everything is read and decided
// again. Every other report of the connection empties it. The reports of a connection
// come one after the other, so it needs no lock. The zero Cache is ready.
type Cache struct{ warm *warm }

// warm is a session as it was committed last. It does not change.
type warm struct {
	clock  Clock     // Received and Online are the report's
	since  time.Time // the connection's beginning
	prices *tariff.Sheet
	state  *State
}

// forget empties the cache; there may be none.
func (c *Cache) forget() {
	if c != nil {
		c.warm = nil
	}
}

// remember keeps what a report read and wrote, once that is committed. A session that
// is about anything but charging is read each time.
func (s *Service) remember(c *Cache, p asset.ChargePoint, st State) {
	if c == nil || st.Phase != Charging && st.Phase != Paused || st.RealStop || st.OCPPID <= 0 {
		return
	}
	prices := s.pricesKnown(&st)
	if prices == nil && !st.Plan.IsZero() {
		return
	}
	w := &warm{clock: Clock{Offset: p.ClockOffset, After: st.StartedAt, Site: s.zone(st.Zone)}, prices: prices, state: &st}
	if p.Zone != "" {
		w.clock.Zone = s.zone(p.Zone)
	}
	if p.Open() {
		w.since = p.ConnectedAt
	}
	c.warm = w
}

// fits reports whether the cache answers for the report: values of the session itself,
// for which nobody waits and which teach nothing about the clock.
func (c *Cache) fits(r *MeterReport) bool {
	if c == nil || c.warm == nil || len(r.Samples) == 0 || r.OCPPID != int64(c.warm.state.OCPPID) ||
		r.Samples[0].Context == "Trigger" || !c.warm.state.Inner.RefreshedAt.IsZero() {
		return false
	}
	for i := range r.Samples {
		if r.Samples[i].Stamp.Zoneless && c.warm.clock.Zone == nil {
			return false
		}
	}
	return true
}

// Measured is what a MeterValues writes where nothing else follows from it.
type Measured struct {
	State   *State // the next one; its Rev is still the stored one
	Epoch   int64  // of the connection it came on
	Samples []Sample
	Reads   []Read // of the samples
	Raw     Kept
}

// errCold says that the report needs more than the cache has.
var errCold = errors.New("session: not from the cache")

// meterWarm takes a report that fits the cache. done is false where it has to be taken
// without: then nothing is stored.
func (s *Service) meterWarm(ctx context.Context, sc authz.Scope, r *MeterReport) (done bool, err error) {
	from := r.Cache.warm
	r.Cache.warm = nil
	var next *warm
	err = s.write(ctx, sc, func(tx Tx) (err error) {
		next, err = from.meter(tx, r)
		return err
	})
	switch f := (*fault.Error)(nil); {
	case err == nil:
		r.Cache.warm = next
		return true, nil
	case errors.Is(err, errCold), errors.As(err, &f) && f.Kind == fault.Conflict && f.Code == "stale_version":
		return false, nil
	}
	return true, err
}

// meter is Service.meter without a read.
func (w *warm) meter(tx Tx, r *MeterReport) (*warm, error) {
	clock := w.clock
	clock.Received = r.ReceivedAt
	clock.Online = !w.since.IsZero() && r.ReceivedAt.Sub(w.since) > onlineAfter
	out := Measured{Epoch: r.Epoch, Samples: slices.Clone(r.Samples), Reads: make([]Read, len(r.Samples))}
	ev := Metered{Readings: make([]Reading, len(r.Samples))}
	for i := range out.Samples {
		read := clock.Read(out.Samples[i].Stamp)
		if read.Zone != nil || read.Measured != 0 {
			return nil, errCold // it teaches something about the clock
		}
		out.Samples[i].Reading.At = read.At
		out.Reads[i], ev.Readings[i] = read, out.Samples[i].Reading
		ev.Fixed = ev.Fixed || read.Fixed
		ev.Untimed = ev.Untimed || read.Untimed
	}
	sortReadings(ev.Readings)
	next := &warm{clock: w.clock, since: w.since, prices: w.prices}
	m := begin(w.state, Env{Now: tx.Now(), Prices: w.prices, MaxPower: w.state.MaxPower})
	m.take(ev)
	if m.then != (Then{}) || m.fact != "" || m.s.Runs() != w.state.Runs() || m.s.Phase != Charging && m.s.Phase != Paused {
		return nil, errCold
	}
	first := &out.Samples[0]
	out.State, out.Raw = &m.s, kept(w.state.Operator, w.state.Sub, w.state.Point, w.state.ID, "MeterValues", &r.Report, first.Stamp, out.Reads[0])
	fresh, err := tx.SaveMeasured(&out)
	if err != nil {
		return nil, err
	}
	if !fresh {
		return nil, errCold // some of it was there already
	}
	m.s.Rev++
	next.state = &m.s
	return next, nil
}

// kept is the raw report as it goes into the commit.
func kept(op ident.Operator, sub ident.SubOperator, p ident.ChargePoint, id ident.Session, kind string, r *Report, st Stamp, read Read) Kept {
	return Kept{
		Operator: op, Sub: sub, Point: p, Session: id, Kind: kind, MessageID: r.MessageID, Epoch: r.Epoch,
		DeviceAt: st.At, At: read.At, ReceivedAt: r.ReceivedAt, Offset: read.Offset, Raw: r.Raw, Flaws: r.Flaws,
	}
}
