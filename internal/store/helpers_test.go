package store_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"ccms/internal/authz"
	"ccms/internal/ident"
	"ccms/internal/store"
	"ccms/internal/store/storetest"
)

// patience is how long a test waits for what must happen.
const patience = 20 * time.Second

var instant = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

func newOperator() ident.Operator { return ident.New[ident.Operator](instant) }

func newSub() ident.SubOperator { return ident.New[ident.SubOperator](instant) }

// rowID is a short readable id; the test tables take any bytes.
func rowID(name string) []byte { return []byte(name) }

func await(t *testing.T, what string, c <-chan struct{}) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(patience):
		t.Fatalf("%s did not happen", what)
	}
}

func until(t *testing.T, what string, cond func() bool) {
	t.Helper()
	storetest.Until(t, what, cond)
}

// write runs a closure in the operator's scope and fails the test on error.
func write(t *testing.T, st *store.Store, sc authz.Scope, fn func(*store.Tx) error) {
	t.Helper()
	if err := st.Write(t.Context(), sc, fn); err != nil {
		t.Fatal(err)
	}
}

// sum is what the scope sees in a table.
func sum(t *testing.T, st *store.Store, sc authz.Scope, table string) (n int64) {
	t.Helper()
	err := st.Read(t.Context(), sc, func(tx *store.Tx) (err error) {
		n, err = tx.Sum(table)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// inOneTransaction makes the closures share a transaction, in their order, and
// returns what each caller was answered. The store must have one joiner.
func inOneTransaction(t *testing.T, st *store.Store, calls ...call) []error {
	t.Helper()
	open := st.Gate(t)
	errs := make([]error, len(calls))
	var wg sync.WaitGroup
	for i, c := range calls {
		ctx := c.ctx
		if ctx == nil {
			ctx = context.Background()
		}
		wg.Go(func() { errs[i] = st.Write(ctx, c.scope, c.fn) })
		until(t, fmt.Sprintf("the queueing of closure %d", i), func() bool { return st.Queued() == i+1 })
	}
	open()
	finished := make(chan struct{})
	go func() { wg.Wait(); close(finished) }()
	await(t, "the answer to everybody", finished)
	return errs
}

type call struct {
	scope authz.Scope
	fn    func(*store.Tx) error
	ctx   context.Context
}

func oneJoiner(o *store.Options) { o.Joiners = 1 }

// heard collects what OnCommit is told, one slice per commit.
type heard struct {
	mu      sync.Mutex
	commits [][]string
}

func (h *heard) option(o *store.Options) {
	o.Joiners = 1
	o.OnCommit = func(changes []store.Change) {
		var ids []string
		for _, c := range changes {
			ids = append(ids, c.ID)
		}
		h.mu.Lock()
		defer h.mu.Unlock()
		h.commits = append(h.commits, ids)
	}
}

func (h *heard) all() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Concat(h.commits...)
}
