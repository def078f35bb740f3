package report

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/fact"
	"ccms/internal/ident"
	"ccms/internal/ledger"
	"ccms/internal/session"
)

// Service shows reports and keeps their sums.
type Service struct {
	write, read Run
	zones       sync.Map // IANA name → *time.Location
}

// New wires the service to the store.
func New(write, read Run) *Service { return &Service{write: write, read: read} }

func (s *Service) zone(name string) *time.Location {
	if z, ok := s.zones.Load(name); ok {
		return z.(*time.Location)
	}
	z, err := time.LoadLocation(name)
	if err != nil {
		z = time.UTC // it was checked when it was saved
	}
	s.zones.Store(name, z)
	return z
}

// Consumer is the name under which the outbox keeps how far facts were read.
const Consumer = "report"

// Kinds are the facts that change a sum.
var Kinds = append(slices.Clone(session.EndFacts), ledger.Posted, asset.FactRetyped)

// Note marks the buckets that a fact changes. It runs in the commit that moves the
// outbox's cursor; noting a fact twice only has a bucket made twice.
func Note(tx Tx, op ident.Operator, kind fact.Kind, payload json.RawMessage) error {
	switch kind {
	case ledger.Posted:
		var p ledger.PostedPayload
		if err := json.Unmarshal(payload, &p); err != nil {
			return err
		}
		return tx.MarkPosting(op, p.BookedAt())
	case asset.FactRetyped:
		var p asset.Retyped
		if err := json.Unmarshal(payload, &p); err != nil {
			return err
		}
		return tx.MarkPoint(p.Point)
	}
	var c session.Changed
	if err := json.Unmarshal(payload, &c); err != nil {
		return err
	}
	return tx.MarkSession(c.Session, c.EndedBefore)
}

const (
	marksAtOnce = 2000
	daysAtOnce  = 14 // that one commit sums: others wait for it on SQLite
	// daysBuilt is the same where whole days of an operator are summed, of which each may
	// have ten thousand sessions.
	daysBuilt = 4
)

// sessionDay and moneyHour are what marks ask for, each once however many there are.
type sessionDay struct {
	site ident.Site
	zone string
	day  Bucket
}

type todo struct {
	marks    []int64
	sessions map[sessionDay]bool
	postings []time.Time
}

// Roll makes the marked buckets anew; it returns how many marks it worked off. Marks
// that come meanwhile stay for the next time.
func (s *Service) Roll(ctx context.Context) (int, error) {
	var marks []Mark
	err := s.read(ctx, authz.Everything("report: marks"), func(tx Tx) (err error) {
		marks, err = tx.Marks(marksAtOnce)
		return err
	})
	if err != nil {
		return 0, err
	}
	by := map[ident.Operator]*todo{}
	for _, m := range marks {
		t := by[m.Operator]
		if t == nil {
			t = &todo{sessions: map[sessionDay]bool{}}
			by[m.Operator] = t
		}
		t.marks = append(t.marks, m.ID)
		if m.What == MarkedSession {
			t.sessions[sessionDay{m.Site, m.Zone, DayOf(m.At, s.zone(m.Zone))}] = true
		} else {
			t.postings = append(t.postings, m.At)
		}
	}
	var errs []error
	for op, t := range by {
		if err := s.work(ctx, op, t); err != nil {
			errs = append(errs, fmt.Errorf("report: sums of %s: %w", op, err))
		}
	}
	return len(marks), errors.Join(errs...)
}

// work does what an operator's marks ask for, the marks going last: what is cut off in
// between is done again.
func (s *Service) work(ctx context.Context, op ident.Operator, t *todo) error {
	days := slices.SortedFunc(maps.Keys(t.sessions), func(a, b sessionDay) int {
		return cmp.Or(cmp.Compare(a.site.String(), b.site.String()), cmp.Compare(a.zone, b.zone), cmp.Compare(a.day, b.day))
	})
	sc := authz.ForSystem(op, "report: sums")
	for some := range slices.Chunk(days, daysAtOnce) {
		if err := s.write(ctx, sc, func(tx Tx) error { return s.sumSessions(tx, some) }); err != nil {
			return err
		}
	}
	return s.write(ctx, sc, func(tx Tx) error {
		if len(t.postings) > 0 {
			if err := s.sumPostings(tx, op, t.postings); err != nil {
				return err
			}
		}
		return tx.ForgetMarks(t.marks)
	})
}

