package session

import (
	"context"
	"slices"
	"time"

	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/ident"
	"ccms/internal/money"
)

// Meter takes a MeterValues. It is attached by its transactionId, else by connector
// and time, never to "the newest one open" (PAIN-16).
func (s *Service) Meter(ctx context.Context, sc authz.Scope, r MeterReport) error {
	if r.Cache.fits(&r) {
		if done, err := s.meterWarm(ctx, sc, &r); done {
			return err
		}
	}
	return s.meterCold(ctx, sc, r)
}

// meterCold reads what the report is about.
func (s *Service) meterCold(ctx context.Context, sc authz.Scope, r MeterReport) error {
	var (
		p  asset.ChargePoint
		st State
		ok bool
	)
	err := s.once(ctx, sc, func(tx Tx) (err error) {
		var place Place
		p, place, err = s.point(tx, r.Report, func() {
			if r.OCPPID > 0 {
				_, _, _ = tx.SessionByOCPPID(r.Point, r.OCPPID)
			}
		})
		if err != nil {
			return err
		}
		st, ok, err = s.meterSession(tx, p, place, r)
		if err != nil {
			return err
		}
		if !ok {
			var stamp Stamp
			if len(r.Samples) > 0 {
				stamp = r.Samples[0].Stamp
			}
			// Values of an idle connector, by the clock or because somebody asked, or of a
			// session nobody knows.
			if err := asset.Triggered(tx, p.ID, "MeterValues", "Meter values arrived."); err != nil {
				return err
			}
			return s.keep(tx, p, ident.Session{}, "MeterValues", r.Report, stamp, Read{At: r.ReceivedAt})
		}
		st, err = s.meter(tx, p, st, r)
		return err
	})
	if err == nil && ok {
		s.remember(r.Cache, p, st)
	}
	return err
}

func (s *Service) meter(tx Tx, p asset.ChargePoint, st State, r MeterReport) (State, error) {
	ev, first, err := s.samples(tx, p, &st, r.Report, r.Samples)
	if err != nil {
		return st, err
	}
	if err := s.keep(tx, p, st.ID, "MeterValues", r.Report, first.Stamp, first.read); err != nil {
		return st, err
	}
	if asked := st.Inner.RefreshedAt; !asked.IsZero() || len(r.Samples) > 0 && r.Samples[0].Context == "Trigger" {
		st.Inner.RefreshedAt = time.Time{}
		if err := asset.Triggered(tx, p.ID, "MeterValues", "Meter values arrived."); err != nil {
			return st, err
		}
	}
	if len(ev.Readings) == 0 {
		return State{}, nil // a repeat: everything is there already, and nothing new to remember
	}
	return s.step(tx, st, ev)
}

type firstRead struct {
	Stamp Stamp
	read  Read
}

// samples stores what is new of a message and makes the event of it.
func (s *Service) samples(tx Tx, p asset.ChargePoint, st *State, r Report, in []Sample) (Metered, firstRead, error) {
	newest := st.NewestAt
	defer func() { st.NewestAt = newest }() // what InsertSample compares with is what was there before
	var ev Metered
	first := firstRead{read: Read{At: r.ReceivedAt}}
	for i, sample := range in {
		clock := Clock{Received: r.ReceivedAt, After: st.StartedAt, Last: follows(st.Last.At, &sample, ev.Readings)}
		read, err := s.readClock(tx, p, st.Zone, sample.Stamp, clock)
		if err != nil {
			return ev, first, err
		}
		if i == 0 {
			first = firstRead{sample.Stamp, read}
		}
		sample.Reading.At = read.At
		st.Inner.Swapped = st.swapped(&sample)
		sample.inUnit(st.Inner.Swapped)
		isNew, err := tx.InsertSample(*st, sample, read)
		if err != nil {
			return ev, first, err
		}
		if !isNew {
			continue
		}
		newest = later(newest, sample.Device(read))
		ev.Readings = append(ev.Readings, sample.Reading)
		ev.Fixed = ev.Fixed || read.Fixed
		ev.Untimed = ev.Untimed || read.Untimed
	}
	sortReadings(ev.Readings)
	return ev, first, nil
}

// sortReadings: unsorted entries are common (behaviour 33).
func sortReadings(r []Reading) {
	slices.SortStableFunc(r, func(a, b Reading) int { return a.At.Compare(b.At) })
}

// meterSession finds the session that a MeterValues speaks of.
func (s *Service) meterSession(tx Tx, p asset.ChargePoint, place Place, r MeterReport) (State, bool, error) {
	if r.OCPPID > 0 {
		st, ok, err := tx.SessionByOCPPID(p.ID, r.OCPPID)
		if err != nil || ok {
			return st, ok, err
		}
		if lost, err := tx.LostNumber(r.OCPPID); err != nil {
			return State{}, false, err
		} else if lost && r.Connector > 0 && len(r.Samples) > 0 {
			st, err := s.adopt(tx, p, place, r)
			return st, err == nil, err
		} else if lost {
			return State{}, false, nil
		}
	}
	live, err := tx.LiveSessions(p.ID)
	if err != nil {
		return State{}, false, err
	}
	at := r.ReceivedAt
	if len(r.Samples) > 0 {
		read, err := s.readStamp(tx, p, zoneOf(live), r.Samples[0].Stamp, r.ReceivedAt, time.Time{})
		if err != nil {
			return State{}, false, err
		}
		at = read.At
	}
	var found []State
	for _, st := range live {
		if r.Connector > 0 && st.Connector == r.Connector && (st.Phase.Open() || st.Phase == Rejected && !st.RealStop) &&
			!at.Before(st.StartedAt.Add(-orderSlack)) {
			found = append(found, st)
		}
	}
	if len(found) == 1 {
		return found[0], true, nil // behaviour 48: the id is absent, 0 or wrong at random
	}
	if len(found) == 0 && r.OCPPID > 0 && r.Connector > 0 && len(r.Samples) > 0 {
		st, err := s.adopt(tx, p, place, r)
		return st, err == nil, err
	}
	return State{}, false, nil
}

// adopt takes in a running transaction that the system never knew: ABNORMAL, without
// payer, until a stop names a card (AUTH-R8, behaviour 50).
func (s *Service) adopt(tx Tx, p asset.ChargePoint, place Place, r MeterReport) (State, error) {
	op, err := tx.OperatorByID(p.Operator)
	if err != nil {
		return State{}, err
	}
	read, err := s.readStamp(tx, p, place.Zone, r.Samples[0].Stamp, r.ReceivedAt, p.ConnectedAt.AddDate(-1, 0, 0))
	if err != nil {
		return State{}, err
	}
	st := State{
		ID: ident.New[ident.Session](tx.Now()), Operator: p.Operator, Sub: p.Sub, Site: p.Site, Point: p.ID,
		Connector: r.Connector, ForeignID: r.OCPPID, Phase: Abnormal, Source: Unknown, Zone: place.Zone,
		MaxPower: p.MaxPower, Currency: op.Currency, Cost: money.New(0, op.Currency),
		StartedAt: read.At, StartDevice: r.Samples[0].Stamp.At, StartEpoch: r.Epoch,
	}
	direct(&st, p)
	for _, x := range r.Samples {
		if x.Has&HasEnergy != 0 {
			st.MeterStart, st.Inner.Register = x.Energy, x.Energy
			break
		}
	}
	st.flag(FlagAdopted)
	if err := tx.InsertSession(st); err != nil {
		return State{}, err
	}
	return st, s.record(tx, State{}, Outcome{Next: st, Fact: "session.adopted"})
}
