package store_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/money"
	"ccms/internal/operator"
	"ccms/internal/session"
	"ccms/internal/store"
	"ccms/internal/store/storetest"
	"ccms/internal/unit"
)

// runningSessions makes n charge points with a session each.
func runningSessions(t testing.TB, st *store.Store, op ident.Operator, n int) []session.State {
	t.Helper()
	all := make([]session.State, n)
	err := st.Write(context.Background(), authz.ForSystem(op, "test"), func(tx *store.Tx) error {
		site := asset.Site{ID: ident.New[ident.Site](instant), Operator: op, Name: "Site", TimeZone: "UTC", Status: asset.Valid}
		if err := tx.InsertSite(site); err != nil {
			return err
		}
		for i := range all {
			p := asset.ChargePoint{ID: ident.New[ident.ChargePoint](instant), Operator: op, Site: site.ID, Identity: fmt.Sprintf("%s-%d", op, i),
				Name: "P", Code: fmt.Sprintf("%06d", i), Type: asset.AC, Status: asset.Valid, Keys: asset.KeyMACs{Text: []byte("k"), Raw: []byte("k")}, Rolled: "PENDING"}
			if free, err := tx.InsertPoint(p); err != nil || !free {
				return errors.Join(err, fmt.Errorf("code %s, free %v", p.Code, free))
			}
			id, err := tx.NextOCPPID()
			if err != nil {
				return err
			}
			all[i] = session.State{ID: ident.New[ident.Session](instant), Operator: op, Site: site.ID, Point: p.ID, Connector: 1, OCPPID: id,
				Phase: session.Charging, Source: session.ByRFID, TokenUID: "CARD", Currency: "EUR", Zone: "UTC", StartedAt: instant, StartDevice: instant,
				StartAnswer: session.Accepted, Cost: money.New(0, "EUR"), HoldAmount: money.New(0, "EUR"), DueAt: instant}
			if err := tx.InsertSession(all[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// metered is what a meter value of n Wh makes of the session.
func metered(s session.State, n unit.Wh, epoch int64, samples int) *session.Measured {
	m := &session.Measured{Epoch: epoch}
	s.Energy += n
	s.Inner.Register += n
	for i := range samples {
		at := instant.Add(time.Duration(s.Rev+1)*time.Minute + time.Duration(i)*time.Second)
		x := session.Sample{Stamp: session.Stamp{At: at}}
		x.At, x.Has, x.Energy, x.Context = at, session.HasEnergy, s.Inner.Register, "Sample.Periodic"
		m.Samples, m.Reads = append(m.Samples, x), append(m.Reads, session.Read{At: at})
		s.NewestAt = at
	}
	m.Raw = session.Kept{Operator: s.Operator, Sub: s.Sub, Point: s.Point, Session: s.ID, Kind: "MeterValues", MessageID: "m", Epoch: epoch,
		At: s.NewestAt, ReceivedAt: instant, Raw: []byte(`{"connectorId":1}`)}
	m.State = &s
	return m
}

// measure saves it within a closure.
func measure(tx *store.Tx, m *session.Measured) error {
	return tx.SaveMeasured(m)
}

func isStale(err error) bool { return err != nil && fault.Of(err).Code == "stale_version" }

func stateOf(t testing.TB, st *store.Store, s session.State) (now session.State) {
	t.Helper()
	err := st.Read(t.Context(), authz.ForSystem(s.Operator, "test"), func(tx *store.Tx) (err error) {
		now, err = tx.SessionByID(s.ID)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return now
}

// Meter values of several owners share a transaction, beside closures of other kinds:
// each has its own answer, and who fails takes nobody along.
func TestMeterValuesThatAreWrittenTogetherAreAnsweredOneByOne(t *testing.T) {
	t.Parallel()
	for _, others := range []bool{false, true} { // without others the transaction is begun again, with them there is a savepoint
		for _, poison := range []bool{false, true} { // makes the statement for all fail
			storetest.EachWith(t, oneJoiner, func(t *testing.T, st *store.Store) {
				a, b := newOperator(), newOperator()
				as, bs := runningSessions(t, st, a, 6), runningSessions(t, st, b, 2)
				light := func(op ident.Operator, m *session.Measured) call {
					return call{scope: authz.ForSystem(op, "test"), fn: func(tx *store.Tx) error { return measure(tx, m) }}
				}
				bad := as[2]
				if poison {
					bad.Rev = -7 // no such number: refused by a check
				}
				calls := []call{
					light(a, metered(as[0], 10, 0, 1)),
					light(b, metered(bs[0], 20, 0, 1)),
					light(a, metered(as[3], 30, 99, 1)), // an old socket
					light(a, metered(bad, 40, 0, 1)),
					light(a, metered(as[4], 50, 0, 3)),
					light(b, metered(as[5], 60, 0, 1)), // another operator's session
					light(a, metered(as[1], 70, 0, 1)),
					light(a, metered(as[1], 80, 0, 1)), // the same number again
					light(b, metered(bs[1], 90, 0, 1)),
				}
				if others {
					calls = slices.Insert(calls, 4, call{scope: authz.ForSystem(a, "test"), fn: func(tx *store.Tx) error {
						return tx.Add("test_own", rowID("o"), a, ident.SubOperator{}, 1)
					}}, call{scope: authz.ForSystem(a, "test"), fn: func(tx *store.Tx) error {
						return errors.Join(tx.Add("test_own", rowID("p"), a, ident.SubOperator{}, 10), errors.New("no"))
					}})
				}
				errs := inOneTransaction(t, st, calls...)
				if others {
					if errs[4] != nil || errs[5] == nil || sum(t, st, authz.ForSystem(a, "test"), "test_own") != 1 {
						t.Errorf("the others were answered %v and %v", errs[4], errs[5])
					}
					errs = slices.Delete(errs, 4, 6)
				}
				for i, want := range []string{"", "", "stale", "poison", "", "scope", "", "stale", ""} {
					if want == "poison" && !poison {
						want = ""
					}
					if got := errs[i]; (got == nil) != (want == "") || (want == "stale") != isStale(got) {
						t.Errorf("others %v, poison %v: closure %d was answered %v, want %q", others, poison, i, got, want)
					}
				}
				wants := map[int]unit.Wh{0: 10, 1: 70, 2: 40, 3: 0, 4: 50, 5: 0}
				if poison {
					wants[2] = 0
				}
				for i, want := range wants {
					if s := stateOf(t, st, as[i]); s.Energy != want || want > 0 && s.Rev != 1 || want == 0 && s.Rev != 0 {
						t.Errorf("others %v, poison %v: session %d has %d Wh at revision %d, want %d", others, poison, i, s.Energy, s.Rev, want)
					}
				}
				if x, y := stateOf(t, st, bs[0]), stateOf(t, st, bs[1]); x.Energy != 20 || y.Energy != 90 {
					t.Errorf("the other operator's sessions have %d and %d Wh", x.Energy, y.Energy)
				}
				kept(t, st, as[4], 3, 1)
				kept(t, st, as[3], 0, 0)
				kept(t, st, as[1], 1, 1)
			})
		}
	}
}

// kept checks how many samples and reports a session has.
func kept(t *testing.T, st *store.Store, s session.State, samples, reports int) {
	t.Helper()
	err := st.Read(t.Context(), authz.ForSystem(s.Operator, "test"), func(tx *store.Tx) error {
		m, err := tx.SamplesOf(s.ID, 1000)
		if err != nil {
			return err
		}
		f, err := tx.EventsOf(s, 1000)
		if len(m) != samples || len(f) != reports {
			t.Errorf("%d samples and %d reports are kept, want %d and %d", len(m), len(f), samples, reports)
		}
		for _, x := range f {
			if string(x.Payload) != `{"connectorId":1}` {
				t.Errorf("a report is %q", x.Payload)
			}
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// Random reports of a few sessions from many goroutines: each writes on what it last
// knew, in ways that fail in all ways there are, and looks again when it was too late.
// One by one in the order of their numbers they must give the same.
func TestMeterValuesDoWhatOneByOneWouldDo(t *testing.T) {
	t.Parallel()
	for _, engine := range []string{"SQLite", "PostgreSQL"} {
		for seed := range uint64(2) {
			t.Run(fmt.Sprintf("%s/seed%d", engine, seed), func(t *testing.T) {
				t.Parallel()
				metersLikeOneByOne(t, opener(engine)(t, nil), rand.New(rand.NewPCG(seed, 11)))
			})
		}
	}
}

// told is a report that was answered with nil.
type told struct{ before, n unit.Wh }

func metersLikeOneByOne(t *testing.T, st *store.Store, random *rand.Rand) {
	ops := []ident.Operator{newOperator(), newOperator()}
	var all []session.State
	for _, op := range ops {
		all = append(all, runningSessions(t, st, op, 3)...)
	}
	ends := []string{"", "", "", "", "", "whole", "read", "fail", "panic", "conflict", "poison", "epoch", "deadline", "foreign"}
	type move struct {
		of      int
		n       unit.Wh
		samples int
		end     string
	}
	plan := make([][]move, 12)
	for i := range plan {
		for range 25 {
			plan[i] = append(plan[i], move{random.IntN(len(all)), unit.Wh(random.IntN(9) + 1), 1 + random.IntN(8)/7, ends[random.IntN(len(ends))]})
		}
	}
	var mu sync.Mutex
	history := make([]map[int64]told, len(all)) // by number
	samples, reports := make([]int, len(all)), make([]int, len(all))
	for i := range history {
		history[i] = map[int64]told{}
	}
	var wg sync.WaitGroup
	for _, moves := range plan {
		wg.Go(func() {
			for _, m := range moves {
				for tries := 0; ; tries++ {
					s := stateOf(t, st, all[m.of])
					err := meterMove(st, s, m.n, m.samples, m.end)
					if isStale(err) && m.end != "epoch" && tries < 200 {
						continue
					}
					good := m.end == "" || m.end == "whole" || m.end == "read" || m.end == "conflict" || m.end == "deadline" && err == nil
					if good != (err == nil) {
						t.Errorf("%+v was answered %v", m, err)
						return
					}
					if err == nil {
						mu.Lock()
						if _, double := history[m.of][s.Rev+1]; double {
							t.Errorf("two were told that they are number %d", s.Rev+1)
						}
						history[m.of][s.Rev+1] = told{s.Energy, m.n}
						if m.end != "whole" {
							samples[m.of] += m.samples
							reports[m.of]++
						}
						mu.Unlock()
					}
					break
				}
			}
		})
	}
	wg.Wait()
	for i, s := range all {
		model := unit.Wh(0)
		for number := int64(1); number <= int64(len(history[i])); number++ {
			h, there := history[i][number]
			if !there || h.before != model {
				t.Fatalf("session %d, number %d: there %v, it saw %d Wh where one by one there are %d", i, number, there, h.before, model)
			}
			model += h.n
		}
		if now := stateOf(t, st, s); now.Energy != model || now.Rev != int64(len(history[i])) || now.Inner.Register != model {
			t.Errorf("session %d has %d Wh at revision %d, want %d at %d", i, now.Energy, now.Rev, model, len(history[i]))
		}
		kept(t, st, s, samples[i], reports[i])
	}
}

// meterMove saves one report on s, and ends as told.
func meterMove(st *store.Store, s session.State, n unit.Wh, samples int, end string) error {
	ctx, runs := context.Background(), 0
	if end == "deadline" {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, 300*time.Microsecond)
		defer cancel()
	}
	sc := authz.ForSystem(s.Operator, "test")
	if end == "foreign" {
		sc = authz.ForSystem(newOperator(), "test")
	}
	return st.Write(ctx, sc, func(tx *store.Tx) error {
		runs++
		epoch := int64(0)
		was := s
		switch end {
		case "whole": // all of the session at once
			was.Energy += n
			was.Inner.Register += n
			return tx.SaveSession(was)
		case "read":
			if _, err := tx.SessionByID(s.ID); err != nil {
				return err
			}
		case "poison":
			was.Rev = -7
		case "epoch":
			epoch = 7
		}
		if err := measure(tx, metered(was, n, epoch, samples)); err != nil {
			return err
		}
		switch {
		case end == "fail":
			return errors.New("as told")
		case end == "panic":
			panic("as told")
		case end == "conflict" && runs == 1:
			return tx.Conflict()
		}
		return nil
	})
}

// Lists and the sweeper read rows that a meter value does not write.
func TestListAndSweeperSeeWhatMeterValuesLeft(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		op := newOperator()
		sc := authz.ForSystem(op, "test")
		s := runningSessions(t, st, op, 1)[0]
		due := func(at time.Time) (found []session.DueSession) {
			t.Helper()
			err := st.Read(t.Context(), authz.Everything("test"), func(tx *store.Tx) (err error) {
				found, err = tx.DueSessions(at, 10)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			return found
		}
		m := metered(s, 1500, 0, 1)
		m.State.DueAt, m.State.Last.Power = instant.Add(time.Hour), 11040
		write(t, st, sc, func(tx *store.Tx) error { return measure(tx, m) })

		err := st.Read(t.Context(), sc, func(tx *store.Tx) error {
			l, err := tx.SessionList(session.Filter{Running: true}, operator.Page{})
			if len(l.Items) != 1 || l.Items[0].Energy != 1500 || l.Items[0].Last.Power != 11040 || l.Items[0].Rev != 1 {
				t.Errorf("the list shows %+v", l.Items)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		first := due(instant)
		if len(first) != 1 || !first[0].SavedDue.Equal(instant) || !first[0].DueAt.Equal(m.State.DueAt) {
			t.Fatalf("due are %+v", first)
		}
		write(t, st, authz.Everything("test"), func(tx *store.Tx) error { return tx.Postpone(first) })
		if d := due(instant.Add(time.Minute)); len(d) != 0 {
			t.Errorf("put off, and still %+v are due", d)
		}
		if d := due(m.State.DueAt); len(d) != 1 {
			t.Errorf("at its time %+v are due", d)
		}
		// One that was saved since is not put off by what was read before.
		now := stateOf(t, st, s)
		now.DueAt = instant.Add(time.Second)
		write(t, st, sc, func(tx *store.Tx) error { return tx.SaveSession(now) })
		write(t, st, authz.Everything("test"), func(tx *store.Tx) error { return tx.Postpone(first) })
		if d := due(instant.Add(time.Second)); len(d) != 1 || d[0].DueAt != d[0].SavedDue {
			t.Errorf("brought forward, and due are %+v", d)
		}
	})
}

func TestMeterValueIsRefusedWhereNothingMayBeWritten(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		op := newOperator()
		sc := authz.ForSystem(op, "test")
		s := runningSessions(t, st, op, 1)[0]
		if err := st.Read(t.Context(), sc, func(tx *store.Tx) error { return measure(tx, metered(s, 10, 0, 1)) }); err == nil {
			t.Error("Read took it")
		}
		var over *store.Tx
		write(t, st, sc, func(tx *store.Tx) error { over = tx; return nil })
		if err := measure(over, metered(s, 10, 0, 1)); err == nil {
			t.Error("it was taken after the closure had ended")
		}
		err := st.Write(t.Context(), sc, func(tx *store.Tx) error {
			_ = tx.Raw("no statement")
			return measure(tx, metered(s, 10, 0, 1))
		})
		if now := stateOf(t, st, s); err == nil || now.Rev != 0 {
			t.Errorf("behind a statement that failed it was answered %v, and the session is at revision %d", err, now.Rev)
		}
	})
}