func (s *Service) sumSessions(tx Tx, days []sessionDay) error {
	if err := tx.OneRoller(); err != nil {
		return err
	}
	months := map[sessionDay]bool{}
	for _, d := range days {
		if err := tx.SumSessionDay(SpanOf(d.day, s.zone(d.zone)), d.zone, d.site); err != nil {
			return err
		}
		months[sessionDay{d.site, d.zone, d.day.Month()}] = true
	}
	for m := range months {
		if err := tx.SumSessionMonth(m.day, m.zone, m.site); err != nil {
			return err
		}
	}
	return nil
}

// sumPostings makes the hours of instants anew, and the days and months around them.
func (s *Service) sumPostings(tx Tx, op ident.Operator, at []time.Time) error {
	o, err := tx.OperatorByID(op)
	if err != nil {
		return err
	}
	if err := tx.OneRoller(); err != nil {
		return err
	}
	loc := s.zone(o.TimeZone)
	hours, days := map[Bucket]bool{}, map[Bucket]bool{}
	for _, t := range at {
		day := SpanOf(DayOf(t, loc), loc)
		hour := day.Day.FirstHour() + Bucket(t.Sub(day.From)/time.Hour)
		days[day.Day] = true
		if hours[hour] {
			continue
		}
		hours[hour] = true
		from := day.From.Add(time.Duration(hour-day.Day.FirstHour()) * time.Hour)
		to := from.Add(time.Hour)
		if to.After(day.To) {
			to = day.To
		}
		if err := tx.SumMoneyHours(hour, hour, day.From, from, to); err != nil {
			return err
		}
	}
	return sumMoneyDays(tx, slices.Sorted(maps.Keys(days)))
}

func sumMoneyDays(tx Tx, days []Bucket) error {
	var last Bucket
	for i, d := range days {
		if err := tx.SumMoney(d, d.FirstHour(), d.LastHour()); err != nil {
			return err
		}
		if m := d.Month(); m != last && last != 0 {
			if err := tx.SumMoney(last, last.FirstDay(), last.LastDay()); err != nil {
				return err
			}
		}
		last = d.Month()
		if i == len(days)-1 {
			return tx.SumMoney(last, last.FirstDay(), last.LastDay())
		}
	}
	return nil
}

