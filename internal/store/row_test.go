package store_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"sync"
	"testing"

	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/store"
	"ccms/internal/store/storetest"
)

func TestPagesShowEachRowOnceInBothOrders(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		op := newOperator()
		sc := authz.ForSystem(op, "test")
		write(t, st, sc, func(tx *store.Tx) error {
			var rows [][]any
			for i := range 57 {
				rows = append(rows, []any{[]byte{'a' + byte(i/26), 'a' + byte(i%26)}, op, ident.SubOperator{}, i / 5}) // five equals
			}
			return tx.AddMany("test_own", rows)
		})
		read := func(p store.Page, least int64) (l store.Listed[store.TestRow], err error) {
			err = st.Read(t.Context(), sc, func(tx *store.Tx) (err error) {
				l, err = tx.TestList(p, least)
				return err
			})
			return l, err
		}
		for _, sort := range []string{"n", "-n"} {
			var got []store.TestRow
			p := store.Page{Sort: sort, Limit: 7}
			for {
				l, err := read(p, 0)
				if err != nil || l.Total != 57 || l.Capped {
					t.Fatalf("%+v, %v", l, err)
				}
				got = append(got, l.Items...)
				if p.Cursor = l.Next; p.Cursor == "" {
					break
				}
			}
			if sort == "-n" {
				slices.Reverse(got)
			}
			if len(got) != 57 || !slices.IsSortedFunc(got, func(a, b store.TestRow) int {
				return bytes.Compare([]byte(a.ID), []byte(b.ID)) // ids rise with n here
			}) {
				t.Fatalf("sorted by %s: %d rows %v", sort, len(got), got)
			}
		}
		first, err := read(store.Page{Limit: 1}, 11)
		if err != nil || first.Total != 2 || len(first.Items) != 1 || first.Items[0].N != 11 {
			t.Fatalf("%+v, %v", first, err)
		}
		broken := []byte(first.Next)
		broken[len(broken)-3] ^= 1
		for why, p := range map[string]store.Page{
			"a changed cursor": {Cursor: string(broken)}, "no cursor": {Cursor: "x"}, "the cursor of another sort": {Sort: "-n", Cursor: first.Next},
			"an unknown sort": {Sort: "id; DROP"}, "too many": {Limit: 101}, "too few": {Limit: -1},
		} {
			if _, err := read(p, 0); fault.Of(err).Kind != fault.Invalid {
				t.Errorf("%s: %v", why, err)
			}
		}
	})
}

func TestTotalIsCountedUpToTenThousand(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		op := newOperator()
		sc := authz.ForSystem(op, "test")
		write(t, st, sc, func(tx *store.Tx) error {
			var rows [][]any
			for i := range 10_001 {
				rows = append(rows, []any{binary.BigEndian.AppendUint16(nil, uint16(i)), op, ident.SubOperator{}, 1})
			}
			return tx.AddMany("test_own", rows)
		})
		err := st.Read(t.Context(), sc, func(tx *store.Tx) error {
			l, err := tx.TestList(store.Page{}, 0)
			if err != nil {
				return err
			}
			if l.Total != 10_000 || !l.Capped || len(l.Items) != 20 {
				t.Errorf("total %d, capped %v, %d items", l.Total, l.Capped, len(l.Items))
			}
			whole, err := tx.TestList(store.Page{Whole: true}, 0)
			if whole.Total != 0 || len(whole.Items) != 500 || whole.Next == "" {
				t.Errorf("a page of an export: total %d, %d items", whole.Total, len(whole.Items))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestSlicesAsArguments(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		op := newOperator()
		sc := authz.ForSystem(op, "test")
		write(t, st, sc, func(tx *store.Tx) error {
			for i, id := range []string{"a", "b", "c"} {
				if err := tx.Add("test_own", rowID(id), op, ident.SubOperator{}, int64(i+1)); err != nil {
					return err
				}
			}
			for _, c := range []struct {
				numbers []int64
				ids     [][]byte
				want    int64
			}{
				{[]int64{1, 2, 3}, [][]byte{rowID("a"), rowID("c")}, 4},
				{[]int64{2}, [][]byte{rowID("a"), rowID("b"), rowID("c")}, 2},
				{[]int64{9}, [][]byte{rowID("a")}, 0},
			} {
				if got, err := tx.SumIn(c.numbers, c.ids); err != nil || got != c.want {
					t.Errorf("%v %s: %d, %v", c.numbers, c.ids, got, err)
				}
			}
			return nil
		})
	})
}

func TestDoubleRowNamesItsIndexAndNotItsValue(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		op := newOperator()
		sc := authz.ForSystem(op, "test")
		add := func(id string, n int64) error {
			return st.Write(t.Context(), sc, func(tx *store.Tx) error {
				return tx.Add("test_tokens", rowID(id), op, ident.SubOperator{}, n)
			})
		}
		if err := errors.Join(add("a", 4711), add("b", 1)); err != nil {
			t.Fatal(err)
		}
		err := add("c", 4711)
		if !store.Duplicate(err, "test_tokens_n") || bytes.Contains([]byte(err.Error()), []byte("4711")) {
			t.Errorf("%v", err)
		}
		if err := add("a", 2); err == nil || store.Duplicate(err, "test_tokens_n") {
			t.Errorf("a double primary key: %v", err)
		}
	})
}

func TestNumbersAreNeverGivenTwice(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		var mu sync.Mutex
		seen := map[int64]bool{}
		var wg sync.WaitGroup
		for i := range 40 {
			wg.Go(func() {
				var n int64
				err := st.Write(t.Context(), authz.Everything("test"), func(tx *store.Tx) (err error) {
					if n, err = tx.NextTest(); err == nil && i%4 == 0 {
						err = errUndo
					}
					return err
				})
				mu.Lock()
				defer mu.Unlock()
				switch {
				case errors.Is(err, errUndo):
				case err != nil:
					t.Error(err)
				case seen[n] || n < 1000:
					t.Errorf("%d was given twice or lies below the first", n)
				default:
					seen[n] = true
				}
			})
		}
		wg.Wait()
	})
}
