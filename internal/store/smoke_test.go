package store_test

import (
	"testing"

	"ccms/internal/authz"
	"ccms/internal/fact"
	"ccms/internal/ident"
	"ccms/internal/store"
	"ccms/internal/store/storetest"
)

func TestSmoke(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		op := ident.New[ident.Operator](st.Now())
		sc := authz.ForSystem(op, "test")
		err := st.Write(t.Context(), sc, func(tx *store.Tx) error {
			return tx.Record(fact.Fact{Kind: "x.happened", Version: 1, Object: "x"})
		})
		if err != nil {
			t.Fatal(err)
		}
		var got []store.Recorded
		err = st.Read(t.Context(), sc, func(tx *store.Tx) (err error) {
			got, err = tx.FactsAfter(store.Position{}, 10)
			return err
		})
		if err != nil || len(got) != 1 || got[0].Operator != op {
			t.Fatal(got, err)
		}
	})
}
