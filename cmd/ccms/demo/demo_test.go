package demo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"ccms/internal/authz"
	"ccms/internal/ledger"
	"ccms/internal/money"
	"ccms/internal/operator"
	"ccms/internal/session"
	"ccms/internal/store"
	"ccms/internal/store/storetest"
	"ccms/internal/tariff"
)

// small is a past that a test can afford.
const (
	smallSites = 2
	smallDays  = 11
)

func onBoth(t *testing.T, f func(t *testing.T, st *store.Store)) {
	t.Helper()
	storetest.EachWith(t, func(o *store.Options) { o.Now = storetest.NewClock().Now }, f)
}

func furnished(t *testing.T, st *store.Store, sites int) operator.Operator {
	t.Helper()
	run := func(ctx context.Context, sc authz.Scope, fn func(operator.Tx) error) error {
		return st.Write(ctx, sc, func(tx *store.Tx) error { return fn(tx) })
	}
	o, err := operator.New(run, run, operator.Options{}).CreateOperator(t.Context(), authz.Everything("test"),
		operator.NewOperator{Name: "A3E", Currency: "EUR", TimeZone: chile})
	if err != nil {
		t.Fatal(err)
	}
	if err := Furnish(t.Context(), st, o, sites, true); err != nil {
		t.Fatal(err)
	}
	return o
}

func opened(t *testing.T, st *store.Store, o operator.Operator) *World {
	t.Helper()
	w, err := Open(t.Context(), st, o)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func past(o operator.Operator) Past { return Past{Seed: 7, Until: Made(o.ID), Days: smallDays} }

func written(t *testing.T, st *store.Store, o operator.Operator, days int) Written {
	t.Helper()
	p := past(o)
	p.Days = days
	done, err := opened(t, st, o).Write(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	return done
}

func read(t *testing.T, st *store.Store, f func(tx *store.Tx) error) {
	t.Helper()
	if err := st.Read(t.Context(), authz.Everything("test"), f); err != nil {
		t.Fatal(err)
	}
}

func sessionsOf(t *testing.T, st *store.Store) (all []session.Row) {
	t.Helper()
	read(t, st, func(tx *store.Tx) (err error) {
		all, err = pages(func(p operator.Page) (operator.List[session.Row], error) {
			return tx.SessionList(session.Filter{}, p)
		})
		return err
	})
	if len(all) == 0 {
		t.Fatal("no sessions")
	}
	return all
}

// picture is everything of the past that does not hang on random ids.
func picture(t *testing.T, st *store.Store) string {
	t.Helper()
	var lines []string
	for _, r := range sessionsOf(t, st) {
		lines = append(lines, fmt.Sprint(r.ID, r.PointName, r.Connector, r.TokenUID, r.StartedAt.UnixMicro(), r.EndedAt.UnixMicro(), r.MeterStart, r.MeterStop,
			r.Energy, r.Cost, r.Captured, r.Debt, r.Phase, r.Flags, r.PlanNumber))
	}
	read(t, st, func(tx *store.Tx) error {
		recharges, err := pages(func(p operator.Page) (operator.List[ledger.RechargeRow], error) {
			return tx.RechargePage(ledger.RechargeFilter{}, p)
		})
		for _, r := range recharges {
			lines = append(lines, fmt.Sprint(r.At.UnixMicro(), r.Amount, r.BalanceAfter, r.Reason))
		}
		attempts, err2 := pages(func(p operator.Page) (operator.List[session.AttemptRow], error) {
			return tx.AttemptList(session.AttemptFilter{}, p)
		})
		for _, a := range attempts {
			lines = append(lines, fmt.Sprint(a.At.UnixMicro(), a.Kind, a.TokenUID, a.Decision, a.Reason))
		}
		return errors.Join(err, err2)
	})
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// The books of the past are right: they sum to zero, each wallet is what was posted on
// it, and every session that cost something was captured once, for what its bill says.
func TestDemoPast_booksAreRightAndEachSessionIsBilledOnce(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, st *store.Store) {
		o := furnished(t, st, smallSites)
		done := written(t, st, o, smallDays)
		rows := sessionsOf(t, st)
		if len(rows) != done.Sessions {
			t.Errorf("%d sessions are there, %d were written", len(rows), done.Sessions)
		}
		read(t, st, func(tx *store.Tx) error {
			sums, err := tx.BookSums()
			if err != nil {
				return err
			}
			if err := ledger.Balanced(sums); err != nil {
				t.Error(err)
			}
			drifts, err := tx.Drifts()
			if len(drifts) > 0 {
				t.Errorf("%d balances differ from their postings", len(drifts))
			}
			if err != nil {
				return err
			}
			var captured, billed money.Amount
			for _, r := range rows {
				entries, err := tx.EntriesOf(r.ID)
				if err != nil {
					return err
				}
				switch r.Phase {
				case session.Completed:
					if r.Bill.Total.Minor > 0 && (len(entries) != 1 || entries[0].Kind != ledger.KindCapture || entries[0].Amount != r.Bill.Total || r.Captured != r.Bill.Total) {
						t.Errorf("%s: the bill says %s, posted was %v", r.ID, r.Bill.Total, entries)
					}
					billed = sum(billed, r.Bill.Total)
				default:
					if len(entries) != 0 || r.Bill != nil {
						t.Errorf("%s is %s and has a bill", r.ID, r.Phase)
					}
				}
				for _, e := range entries {
					captured = sum(captured, e.Amount)
				}
			}
			for _, b := range sums {
				if b.Book == ledger.Wallet {
					captured = sum(captured, b.Sum)
				}
				if b.Book == ledger.ManualCredit {
					captured = sum(captured, b.Sum)
				}
			}
			if billed.Minor == 0 || captured.Minor != 0 {
				t.Errorf("billed %s; recharged less captured less left is %s", billed, captured)
			}
			return nil
		})
	})
}

func sum(a, b money.Amount) money.Amount {
	if a.Currency == "" {
		return b
	}
	return a.Add(b)
}

// A bill of the past is what Rate makes of the usage that its rows tell.
func TestDemoPast_billsAreTheRateOfTheUsage(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, st *store.Store) {
		o := furnished(t, st, smallSites)
		written(t, st, o, 5)
		rated, idle := 0, 0
		for _, r := range sessionsOf(t, st) {
			if r.Phase != session.Completed || r.Has(session.FlagProvisional) {
				continue
			}
			var plan tariff.Plan
			u := tariff.Usage{Start: r.StartedAt, Stop: r.EndedAt, Energy: r.Energy, Idle: r.Inner.Idle}
			if in := r.Inner; !in.IdleFrom.IsZero() && in.Unplugged.After(in.IdleFrom) {
				u.Idle = append(u.Idle, tariff.Interval{From: in.IdleFrom, To: in.Unplugged})
			}
			read(t, st, func(tx *store.Tx) error {
				samples, err := tx.SamplesOf(r.ID, 2000)
				if err != nil {
					return err
				}
				for _, m := range samples {
					if !m.At.After(r.EndedAt) {
						u.Points = append(u.Points, tariff.Point{At: m.At, Energy: m.Energy - r.MeterStart})
					}
				}
				plan, err = tx.PlanVersion(r.Plan, r.PlanNumber)
				return err
			})
			loc, err := time.LoadLocation(r.Zone)
			if err != nil {
				t.Fatal(err)
			}
			want, err := tariff.Rate(plan, u, loc)
			if err != nil {
				t.Fatal(err)
			}
			if r.Bill.Total.Less(want.Total) && r.Bill.Sum(tariff.KindIdle).Less(want.Sum(tariff.KindIdle)) {
				continue // what was held did not reach for the whole idle fee (IDLE-R5)
			}
			if r.Bill.Total != want.Total || r.Energy <= 0 {
				t.Errorf("%s of %s: billed %s, the usage comes to %s (%d Wh)", r.ID, r.StartedAt, r.Bill.Total, want.Total, r.Energy)
			}
			rated++
			if want.Sum(tariff.KindIdle).Minor > 0 {
				idle++
			}
		}
		if rated < 20 || idle == 0 {
			t.Errorf("only %d bills were compared, %d with an idle fee", rated, idle)
		}
	})
}

