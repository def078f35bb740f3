package pay_test

import (
	"os"
	"time"

	"ccms/internal/ident"
	"ccms/internal/ledger"
	"ccms/internal/money"
	"ccms/internal/operator"
	"ccms/internal/pay"
	"ccms/internal/store"
	"ccms/internal/tariff"
)

var (
	zeroCard    ident.Card
	otherDriver = ident.New[ident.Driver](time.Unix(1_772_355_600, 0))
)

func mul(a money.Amount, n int) money.Amount { return money.New(a.Minor*int64(n), a.Currency) }

// spend has a session cost something.
func (w *world) spend(amount string) {
	w.Helper()
	w.in(func(tx *store.Tx) error {
		h := ledger.Hold{Operator: w.staff.Operator(), Account: w.wallet, Session: ident.New[ident.Session](w.clock.Now())}
		net := eur(amount)
		b := tariff.Bill{Currency: "EUR", Net: net, Total: net, Lines: []tariff.Line{{Kind: tariff.KindElectricity, Amount: net}}}
		_, err := ledger.Capture(tx, h, b, h.Session.String())
		return err
	})
}

func (w *world) check(by pay.Provider, day string) (out pay.Check) {
	w.Helper()
	l, err := w.Checks(w.Context(), w.staff, operator.Page{Limit: 100})
	w.must(err)
	for _, c := range l.Items {
		if c.Provider == by && c.Day == day {
			out = c
		}
	}
	return out
}

// onDisk is what lies in the embedded database; nothing where it is another server's.
func (w *world) onDisk() string {
	w.Helper()
	var all []byte
	for _, end := range []string{"", "-wal"} {
		if b, err := os.ReadFile(w.url + end); err == nil {
			all = append(all, b...)
		}
	}
	return string(all)
}
