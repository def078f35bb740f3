package session

import (
	"context"
	"errors"
	"sync"
	"time"

	"ccms/internal/asset"
	"ccms/internal/authz"
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

// warm is a session as it was committed last.
type warm struct {
	clock  Clock     // Received and Online are the report's
	since  time.Time // the connection's beginning
	prices *tariff.Sheet
	state  State
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
	w := &warm{clock: Clock{Offset: p.ClockOffset, After: st.StartedAt, Site: s.zone(st.Zone)}, prices: prices, state: st}
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

// Measured is what a MeterValues writes where nothing else follows from it. It counts
// until the write has ended.
type Measured struct {
	State   *State // the next one; its Rev is still the stored one
	Epoch   int64  // of the connection it came on
	Samples []Sample
	Reads   []Read // of the samples
	Raw     Kept
}

// errCold says that the report needs more than the cache has.
var errCold = errors.New("session: not from the cache")

// work is room for one report that fits the cache. What stays of it is copied.
type work struct {
	machine
	warm     *warm
	report   MeterReport
	out      Measured
	reads    []Read
	readings []Reading
	decide   func(Tx) error // meter, bound once
}

var works = sync.Pool{New: func() any {
	w := new(work)
	w.decide = w.meter
	return w
}}

// meterWarm takes a report that fits the cache. done is false where it has to be taken
// without: then nothing is stored.
func (s *Service) meterWarm(ctx context.Context, sc authz.Scope, r *MeterReport) (done bool, err error) {
	w := works.Get().(*work)
	w.warm, w.report = r.Cache.warm, *r
	r.Cache.warm = nil
	err = s.write(ctx, sc, w.decide)
	if err == nil {
		w.s.Rev++
		w.warm.state = w.s
		r.Cache.warm = w.warm
	}
	w.clear()
	works.Put(w)
	if err != nil && (errors.Is(err, errCold) || stale(err)) {
		return false, nil
	}
	return true, err
}

// clear lets go of everything but the room.
func (w *work) clear() {
	clear(w.reads)
	clear(w.readings)
	*w = work{reads: w.reads[:0], readings: w.readings[:0], decide: w.decide}
}

// meter is Service.meter without a read.
func (w *work) meter(tx Tx) error {
	r, state, clock := &w.report, &w.warm.state, w.warm.clock
	clock.Received = r.ReceivedAt
	clock.Online = !w.warm.since.IsZero() && r.ReceivedAt.Sub(w.warm.since) > onlineAfter
	ev := Metered{Readings: w.readings[:0]}
	w.reads = w.reads[:0]
	newest := state.NewestAt
	for i := range r.Samples {
		clock.Last = follows(state.Last.At, &r.Samples[i], ev.Readings)
		read := clock.Read(r.Samples[i].Stamp)
		if read.Zone != nil || read.Measured != 0 {
			return errCold // it teaches something about the clock
		}
		device := r.Samples[i].Device(read)
		if !device.After(state.NewestAt) {
			return errCold // it may be there already
		}
		newest = later(newest, device)
		r.Samples[i].Reading.At = read.At
		if state.swapped(&r.Samples[i]) != state.Inner.Swapped {
			return errCold
		}
		r.Samples[i].inUnit(state.Inner.Swapped)
		w.reads = append(w.reads, read)
		ev.Readings = append(ev.Readings, r.Samples[i].Reading)
		ev.Fixed = ev.Fixed || read.Fixed
		ev.Untimed = ev.Untimed || read.Untimed
	}
	sortReadings(ev.Readings)
	w.readings = ev.Readings
	m := &w.machine
	m.begin(state, Env{Now: tx.Now(), Prices: w.warm.prices, MaxPower: state.MaxPower})
	ev.apply(m)
	m.time()
	m.s.NewestAt = newest
	if m.then != (Then{}) || m.fact != "" || !onlyMeter(state, &m.s) {
		return errCold
	}
	w.out = Measured{
		State: &m.s, Epoch: r.Epoch, Samples: r.Samples, Reads: w.reads,
		Raw: kept(state.Operator, state.Sub, state.Point, state.ID, "MeterValues", &r.Report, r.Samples[0].Stamp, w.reads[0]),
	}
	return tx.SaveMeasured(&w.out)
}

// kept is the raw report as it goes into the commit.
func kept(op ident.Operator, sub ident.SubOperator, p ident.ChargePoint, id ident.Session, kind string, r *Report, st Stamp, read Read) Kept {
	return Kept{
		Operator: op, Sub: sub, Point: p, Session: id, Kind: kind, MessageID: r.MessageID, Epoch: r.Epoch,
		DeviceAt: st.At, At: read.At, ReceivedAt: r.ReceivedAt, Offset: read.Offset, Raw: r.Raw, Flaws: r.Flaws,
	}
}