// Meter values and reports are kept for the last seven days; everything has ended before
// the demo was made.
func TestDemoPast_keepsSamplesOfTheLastDaysOnly(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, st *store.Store) {
		o := furnished(t, st, smallSites)
		written(t, st, o, smallDays)
		end := Made(o.ID)
		edge, with, without := end.AddDate(0, 0, -keepDays), 0, 0
		for _, r := range sessionsOf(t, st) {
			if r.EndedAt.After(end) || r.StartedAt.Before(end.AddDate(0, 0, -smallDays-1)) && !r.StartedAt.IsZero() {
				t.Errorf("%s is from %s to %s", r.ID, r.StartedAt, r.EndedAt)
			}
			read(t, st, func(tx *store.Tx) error {
				samples, err := tx.SamplesOf(r.ID, 2000)
				if err != nil {
					return err
				}
				frames, err := tx.EventsOf(r.State, 2000)
				for _, m := range samples {
					if m.At.Before(edge) {
						t.Errorf("a sample of %s", m.At)
					}
				}
				switch {
				case len(samples) == 0 && r.StartedAt.Before(edge):
					without++
				case len(samples) > 0 && len(frames) >= len(samples)+1:
					with++
				}
				return err
			})
		}
		if with == 0 || without == 0 {
			t.Errorf("%d sessions have samples and reports, %d older ones have none", with, without)
		}
	})
}

