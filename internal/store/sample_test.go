package store_test

import (
	"testing"
	"time"

	"ccms/internal/authz"
	"ccms/internal/ident"
	"ccms/internal/session"
	"ccms/internal/store"
	"ccms/internal/store/storetest"
	"ccms/internal/unit"
)

// A sample that comes again is one sample; another one with the same stamp is not.
func TestSamples_areKeptOnceAndNoneIsLost(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		op := newOperator()
		sc := authz.ForSystem(op, "test")
		at := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
		s := session.State{ID: ident.New[ident.Session](at), Operator: op}
		sample := func(context string, ordinal int, has session.ReadingHas, wh unit.Wh, w unit.W) session.Sample {
			m := session.Sample{Stamp: session.Stamp{At: at}, Ordinal: ordinal}
			m.Context, m.Has, m.Energy, m.Power = context, has, wh, w
			return m
		}
		energy := sample("Sample.Periodic", 0, session.HasEnergy, 4210, 0)
		power := sample("Sample.Periodic", 0, session.HasPower, 0, 11040)
		for _, row := range []struct {
			why   string
			m     session.Sample
			isNew bool
		}{
			{"the first", energy, true},
			{"it comes again", energy, false},
			{"another measurand in a message of its own, with the same stamp", power, true},
			{"that again", power, false},
			{"and the first again", energy, false},
			{"another context is another sample", sample("Trigger", 0, session.HasEnergy, 4210, 0), true},
			{"the second of the same instant in one message", sample("Sample.Periodic", 1, session.HasPower, 0, 11040), false},
			{"a register that moved within the stamp's precision", sample("Sample.Periodic", 0, session.HasEnergy, 4211, 0), true},
		} {
			write(t, st, sc, func(tx *store.Tx) error {
				isNew, err := tx.InsertSample(s, row.m, session.Read{At: at})
				if isNew != row.isNew {
					t.Errorf("%s: new %v", row.why, isNew)
				}
				return err
			})
			s.NewestAt = at // as the session's state has it from then on
		}
		var kept []session.Sample
		if err := st.Read(t.Context(), sc, func(tx *store.Tx) (err error) {
			kept, err = tx.SamplesOf(s.ID, 10)
			return err
		}); err != nil || len(kept) != 4 {
			t.Errorf("%d samples are kept: %+v, %v", len(kept), kept, err)
		}
	})
}
