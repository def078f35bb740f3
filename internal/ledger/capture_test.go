package ledger_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"testing"

	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/ledger"
	"ccms/internal/money"
	"ccms/internal/store"
	"ccms/internal/unit"
)

// Bill B7: hold 50.00, bill 8.84; 41.16 come back.
func TestCaptureTakesTheBillAndGivesTheRestBack_B7(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		a := w.wallet(t, w.a, "60.00")
		h := w.hold(t, w.point, a, "50.00")
		s := w.capture(t, w.point, h, bill(18437), "capture")
		if s.Captured != eur("8.84") || s.Debt != eur("0") || s.Balance != eur("51.16") || s.Replayed || s.Entry.IsZero() {
			t.Errorf("%+v", s)
		}
		w.has(t, a, "51.16", "0")
		must(t, w.st.Read(t.Context(), w.a, func(tx *store.Tx) error {
			got, err := tx.PostingsOf(s.Entry)
			want := []ledger.Posting{{ledger.Wallet, a, eur("-8.84")}, {ledger.RevenueElectricity, ident.Account{}, eur("5.53")},
				{ledger.RevenueService, ident.Account{}, eur("1.84")}, {ledger.TaxBook(200), ident.Account{}, eur("1.47")}}
			if !slices.Equal(got, want) {
				t.Errorf("postings %v", got)
			}
			return err
		}))
		w.sound(t)
	})
}

func TestCaptureWithTheSameKeyPostsOnce(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		a := w.wallet(t, w.a, "60.00")
		h := w.hold(t, w.point, a, "50.00")
		var mu sync.Mutex
		entries := map[ident.Entry]int{}
		first := 0
		var wg sync.WaitGroup
		for range 12 {
			wg.Go(func() {
				var s ledger.Settlement
				err := w.write(context.Background(), w.point, func(tx ledger.Tx) (err error) {
					s, err = ledger.Capture(tx, h, bill(18437), "capture")
					return err
				})
				mu.Lock()
				defer mu.Unlock()
				if err != nil || s.Captured != eur("8.84") || s.Balance != eur("51.16") {
					t.Errorf("%+v %v", s, err)
				}
				entries[s.Entry]++
				if !s.Replayed {
					first++
				}
			})
		}
		wg.Wait()
		if len(entries) != 1 || first != 1 {
			t.Errorf("%d entries, %d first answers", len(entries), first)
		}
		w.has(t, a, "51.16", "0")
		for what, fn := range map[string]func(ledger.Tx) error{
			"a second key": func(tx ledger.Tx) error { _, err := ledger.Capture(tx, h, bill(18437), "other"); return err },
			"the key for another session": func(tx ledger.Tx) error {
				other := h
				other.ID, other.Session = ident.Hold{}, newSession()
				_, err := ledger.Capture(tx, other, bill(18437), "capture")
				return err
			},
			"the key for an adjustment": func(tx ledger.Tx) error {
				_, err := ledger.Adjust(tx, h, bill(18437), bill(20000), "capture")
				return err
			},
			"no key": func(tx ledger.Tx) error { _, err := ledger.Capture(tx, h, bill(18437), ""); return err },
		} {
			if err := w.write(t.Context(), w.point, fn); err == nil {
				t.Errorf("%s posted again", what)
			}
		}
		w.has(t, a, "51.16", "0")
		w.sound(t)
	})
}

func TestBillAboveTheBalanceIsPostedWholeAndTheRestIsADebt(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		a := w.wallet(t, w.a, "5.00")
		s := w.capture(t, w.point, w.hold(t, w.point, a, "50.00"), bill(18437), "first")
		if s.Captured != eur("8.84") || s.Debt != eur("3.84") || s.Balance != eur("-3.84") {
			t.Errorf("%+v", s)
		}
		// Without a hold, on an account in debt: all of it is.
		bare := ledger.Hold{Account: a, Operator: w.a.Operator(), Session: newSession()}
		if s := w.capture(t, w.point, bare, bill(18437), "second"); s.Debt != eur("8.84") || s.Balance != eur("-12.68") {
			t.Errorf("%+v", s)
		}
		w.has(t, a, "-12.68", "0")
		w.recharge(t, w.a, a, "20.00")
		w.has(t, a, "7.32", "0")
		w.sound(t)
	})
}

// Bill B9: nothing was delivered, the hold is voided and nothing is posted.
func TestBillOfNothingReleasesTheHoldAndPostsNothing_B9(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		a := w.wallet(t, w.a, "60.00")
		h := w.hold(t, w.point, a, "50.00")
		for range 2 {
			if s := w.capture(t, w.point, h, bill(0), "capture"); !s.Entry.IsZero() || s.Captured != eur("0") || s.Balance != eur("60.00") {
				t.Errorf("%+v", s)
			}
		}
		w.has(t, a, "60.00", "0")
		must(t, w.read(t.Context(), w.a, func(tx ledger.Tx) error {
			now, found, err := tx.HoldBySession(h.Session)
			if !found || now.State != ledger.HoldReleased {
				t.Errorf("%+v %v", now, found)
			}
			return err
		}))
		w.sound(t)
	})
}