// The same seed and the same end give the same past, on either engine.
func TestDemoPast_isTheSameForTheSameSeed(t *testing.T) {
	t.Parallel()
	now := func(o *store.Options) { o.Now = storetest.NewClock().Now }
	pictures := make([]string, 3)
	for i, st := range []*store.Store{storetest.SQLite(t, now), storetest.SQLite(t, now), storetest.Postgres(t, now)} {
		o := furnished(t, st, smallSites)
		written(t, st, o, 4)
		pictures[i] = picture(t, st)
	}
	if pictures[0] != pictures[1] || pictures[0] != pictures[2] {
		t.Error("the same seed gives another past")
	}
	st := storetest.SQLite(t, now)
	o := furnished(t, st, smallSites)
	p := past(o)
	p.Seed, p.Days = 8, 4
	if _, err := opened(t, st, o).Write(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	if picture(t, st) == pictures[0] {
		t.Error("another seed gives the same past")
	}
}

// Who is interrupted goes on at the next start; what is there is not written again.
func TestDemoPast_goesOnAfterAnInterruptionAndDoublesNothing(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, st *store.Store) {
		o := furnished(t, st, smallSites)
		whole := storetest.SQLite(t, func(o *store.Options) { o.Now = storetest.NewClock().Now })
		written(t, whole, furnished(t, whole, smallSites), smallDays)
		want := picture(t, whole)

		ctx, cancel := context.WithCancel(t.Context())
		w := opened(t, st, o)
		w.after = func(n Written) {
			if n.Sessions > 60 {
				cancel()
			}
		}
		done, err := w.Write(ctx, past(o))
		if !errors.Is(err, context.Canceled) || done.Sessions == 0 {
			t.Fatalf("it was not interrupted: %v, %+v", err, done)
		}
		if err := Furnish(t.Context(), st, o, smallSites, true); err != nil {
			t.Fatal(err)
		}
		rest := written(t, st, o, smallDays)
		if rest.Found == 0 || rest.Sessions == 0 {
			t.Errorf("it did not go on: %+v", rest)
		}
		if picture(t, st) != want {
			t.Error("the past is another one than without the interruption")
		}
		if again := written(t, st, o, smallDays); again.Visits != 0 || again.Found == 0 {
			t.Errorf("a third start has written %+v", again)
		}
		if picture(t, st) != want {
			t.Error("a third start has changed the past")
		}
	})
}

// Everything that a screen can show has happened: each way of starting, each end, faults,
// refusals and idle cars; at sites in two zones, of the operator and of its sub-operator.
func TestDemoPast_hasSomethingTrueForEveryScreen(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, st *store.Store) {
		o := furnished(t, st, Sites)
		written(t, st, o, 6)
		seen := map[string]int{}
		w := opened(t, st, o)
		sub := w.Points[len(w.Points)-1].Sub
		rows := sessionsOf(t, st)
		for _, r := range rows {
			seen["phase "+string(r.Phase)]++
			seen["source "+string(r.Source)]++
			seen["zone "+r.Zone]++
			for _, f := range r.Flags {
				seen["flag "+string(f)]++
			}
			if r.Bill != nil && r.Bill.Sum(tariff.KindIdle).Minor > 0 {
				seen["idle fee"]++
			}
			if r.StopReason != "" {
				seen["reason "+r.StopReason]++
			}
			if r.Sub == sub {
				seen["sub"]++
			}
		}
		if err := st.Read(t.Context(), authz.ForStaff(o.ID, sub, authz.Actor{}), func(tx *store.Tx) error {
			own, err := pages(func(p operator.Page) (operator.List[session.Row], error) { return tx.SessionList(session.Filter{}, p) })
			if len(own) != seen["sub"] || len(own) == 0 || len(own) == len(rows) {
				t.Errorf("the sub-operator sees %d sessions of its %d", len(own), seen["sub"])
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		read(t, st, func(tx *store.Tx) error {
			attempts, err := pages(func(p operator.Page) (operator.List[session.AttemptRow], error) {
				return tx.AttemptList(session.AttemptFilter{}, p)
			})
			for _, a := range attempts {
				reason, _, _ := strings.Cut(a.Reason, " balance")
				seen["attempt "+a.Kind+" "+reason]++
			}
			return err
		})
		for _, want := range []string{
			"phase COMPLETED", "phase ABNORMAL", "phase FAILED_TO_START", "source RFID", "source PORTAL", "zone " + chile, "zone " + spain,
			"flag STOP_BELOW", "flag PROVISIONAL", "flag DENIED_ENERGY", "idle fee", "reason Local", "reason Remote", "reason EVDisconnected",
			"reason EmergencyStop", "sub", "attempt authorize The card may charge.", "attempt authorize This card is not known.",
			"attempt authorize The available", "attempt authorize The card was reported lost.", "attempt remote_start The card may charge.",
		} {
			if seen[want] == 0 {
				t.Errorf("there is no %q in %v", want, seen)
			}
		}
	})
}
