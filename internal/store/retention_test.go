package store_test

import (
	"context"
	"testing"
	"time"

	"ccms/internal/authz"
	"ccms/internal/fact"
	"ccms/internal/ident"
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
