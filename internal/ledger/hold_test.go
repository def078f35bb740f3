package ledger_test

import (
	"context"
	"sync"
	"testing"

	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/ledger"
	"ccms/internal/money"
	"ccms/internal/store/storetest"
	"ccms/internal/tariff"
)

func TestHoldTakesWhatIsWantedOrWhatThereIs(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		a := w.wallet(t, w.a, "70.00")
		first, second := w.hold(t, w.point, a, "50.00"), w.hold(t, w.point, a, "50.00")
		if first.Amount != eur("50.00") || second.Amount != eur("20.00") {
			t.Errorf("held %v and %v", first.Amount, second.Amount)
		}
		w.has(t, a, "70.00", "70.00")
		err := w.write(t.Context(), w.point, func(tx ledger.Tx) error {
			_, err := ledger.PlaceHold(tx, ledger.HoldRequest{Account: a, Session: newSession(), Want: eur("50.00"), Least: eur("0")})
			return err
		})
		if f := fault.Of(err); f == nil || f.Kind != fault.Limit || f.Code != "insufficient_balance" {
			t.Errorf("a third: %v", err)
		}
		w.in(t, w.point, func(tx ledger.Tx) error {
			again, err := ledger.PlaceHold(tx, ledger.HoldRequest{Account: a, Session: first.Session, Want: eur("50.00"), Least: eur("5.00")})
			if again.ID != first.ID || again.Amount != first.Amount {
				t.Errorf("the same session again: %+v, want %+v", again, first)
			}
			return err
		})
		w.has(t, a, "70.00", "70.00")
		w.sound(t)
	})
}

func TestHoldNeedsTheLeast_BAL_R2(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		a := w.wallet(t, w.a, "4.99")
		try := func(least string) error {
			return w.write(t.Context(), w.point, func(tx ledger.Tx) error {
				_, err := ledger.PlaceHold(tx, ledger.HoldRequest{Account: a, Session: newSession(), Want: eur("50.00"), Least: eur(least)})
				return err
			})
		}
		if err := try("5.00"); !fault.Is(err, fault.Limit) {
			t.Errorf("a cent is missing: %v", err)
		}
		w.has(t, a, "4.99", "0")
		must(t, try("4.99"))
		w.has(t, a, "4.99", "4.99")
	})
}

// BAL-R3: sessions that start at once share one balance.
func TestConcurrentHoldsNeverHoldMoreThanThereIs_BAL_R3(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		a := w.wallet(t, w.a, "55.00")
		var mu sync.Mutex
		var held []money.Amount
		var wg sync.WaitGroup
		for range 24 {
			wg.Go(func() {
				var h ledger.Hold
				err := w.write(context.Background(), w.point, func(tx ledger.Tx) (err error) {
					h, err = ledger.PlaceHold(tx, ledger.HoldRequest{Account: a, Session: newSession(), Want: eur("10.00"), Least: eur("8.00")})
					return err
				})
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					held = append(held, h.Amount)
				} else if !fault.Is(err, fault.Limit) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if len(held) != 5 {
			t.Errorf("%d sessions hold %v of 55.00, want 5 of 10.00", len(held), held)
		}
		w.has(t, a, "55.00", "50.00")
		w.sound(t)
	})
}

func TestExtendGrowsAsFarAsTheAccountHasIt(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		a := w.wallet(t, w.a, "30.00")
		h := w.hold(t, w.point, a, "10.00")
		for _, c := range []struct{ upTo, want string }{{"15.00", "15.00"}, {"12.00", "15.00"}, {"50.00", "30.00"}, {"60.00", "30.00"}} {
			w.in(t, w.point, func(tx ledger.Tx) error {
				grown, err := ledger.Extend(tx, h, eur(c.upTo)) // h is the first copy: what counts is the row
				if grown.Amount != eur(c.want) {
					t.Errorf("up to %s: %v, want %s", c.upTo, grown.Amount, c.want)
				}
				return err
			})
		}
		w.has(t, a, "30.00", "30.00")
		w.in(t, w.point, func(tx ledger.Tx) error {
			less, err := ledger.Shrink(tx, h, eur("8.00"))
			if less.Amount != eur("8.00") {
				t.Errorf("shrunk to %v", less.Amount)
			}
			return err
		})
		w.has(t, a, "30.00", "8.00")
		for range 2 {
			w.in(t, w.point, func(tx ledger.Tx) error {
				gone, err := ledger.Release(tx, h)
				if gone.State != ledger.HoldReleased {
					t.Errorf("state %s", gone.State)
				}
				return err
			})
			w.has(t, a, "30.00", "0")
		}
		w.in(t, w.point, func(tx ledger.Tx) error {
			same, err := ledger.Extend(tx, h, eur("20.00"))
			if same.State != ledger.HoldReleased {
				t.Errorf("a released hold grew: %+v", same)
			}
			return err
		})
		w.has(t, a, "30.00", "0")
		w.sound(t)
	})
}