func TestAdjustPostsTheDifferenceAndPointsAtWhatItCorrects_FIN_A12(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		a := w.wallet(t, w.a, "60.00")
		h := w.hold(t, w.point, a, "50.00")
		first := w.capture(t, w.point, h, bill(10000), "capture") // 4.80
		adjust := func(before, after unit.Wh, key string) (s ledger.Settlement) {
			w.in(t, w.point, func(tx ledger.Tx) (err error) {
				s, err = ledger.Adjust(tx, h, bill(before), bill(after), key)
				return err
			})
			return s
		}
		entry := func(key string) (e ledger.Entry) {
			must(t, w.read(t.Context(), w.a, func(tx ledger.Tx) (err error) {
				var found bool
				e, found, err = tx.EntryByKey(w.a.Operator(), key)
				if !found {
					t.Errorf("no entry %s", key)
				}
				return err
			}))
			return e
		}
		more := adjust(10000, 18437, "adjust 1")
		if more.Captured != eur("4.04") || more.Balance != eur("51.16") || entry("adjust 1").Corrects != first.Entry {
			t.Errorf("more: %+v", more)
		}
		w.clock.Advance(1e9)
		less := adjust(18437, 0, "adjust 2")
		if less.Captured != eur("-8.84") || less.Balance != eur("60.00") || less.Debt != eur("0") || entry("adjust 2").Corrects != more.Entry {
			t.Errorf("less: %+v", less)
		}
		if again := adjust(18437, 0, "adjust 2"); !again.Replayed || again.Entry != less.Entry || again.Captured != less.Captured {
			t.Errorf("again: %+v", again)
		}
		w.clock.Advance(1e9)
		if back := adjust(0, 1000, "adjust 3"); back.Captured != eur("0.48") || entry("adjust 3").Corrects != less.Entry {
			t.Errorf("and back: %+v", back)
		}
		w.clock.Advance(1e9)
		if last := adjust(1000, 0, "adjust 4"); last.Captured != eur("-0.48") {
			t.Errorf("%+v", last)
		}
		if same := adjust(5000, 5000, "adjust 5"); !same.Entry.IsZero() || same.Captured != eur("0") {
			t.Errorf("no difference: %+v", same)
		}
		w.has(t, a, "60.00", "0")
		want := map[ledger.Book]string{ledger.Wallet: "60.00", ledger.ManualCredit: "-60.00", ledger.RevenueElectricity: "0.00",
			ledger.RevenueService: "0.00", ledger.TaxBook(200): "0.00"}
		if got := w.books(t, w.a); !maps.Equal(got, want) {
			t.Errorf("books %v", got)
		}
		w.sound(t)
	})
}

func TestAdjustLeavesAHoldAlone(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		a := w.wallet(t, w.a, "60.00")
		h := w.hold(t, w.point, a, "50.00")
		w.in(t, w.point, func(tx ledger.Tx) error {
			_, err := ledger.Adjust(tx, h, bill(0), bill(1000), "adjust")
			return err
		})
		w.has(t, a, "59.52", "50.00")
		w.sound(t)
	})
}

// A driver of the operator charges at a sub-operator's charge point: its scope reaches
// the wallet, and the revenue is the sub-operator's.
func TestSubOperatorEarnsWhatItsChargePointSells(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		a := w.wallet(t, w.a, "60.00")
		h := w.hold(t, w.subPoint, a, "50.00")
		s := w.capture(t, w.subPoint, h, bill(18437), "capture")
		if s.Captured != eur("8.84") {
			t.Errorf("%+v", s)
		}
		w.has(t, a, "51.16", "0")
		for _, c := range []struct {
			who  string
			sc   authz.Scope
			want map[ledger.Book]string
		}{
			{"the sub-operator", w.sub1, map[ledger.Book]string{ledger.Wallet: "-8.84", ledger.RevenueElectricity: "5.53", ledger.RevenueService: "1.84", ledger.TaxBook(200): "1.47"}},
			{"its neighbour", w.sub2, map[ledger.Book]string{}},
			{"the operator", w.a, map[ledger.Book]string{ledger.Wallet: "51.16", ledger.ManualCredit: "-60.00", ledger.RevenueElectricity: "5.53", ledger.RevenueService: "1.84", ledger.TaxBook(200): "1.47"}},
			{"another operator", w.b, map[ledger.Book]string{}},
		} {
			if got := w.books(t, c.sc); !maps.Equal(got, c.want) {
				t.Errorf("%s sees %v, want %v", c.who, got, c.want)
			}
		}
		if _, err := w.Balance(t.Context(), w.sub1, a); !fault.Is(err, fault.Missing) {
			t.Errorf("staff of the sub-operator see the operator's wallet: %v", err)
		}
		if _, err := w.CheckBalances(t.Context(), w.sub1); !fault.Is(err, fault.Denied) {
			t.Errorf("a check that cannot be whole: %v", err)
		}
		w.sound(t)
	})
}

