package store_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"ccms/internal/authz"
	"ccms/internal/fact"
	"ccms/internal/ident"
	"ccms/internal/session"
	"ccms/internal/store"
	"ccms/internal/store/storetest"
)

func TestBulkRowsGoByAgeAndNotBefore(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	storetest.EachWith(t, func(o *store.Options) { o.Now = func() time.Time { return start } }, func(t *testing.T, st *store.Store) {
		ctx := context.Background()
		op := ident.New[ident.Operator](start)
		err := st.Write(ctx, authz.ForSystem(op, "test"), func(tx *store.Tx) error {
			return tx.Record(fact.Fact{Kind: "test.happened", Version: 1, Operator: op, Object: "x", At: start, Payload: struct{}{}})
		})
		if err != nil {
			t.Fatal(err)
		}
		if n, err := st.Prune(ctx, start.AddDate(0, 0, 89)); err != nil || n != 0 {
			t.Fatalf("after 89 days %d rows went, %v", n, err)
		}
		if n, err := st.Prune(ctx, start.AddDate(0, 0, 91)); err != nil || n != 1 {
			t.Fatalf("after 91 days %d rows went, %v", n, err)
		}
	})
}

// The samples of a session go when it is old and over; those of one that is still live
// stay, with where it stands.
func TestSamplesOfALiveSessionStayHoweverOldItIs(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		op := newOperator()
		sc := authz.ForSystem(op, "test")
		all := runningSessions(t, st, op, 5)
		for i := range all {
			for range 3 {
				m := metered(all[i], 100, 0, 2)
				write(t, st, sc, func(tx *store.Tx) error { return measure(tx, m) })
				all[i] = stateOf(t, st, all[i])
			}
			if i%2 == 0 {
				all[i].Phase, all[i].RealStop, all[i].EndedAt = session.Abnormal, true, instant.Add(time.Hour)
				write(t, st, sc, func(tx *store.Tx) error { return tx.SaveSession(all[i]) })
			}
		}
		was := []session.State{stateOf(t, st, all[1]), stateOf(t, st, all[3])}
		samples := func(s session.State) (n int) {
			if err := st.Read(t.Context(), sc, func(tx *store.Tx) error {
				found, err := tx.SamplesOf(s.ID, 100)
				n = len(found)
				return err
			}); err != nil {
				t.Fatal(err)
			}
			return n
		}
		for _, days := range []int{399, 401} {
			if _, err := st.Prune(t.Context(), instant.AddDate(0, 0, days)); err != nil {
				t.Fatal(err)
			}
			for i, s := range all {
				want := 6
				if days > 400 && i%2 == 0 {
					want = 0
				}
				if n := samples(s); n != want {
					t.Errorf("after %d days session %d (live %v) has %d samples, want %d", days, i, s.Live(), n, want)
				}
			}
		}
		for i, s := range was {
			now := stateOf(t, st, s)
			if now.Rev != s.Rev || now.Energy != 300 || now.Energy != s.Energy {
				t.Errorf("session %d stood at %d with %d Wh and is at %d with %d Wh", 2*i+1, s.Rev, s.Energy, now.Rev, now.Energy)
			}
		}
		// It goes on.
		write(t, st, sc, func(tx *store.Tx) error { return measure(tx, metered(was[0], 100, 0, 1)) })
	})
}

// The journal writes at a tick what it was given before, however busy the machine is.
func TestTheJournalWritesAtATickWhatWaits(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		tick := make(chan time.Time, 1)
		j := store.NewJournal(st, slog.New(slog.DiscardHandler), tick)
		op := newOperator()
		const sent = 25
		for range sent {
			j.Log(store.JournalFrame{Operator: op, Point: ident.New[ident.ChargePoint](instant), Action: "StatusNotification", At: instant, Raw: []byte("[]")})
		}
		tick <- instant // both are ready before it looks
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { j.Run(ctx); close(ended) }()
		until(t, "the writing of what waits", func() bool {
			var n int64
			if err := st.Read(ctx, authz.Everything("test"), func(tx *store.Tx) (err error) {
				n, err = tx.RawInt("SELECT count(*) FROM frames")
				return err
			}); err != nil {
				t.Fatal(err)
			}
			return n == sent
		})
		cancel()
		await(t, "the journal's end", ended)
		if n := j.Lost.Load(); n != 0 {
			t.Errorf("%d are lost", n)
		}
	})
}
