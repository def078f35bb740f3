package store_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/store"
	"ccms/internal/store/storetest"
)

// oneRow is a store with a row of number 7.
func oneRow(t *testing.T, st *store.Store) (authz.Scope, ident.Operator) {
	t.Helper()
	op := newOperator()
	sc := authz.ForSystem(op, "test")
	write(t, st, sc, func(tx *store.Tx) error { return tx.Add("test_own", rowID("a"), op, ident.SubOperator{}, 7) })
	return sc, op
}

func TestWhatIsReadAheadIsWhatWouldBeReadLater(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		sc, op := oneRow(t, st)
		write(t, st, sc, func(tx *store.Tx) error {
			tx.Ahead(func() {
				for range 2 { // asked for twice, read once
					if n, err := tx.Of("test_own", rowID("a")); n != 0 || err != nil {
						t.Errorf("inside Ahead there is %d, %v", n, err)
					}
				}
				_, _ = tx.Of("test_own", rowID("none"))
				if err := tx.Add("test_own", rowID("x"), op, ident.SubOperator{}, 1); err == nil {
					t.Error("a write inside Ahead")
				}
			})
			if n, err := tx.Sum("test_tokens"); n != 0 || err != nil { // carries them
				return fmt.Errorf("%d, %w", n, err)
			}
			if want := map[bool]int{true: 2, false: 0}[tx.IsPostgres()]; tx.ReadAhead() != want {
				t.Errorf("%d answers are there, want %d", tx.ReadAhead(), want)
			}
			for id, want := range map[string]int64{"a": 7, "none": 0} {
				if n, err := tx.Of("test_own", rowID(id)); n != want || err != nil {
					return fmt.Errorf("%s is %d, %w", id, n, err)
				}
			}
			if tx.ReadAhead() != 0 {
				t.Error("an answer is given twice")
			}
			return nil
		})
		write(t, st, sc, func(tx *store.Tx) error {
			tx.Ahead(func() { _, _ = tx.Of("test_own", rowID("a")) })
			if _, err := tx.Sum("test_tokens"); err != nil {
				return err
			}
			if err := tx.RaiseLater("test_own", rowID("a"), 1); err != nil { // what was read is old now
				return err
			}
			if n, err := tx.Of("test_own", rowID("a")); n != 8 || err != nil {
				return fmt.Errorf("after the write it is %d, %w", n, err)
			}
			return nil
		})
	})
}

func TestAWriteThatWasPutOffCountsAsIfItWasNot(t *testing.T) {
	t.Parallel()
	taken := errors.New("taken")
	for _, c := range []struct {
		why   string
		write func(tx *store.Tx, op ident.Operator) error
		want  func(error) bool // nil: it stays
	}{
		{"nothing in its way", func(tx *store.Tx, op ident.Operator) error {
			return tx.AddLater("test_own", rowID("b"), op, 1, taken)
		}, nil},
		{"found at the closure's end", func(tx *store.Tx, op ident.Operator) error {
			return tx.AddLater("test_own", rowID("a"), op, 1, taken)
		}, func(err error) bool { return errors.Is(err, taken) }},
		{"found by the next statement, whose error it is", func(tx *store.Tx, op ident.Operator) error {
			if err := tx.AddLater("test_own", rowID("a"), op, 1, taken); err != nil {
				return err // SQLite knows at once
			}
			_, err := tx.Sum("test_own")
			if !errors.Is(err, taken) {
				t.Errorf("the next statement said %v", err)
			}
			return err
		}, func(err error) bool { return errors.Is(err, taken) }},
		{"the closure makes light of it", func(tx *store.Tx, op ident.Operator) error {
			_ = tx.RaiseLater("test_own", rowID("none"), 1)
			_, _ = tx.Sum("test_own")
			return nil
		}, func(err error) bool { return err != nil }},
		{"the closure makes something else of it", func(tx *store.Tx, op ident.Operator) error {
			if err := tx.RaiseLater("test_own", rowID("none"), 1); err != nil {
				return err
			}
			_, _ = tx.Sum("test_own")
			return errUndo
		}, func(err error) bool { return fault.Is(err, fault.Missing) }},
		{"a row that is not there", func(tx *store.Tx, op ident.Operator) error {
			if err := tx.AddLater("test_own", rowID("b"), op, 1, taken); err != nil {
				return err
			}
			return tx.RaiseLater("test_own", rowID("none"), 1)
		}, func(err error) bool { return fault.Is(err, fault.Missing) }},
		{"the closure ends with an error of its own", func(tx *store.Tx, op ident.Operator) error {
			if err := tx.AddLater("test_own", rowID("b"), op, 1, taken); err != nil {
				return err
			}
			return errUndo
		}, func(err error) bool { return errors.Is(err, errUndo) }},
	} {
		t.Run(c.why, func(t *testing.T) {
			t.Parallel()
			storetest.Each(t, func(t *testing.T, st *store.Store) {
				sc, op := oneRow(t, st)
				// Its neighbours in the transaction stay, whatever becomes of it.
				var others sync.WaitGroup
				for i := range 20 {
					others.Go(func() {
						err := st.Write(t.Context(), sc, func(tx *store.Tx) error {
							return tx.AddLater("test_tokens", []byte{'n', byte(i)}, op, int64(i), nil)
						})
						if err != nil {
							t.Errorf("a neighbour: %v", err)
						}
					})
				}
				err := st.Write(t.Context(), sc, func(tx *store.Tx) error { return c.write(tx, op) })
				others.Wait()
				want := int64(7)
				if c.want == nil {
					want++
				}
				if c.want == nil && err != nil || c.want != nil && !c.want(err) {
					t.Errorf("answered %v", err)
				}
				if n := sum(t, st, sc, "test_own"); n != want {
					t.Errorf("the rows sum to %d, want %d", n, want)
				}
				if n := sum(t, st, sc, "test_tokens"); n != 190 {
					t.Errorf("the neighbours' rows sum to %d", n)
				}
			})
		})
	}
}