func TestFailureAfterwardsTakesThePostingBack(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		a := w.wallet(t, w.a, "60.00")
		h := w.hold(t, w.point, a, "50.00")
		broken := errors.New("broken")
		err := w.write(t.Context(), w.point, func(tx ledger.Tx) error {
			if _, err := ledger.Capture(tx, h, bill(18437), "capture"); err != nil {
				return err
			}
			return broken
		})
		if !errors.Is(err, broken) {
			t.Fatal(err)
		}
		w.has(t, a, "60.00", "50.00")
		if s := w.capture(t, w.point, h, bill(18437), "capture"); s.Replayed {
			t.Error("the posting that was taken back was replayed")
		}
		w.has(t, a, "51.16", "0")
		w.sound(t)
	})
}

func TestEntryThatDoesNotBalanceIsRefused(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		a := w.wallet(t, w.a, "0")
		none := ident.Account{}
		for why, p := range map[string][]ledger.Posting{
			"a cent is missing":     {{ledger.Wallet, a, eur("1.00")}, {ledger.ManualCredit, none, eur("-0.99")}},
			"two currencies":        {{ledger.Wallet, a, eur("1.00")}, {ledger.ManualCredit, none, money.New(-100, "USD")}},
			"one posting":           {{ledger.Wallet, a, eur("0")}},
			"nothing":               nil,
			"a wallet without name": {{ledger.Wallet, none, eur("1.00")}, {ledger.ManualCredit, none, eur("-1.00")}},
			"a name without wallet": {{ledger.Wallet, a, eur("1.00")}, {ledger.ManualCredit, a, eur("-1.00")}},
		} {
			err := w.write(t.Context(), w.a, func(tx ledger.Tx) error {
				return tx.Append(ledger.Entry{ID: ident.New[ident.Entry](tx.Now()), Operator: w.a.Operator(), At: tx.Now(),
					Kind: ledger.KindRecharge, Key: why, Amount: eur("0"), Debt: eur("0"), Balance: eur("0"), Postings: p})
			})
			if !fault.Is(err, fault.Internal) {
				t.Errorf("%s: %v", why, err)
			}
		}
		if got := w.books(t, w.a); len(got) != 0 {
			t.Errorf("books %v", got)
		}
	})
}

func TestWalletThatIsNotWhatItsRowsSayIsFound(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		good, wrong, held := w.wallet(t, w.a, "10.00"), w.wallet(t, w.a, "10.00"), w.wallet(t, w.a, "10.00")
		w.hold(t, w.point, good, "3.00")
		w.hold(t, w.point, held, "3.00")
		w.in(t, w.a, func(tx ledger.Tx) error {
			a, err := tx.LockAccount(wrong)
			if err != nil {
				return err
			}
			a.Balance = a.Balance.Add(eur("0.01"))
			if err := tx.SaveAccount(a); err != nil {
				return err
			}
			b, err := tx.LockAccount(held)
			if err != nil {
				return err
			}
			b.Held = eur("2.00")
			return tx.SaveAccount(b)
		})
		drifts, err := w.CheckBalances(t.Context(), w.a)
		must(t, err)
		want := []ledger.Drift{{wrong, eur("10.01"), eur("10.00"), eur("0"), eur("0"), eur("0"), eur("0"), eur("0"), eur("0")}, {held, eur("10.00"), eur("10.00"), eur("2.00"), eur("3.00"), eur("0"), eur("0"), eur("0"), eur("0")}}
		byID := func(x, y ledger.Drift) int {
			if x.Account.Before(y.Account) {
				return -1
			}
			return 1
		}
		slices.SortFunc(want, byID)
		if !slices.Equal(drifts, want) {
			t.Errorf("%+v", drifts)
		}
	})
}

func TestBalancedNoticesACentPerCurrency(t *testing.T) {
	t.Parallel()
	sums := []ledger.BookSum{{"EUR", ledger.Wallet, eur("1.00")}, {"EUR", ledger.ManualCredit, eur("-1.00")}, {"USD", ledger.Wallet, money.New(1, "USD")}}
	if ledger.Balanced(sums) == nil {
		t.Error("a cent of another currency went unnoticed")
	}
	if err := ledger.Balanced(append(sums, ledger.BookSum{Currency: "USD", Book: ledger.ManualCredit, Sum: money.New(-1, "USD")})); err != nil {
		t.Error(err)
	}
}
