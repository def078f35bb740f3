package store_test

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"ccms/internal/store"
	"ccms/internal/store/pgtest"
)

// The policies are made anew while somebody else holds one table and waits for another
// that is locked already: PostgreSQL ends one of the two, and if that is us, we try again.
func TestPoliciesAreMadeInSpiteOfADeadlock(t *testing.T) {
	t.Parallel()
	o := store.Options{URL: pgtest.URL(t), Log: quiet}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := store.Migrate(ctx, o); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("pgx", o.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.ExecContext(ctx, "LOCK TABLE tokens IN ACCESS SHARE MODE"); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- store.Migrate(ctx, o) }()
	for waiting := 0; waiting == 0; {
		if err := db.QueryRowContext(ctx, "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'tokens'::regclass").Scan(&waiting); err != nil {
			t.Fatal(err)
		}
	}
	// It waits for us first, so it is the one that notices.
	if _, err := tx.ExecContext(ctx, "LOCK TABLE accounts IN ACCESS SHARE MODE"); err != nil {
		t.Fatal(err)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}