// Build makes all sums of what ended or was posted in [from, to) anew, by statements
// over whole days: for rows that came without facts, as a demo's year does.
func (s *Service) Build(ctx context.Context, op ident.Operator, from, to time.Time) error {
	sc := authz.ForSystem(op, "report: build")
	var own *time.Location
	err := s.read(ctx, sc, func(tx Tx) error {
		o, err := tx.OperatorByID(op)
		own = s.zone(o.TimeZone)
		return err
	})
	if err != nil {
		return err
	}
	const day = 24 * time.Hour // some clock is as far from UTC's at the ends
	for some := range slices.Chunk(daysBetween(from.Add(-day), to.Add(day), time.UTC), daysBuilt) {
		if err := s.buildSessions(ctx, sc, some); err != nil {
			return err
		}
	}
	for some := range slices.Chunk(daysBetween(from, to, own), daysBuilt) {
		err := s.write(ctx, sc, func(tx Tx) error {
			if err := tx.OneRoller(); err != nil {
				return err
			}
			for _, d := range some {
				span := SpanOf(d, own)
				if err := tx.SumMoneyHours(d.FirstHour(), d.LastHour(), span.From, span.From, span.To); err != nil {
					return err
				}
			}
			return sumMoneyDays(tx, some)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// buildSessions makes these days anew on every clock on which sessions ended in them: a
// date begins and ends within a day of UTC's.
func (s *Service) buildSessions(ctx context.Context, sc authz.Scope, days []Bucket) error {
	var zones []string
	err := s.read(ctx, sc, func(tx Tx) (err error) {
		since, until := SpanOf(days[0].AddDays(-1), time.UTC).From, SpanOf(days[len(days)-1].AddDays(1), time.UTC).To
		zones, err = tx.ZonesEnded(since, until)
		return err
	})
	if err != nil {
		return err
	}
	for _, zone := range zones {
		var clock []sessionDay
		for _, d := range days {
			clock = append(clock, sessionDay{zone: zone, day: d})
		}
		if err := s.write(ctx, sc, func(tx Tx) error { return s.sumSessions(tx, clock) }); err != nil {
			return err
		}
	}
	return nil
}

func daysBetween(from, to time.Time, loc *time.Location) (days []Bucket) {
	if !to.After(from) {
		return nil
	}
	last := DayOf(to.Add(-time.Microsecond), loc)
	for d := DayOf(from, loc); d <= last; d = d.AddDays(1) {
		days = append(days, d)
	}
	return days
}

// Rebuild makes all sums of an operator anew from its rows.
func (s *Service) Rebuild(ctx context.Context, op ident.Operator) error {
	sc := authz.ForSystem(op, "report: rebuild")
	var span Recorded
	var zone string
	err := s.write(ctx, sc, func(tx Tx) error {
		o, err := tx.OperatorByID(op)
		if err != nil {
			return err
		}
		zone = o.TimeZone
		if span, err = tx.RecordedSpan(); err != nil {
			return err
		}
		return tx.ForgetSums()
	})
	if err != nil {
		return err
	}
	from, to := span.FirstEnd, span.LastEnd
	if from.IsZero() || !span.FirstPosting.IsZero() && span.FirstPosting.Before(from) {
		from = span.FirstPosting
	}
	if span.LastPosting.After(to) {
		to = span.LastPosting
	}
	if !from.IsZero() {
		if err := s.Build(ctx, op, from, to.Add(time.Microsecond)); err != nil {
			return err
		}
	}
	return s.write(ctx, sc, func(tx Tx) error { return tx.SaveBuilt(Clock{op, zone}) })
}

// BuildNew makes the sums of operators that have none yet: those of a database from
// before there were sums, and those whose clock was changed.
func (s *Service) BuildNew(ctx context.Context) (int, error) {
	var unbuilt []Clock
	err := s.read(ctx, authz.Everything("report: without sums"), func(tx Tx) (err error) {
		unbuilt, err = tx.Unbuilt(100)
		return err
	})
	if err != nil {
		return 0, err
	}
	for _, c := range unbuilt {
		if err := s.Rebuild(ctx, c.Operator); err != nil {
			return 0, fmt.Errorf("report: sums of %s: %w", c.Operator, err)
		}
	}
	return len(unbuilt), nil
}

// Look looks at the power that is drawn now, for the curve.
func (s *Service) Look(ctx context.Context) error {
	var looks []Look
	err := s.read(ctx, authz.Everything("report: power"), func(tx Tx) error {
		drawn, err := tx.Drawn(Filter{})
		if err != nil {
			return err
		}
		owners, err := tx.Owners()
		looks = LookAt(drawn, owners, tx.Now())
		return err
	})
	if err != nil {
		return err
	}
	by := map[ident.Operator][]Look{}
	for _, l := range looks {
		by[l.Operator] = append(by[l.Operator], l)
	}
	var errs []error
	for op, mine := range by {
		errs = append(errs, s.write(ctx, authz.ForSystem(op, "report: power"), func(tx Tx) error { return tx.AddLooks(mine) }))
	}
	return errors.Join(errs...)
}

// longestSample is how long a value of the past holds where no other follows.
const longestSample = 15 * time.Minute

// BuildPower makes the curve between two instants anew from the samples of sessions
// that ended in it: for time in which this server did not look.
func (s *Service) BuildPower(ctx context.Context, op ident.Operator, from, to time.Time) error {
	sc := authz.ForSystem(op, "report: power of the past")
	var looks []Look
	err := s.read(ctx, sc, func(tx Tx) error {
		samples, err := tx.MeteredIn(from, to)
		if err != nil {
			return err
		}
		owners, err := tx.Owners()
		if err != nil {
			return err
		}
		looks = nil
		for _, l := range Spread(op, samples, longestSample) {
			if !l.At.Before(SlotOf(from)) && l.At.Before(to) {
				looks = append(looks, l)
			}
		}
		for at := SlotOf(from); at.Before(to); at = at.Add(SlotLength) {
			for _, o := range owners {
				looks = append(looks, Look{Operator: o.Operator, Sub: o.Sub, At: at, Looks: 1})
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return s.write(ctx, sc, func(tx Tx) error {
		if err := tx.ForgetSlots(SlotOf(from), to); err != nil {
			return err
		}
		return tx.AddLooks(looks)
	})
}
