package store_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"ccms/internal/authz"
	"ccms/internal/ident"
	"ccms/internal/store"
)

// Random closures run from many goroutines, and each writes its number into a log
// that only rises. The naive model then runs the same closures one by one in the
// order of that log: what each of them read and what is stored must be the same.

// move is one closure: it takes from one wallet and gives to another, and ends as
// told on its first run.
type move struct {
	from, to int
	n        int64
	end      string // "", "fail", "panic", "conflict", "double", "deadline"
}

// done is what a closure that was answered with nil has seen.
type done struct {
	move
	turn, before int64 // its place in the log, the balance it took from
}

const wallets = 4

func TestJoinedClosuresDoWhatOneByOneWouldDo(t *testing.T) {
	t.Parallel()
	for _, engine := range []string{"SQLite", "PostgreSQL"} {
		for seed := range uint64(3) {
			t.Run(fmt.Sprintf("%s/seed%d", engine, seed), func(t *testing.T) {
				t.Parallel()
				joinedLikeOneByOne(t, opener(engine)(t, nil), rand.New(rand.NewPCG(seed, 7)))
			})
		}
	}
}

func joinedLikeOneByOne(t *testing.T, st *store.Store, random *rand.Rand) {
	op := newOperator()
	sc := authz.ForSystem(op, "test")
	wallet := func(i int) []byte { return rowID(fmt.Sprintf("w%d", i)) }
	write(t, st, sc, func(tx *store.Tx) error {
		for i := range wallets {
			if err := tx.Add("test_wallets", wallet(i), op, ident.SubOperator{}, 1000); err != nil {
				return err
			}
		}
		return tx.Add("test_tokens", rowID("taken"), op, ident.SubOperator{}, 1)
	})

	ends := []string{"", "", "", "", "fail", "panic", "conflict", "double", "deadline"}
	var plan [12][]move
	for i := range plan {
		for range 25 {
			m := move{from: random.IntN(wallets), n: int64(random.IntN(9) + 1), end: ends[random.IntN(len(ends))]}
			m.to = (m.from + 1 + random.IntN(wallets-1)) % wallets
			plan[i] = append(plan[i], m)
		}
	}
	var mu sync.Mutex
	var history []done
	var wg sync.WaitGroup
	for i, moves := range plan {
		wg.Go(func() {
			for k, m := range moves {
				d, err := attempt(st, sc, op, m, rowID(fmt.Sprintf("m%d-%d", i, k)), wallet)
				switch {
				case m.end == "" || m.end == "conflict" || m.end == "deadline" && err == nil:
					if err != nil {
						t.Errorf("%+v was answered %v", m, err)
						return
					}
					mu.Lock()
					history = append(history, d)
					mu.Unlock()
				case err == nil:
					t.Errorf("%+v was answered nil", m)
				}
			}
		})
	}
	wg.Wait()
	if t.Failed() {
		return
	}

	slices.SortFunc(history, func(a, b done) int { return int(a.turn - b.turn) })
	model := [wallets]int64{1000, 1000, 1000, 1000}
	for i, d := range history {
		if i > 0 && d.turn == history[i-1].turn {
			t.Fatalf("two closures had turn %d", d.turn)
		}
		if d.before != model[d.from] {
			t.Fatalf("turn %d read %d from wallet %d where one by one it holds %d", d.turn, d.before, d.from, model[d.from])
		}
		model[d.from] -= d.n
		model[d.to] += d.n
	}
	err := st.Read(t.Context(), sc, func(tx *store.Tx) error {
		for i, want := range model {
			if n, err := tx.Of("test_wallets", wallet(i)); err != nil || n != want {
				t.Errorf("wallet %d holds %d, one by one %d (%v)", i, n, want, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := rows(t, st, sc); n != int64(len(history)) {
		t.Fatalf("%d rows of %d closures that were answered with success", n, len(history))
	}
}

// rows counts the rows that the moves left: each adds one with the number 1.
func rows(t *testing.T, st *store.Store, sc authz.Scope) int64 { return sum(t, st, sc, "test_own") }

func attempt(st *store.Store, sc authz.Scope, op ident.Operator, m move, id []byte, wallet func(int) []byte) (done, error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var d done
	runs := 0
	err := st.Write(ctx, sc, func(tx *store.Tx) error {
		d = done{move: m}
		runs++
		if m.end == "deadline" {
			cancel() // it has started: this must change nothing
		}
		// The turn is taken under the lock of both wallets, always the smaller first,
		// except that half of the moves do not care about order and may meet.
		locks := []int{m.from, m.to}
		if m.n%2 == 0 {
			slices.Sort(locks)
		}
		for _, w := range locks {
			if err := tx.Lock("test_wallets", wallet(w)); err != nil {
				return err
			}
		}
		var err error
		if d.before, err = tx.Of("test_wallets", wallet(m.from)); err != nil {
			return err
		}
		if _, err := tx.Raise("test_wallets", wallet(m.from), -m.n); err != nil {
			return err
		}
		if _, err := tx.Raise("test_wallets", wallet(m.to), m.n); err != nil {
			return err
		}
		if err := tx.Add("test_own", id, op, ident.SubOperator{}, 1); err != nil {
			return err
		}
		if d.turn, err = tx.NextTest(); err != nil {
			return err
		}
		switch m.end {
		case "fail":
			return errUndo
		case "panic":
			panic("as planned")
		case "conflict":
			if runs < 3 {
				return tx.Conflict()
			}
		case "double":
			_ = tx.Add("test_tokens", rowID("taken"), op, ident.SubOperator{}, 2) // swallowed
		}
		return nil
	})
	if err != nil && m.end == "panic" && !strings.Contains(err.Error(), "as planned") {
		return d, errors.Join(errors.New("not the panic"), err)
	}
	return d, err
}
