package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/ledger"
	"ccms/internal/money"
	"ccms/internal/unit"
)

// FIN-A9: the trial balance is zero per currency after thousands of random sessions
// (10,000 on each engine with CCMS_LONG=1: half a minute, minutes with -race), many
// at once, also on one wallet, at the charge points of an operator and of its
// sub-operator, with everything a session may do to its money; every wallet has what
// a plain sum says, and nothing is held any more.
func TestTrialBalanceIsZeroAfterARandomRun_FIN_A9(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		sessions := 3000
		switch {
		case os.Getenv("CCMS_LONG") != "":
			sessions = 10_000
		case strings.HasSuffix(t.Name(), "PostgreSQL"):
			sessions = 1000
		}
		// Each worker has a wallet of its own, and now and then uses the one that all
		// share. Wallets that all share crosswise have a test of their own: on
		// PostgreSQL each embrace takes a second to be noticed.
		const workers = 32
		const wallets = workers + 1
		accounts := make([]ident.Account, wallets)
		plain := make([]atomic.Int64, wallets) // what each wallet must have, in cents
		for i := range accounts {
			accounts[i] = w.wallet(t, w.a, "100.00")
			plain[i].Store(100_00)
		}
		var next, replays atomic.Int64
		var wg sync.WaitGroup
		for n := range workers {
			wg.Go(func() {
				r := rand.New(rand.NewPCG(uint64(n), 9))
				for next.Add(1) <= int64(sessions) && !t.Failed() {
					i := n
					if r.IntN(10) == 0 {
						i = workers
					}
					again, err := w.randomSession(r, accounts[i], &plain[i])
					if err != nil {
						t.Error(err)
					}
					replays.Add(int64(again))
				}
			})
		}
		wg.Wait()
		for i, id := range accounts {
			a, err := w.Balance(t.Context(), w.a, id)
			must(t, err)
			if a.Balance.Minor != plain[i].Load() || a.Held.Minor != 0 {
				t.Errorf("wallet %d has %v and holds %v, want %d", i, a.Balance, a.Held, plain[i].Load())
			}
		}
		w.sound(t)
		books := w.books(t, w.a)
		if len(books) != 5 || replays.Load() == 0 {
			t.Errorf("books %v, %d replays", books, replays.Load())
		}
	})
}

var errGone = errors.New("the process dies before the commit")

// randomSession lives one session; plain follows the wallet.
func (w *world) randomSession(r *rand.Rand, a ident.Account, plain *atomic.Int64) (replays int, err error) {
	ctx := context.Background()
	sc := []authz.Scope{w.point, w.subPoint}[r.IntN(2)]
	h := ledger.Hold{Account: a, Operator: sc.Operator(), Sub: sc.Sub(), Session: newSession()}
	if r.IntN(8) > 0 {
		err := w.write(ctx, sc, func(tx ledger.Tx) error {
			placed, err := ledger.PlaceHold(tx, ledger.HoldRequest{Account: a, Session: h.Session, Sub: sc.Sub(),
				Want: money.New(int64(1+r.IntN(5000)), "EUR"), Least: money.New(int64(r.IntN(300)), "EUR")})
			if err == nil {
				h = placed
			}
			return err
		})
		if fault.Is(err, fault.Limit) { // no money: recharge and go on without a hold
			amount := int64(1 + r.IntN(20_000))
			if _, err := w.Recharge(ctx, w.a, ledger.RechargeRequest{Driver: driver, Account: a, Amount: money.New(amount, "EUR"),
				From: ledger.FromAdmin, Reason: "random", Key: h.Session.String()}); err != nil {
				return 0, err
			}
			plain.Add(amount)
		} else if err != nil {
			return 0, err
		}
	}
	for range r.IntN(3) {
		if err := w.write(ctx, sc, func(tx ledger.Tx) (err error) {
			if r.IntN(3) == 0 {
				_, err = ledger.Shrink(tx, h, money.New(int64(r.IntN(2000)), "EUR"))
			} else {
				_, err = ledger.Extend(tx, h, money.New(int64(r.IntN(9000)), "EUR"))
			}
			return err
		}); err != nil {
			return 0, err
		}
	}
	if r.IntN(10) == 0 { // it never started
		return 0, w.write(ctx, sc, func(tx ledger.Tx) error { _, err := ledger.Release(tx, h); return err })
	}
	used := unit.Wh(r.IntN(3) * r.IntN(15_000))
	b := bill(used)
	for again := true; again; {
		again = r.IntN(4) == 0
		dies := r.IntN(6) == 0
		var s ledger.Settlement
		err := w.write(ctx, sc, func(tx ledger.Tx) (err error) {
			if s, err = ledger.Capture(tx, h, b, "capture "+h.Session.String()); err == nil && dies {
				return errGone
			}
			return err
		})
		switch {
		case errors.Is(err, errGone):
			again = true
		case err != nil:
			return replays, err
		case s.Replayed:
			replays++
		case !s.Entry.IsZero():
			plain.Add(-b.Total.Minor)
		}
	}
	for n := range r.IntN(3) {
		after := bill(unit.Wh(r.IntN(20_000)))
		var s ledger.Settlement
		if err := w.write(ctx, sc, func(tx ledger.Tx) (err error) {
			s, err = ledger.Adjust(tx, h, b, after, fmt.Sprintf("adjust %d %s", n, h.Session))
			return err
		}); err != nil {
			return replays, err
		}
		if want := after.Total.Sub(b.Total); s.Captured != want {
			return replays, fmt.Errorf("adjusted by %v, want %v", s.Captured, want)
		}
		plain.Add(-s.Captured.Minor)
		b = after
	}
	return replays, nil
}