// Two transactions want the same two wallets, each in its own order.
func TestTwoTransactionsLockTwoWalletsCrosswise(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		a, b := w.wallet(t, w.a, "1000.00"), w.wallet(t, w.a, "1000.00")
		var wg sync.WaitGroup
		for i := range 12 {
			order := []ident.Account{a, b}
			if i%2 == 1 {
				order = []ident.Account{b, a}
			}
			sessions := []ident.Session{newSession(), newSession()}
			wg.Go(func() {
				err := fault.New(fault.Unavailable, "not_yet", "")
				for range 20 { // whoever is in the way too often is told to come again
					if !fault.Is(err, fault.Unavailable) {
						break
					}
					err = fault.Of(w.write(context.Background(), w.point, func(tx ledger.Tx) error {
						for k, x := range order {
							h, err := ledger.PlaceHold(tx, ledger.HoldRequest{Account: x, Session: sessions[k], Want: eur("1.00"), Least: eur("1.00")})
							if err != nil {
								return err
							}
							if _, err := ledger.Capture(tx, h, bill(1000), h.Session.String()); err != nil {
								return err
							}
						}
						return nil
					}))
					if err == nil {
						return
					}
				}
				t.Error(err)
			})
		}
		wg.Wait()
		w.has(t, a, "994.24", "0") // 12 × 0.48
		w.has(t, b, "994.24", "0")
		w.sound(t)
	})
}

// The embrace itself, on the engine where it can happen: each holds one wallet when
// it asks for the other.
func TestDeadlyEmbraceOfTwoWalletsEndsForBoth(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storetest.Postgres)
	a, b := w.wallet(t, w.a, "10.00"), w.wallet(t, w.a, "10.00")
	holding := map[ident.Account]chan struct{}{a: make(chan struct{}), b: make(chan struct{})}
	var mu sync.Mutex
	runs := 0
	errs := make(chan error, 2)
	cross := func(first, second ident.Account) {
		met := false
		errs <- w.write(context.Background(), w.point, func(tx ledger.Tx) error {
			mu.Lock()
			runs++
			mu.Unlock()
			if _, err := tx.LockAccount(first); err != nil {
				return err
			}
			if !met {
				met = true
				close(holding[first])
				<-holding[second]
			}
			for _, x := range []ident.Account{first, second} {
				h := ledger.Hold{Account: x, Operator: w.a.Operator(), Session: newSession()}
				if _, err := ledger.Capture(tx, h, bill(1000), h.Session.String()); err != nil {
					return err
				}
			}
			return nil
		})
	}
	go cross(a, b)
	<-holding[a]
	go cross(b, a)
	for range 2 {
		must(t, <-errs)
	}
	if runs < 3 {
		t.Errorf("%d runs: they never met", runs)
	}
	w.has(t, a, "9.04", "0")
	w.has(t, b, "9.04", "0")
	w.sound(t)
}

func TestHoldOfAnotherOperatorsWalletIsMissing(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		other := w.wallet(t, w.b, "10.00")
		err := w.write(t.Context(), w.point, func(tx ledger.Tx) error {
			_, err := ledger.PlaceHold(tx, ledger.HoldRequest{Account: other, Session: newSession(), Want: eur("1.00"), Least: eur("1.00")})
			return err
		})
		if !fault.Is(err, fault.Missing) {
			t.Errorf("hold: %v", err)
		}
		err = w.write(t.Context(), w.point, func(tx ledger.Tx) error {
			_, err := ledger.Capture(tx, ledger.Hold{Account: other, Operator: w.a.Operator(), Session: newSession()}, bill(1000), "k")
			return err
		})
		if !fault.Is(err, fault.Missing) {
			t.Errorf("capture: %v", err)
		}
		if _, err := w.Balance(t.Context(), w.a, other); !fault.Is(err, fault.Missing) {
			t.Errorf("balance: %v", err)
		}
		if now, err := w.Balance(t.Context(), w.b, other); err != nil || now.Balance != eur("10.00") || now.Held != eur("0") {
			t.Errorf("%+v %v", now, err)
		}
	})
}

func TestHoldInAnotherCurrencyIsRefused(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		a := w.wallet(t, w.a, "10.00")
		h := w.hold(t, w.point, a, "5.00")
		dollars := money.New(500, "USD")
		for what, fn := range map[string]func(tx ledger.Tx) error{
			"hold": func(tx ledger.Tx) error {
				_, err := ledger.PlaceHold(tx, ledger.HoldRequest{Account: a, Session: newSession(), Want: dollars, Least: dollars})
				return err
			},
			"extend": func(tx ledger.Tx) error { _, err := ledger.Extend(tx, h, dollars); return err },
			"shrink": func(tx ledger.Tx) error { _, err := ledger.Shrink(tx, h, dollars); return err },
			"capture": func(tx ledger.Tx) error {
				_, err := ledger.Capture(tx, h, tariff.Bill{Currency: "USD", Net: dollars, Total: dollars}, "k")
				return err
			},
		} {
			if err := w.write(t.Context(), w.point, fn); !fault.Is(err, fault.Conflict) {
				t.Errorf("%s: %v", what, err)
			}
		}
		w.has(t, a, "10.00", "5.00")
	})
}
