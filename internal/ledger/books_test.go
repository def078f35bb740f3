package ledger_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/ledger"
	"ccms/internal/operator"
	"ccms/internal/unit"
)

var page1 = operator.Page{Limit: 1}

// shanghai is the clock of the world's operators; it begins on 2026-11-01 at 17:00.
var shanghai = must1(time.LoadLocation("Asia/Shanghai"))

func must1[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func day(y int, m time.Month, d, h int) time.Time { return time.Date(y, m, d, h, 0, 0, 0, shanghai) }

// until moves the clock to an instant.
func (w *world) until(t *testing.T, at time.Time) {
	t.Helper()
	now := w.clock.Now()
	if at.Before(now) {
		t.Fatalf("the clock is at %s already", now)
	}
	w.clock.Advance(at.Sub(now))
}

// late charges a session that ended then.
func (w *world) late(t *testing.T, sc authz.Scope, a ident.Account, ended time.Time, energy unit.Wh) ledger.Settlement {
	t.Helper()
	h := ledger.Hold{Account: a, Operator: sc.Operator(), Sub: sc.Sub(), Session: newSession(), Ended: ended}
	return w.capture(t, sc, h, bill(energy), "capture "+h.Session.String())
}

func (w *world) trial(t *testing.T, sc authz.Scope, first, last string) ledger.Trial {
	t.Helper()
	tb, err := w.Trial(t.Context(), sc, ledger.JournalFilter{Days: ledger.Days{First: first, Last: last}})
	must(t, err)
	must(t, tb.Sound())
	return tb
}

func line(tb ledger.Trial, b ledger.Book) string {
	for _, l := range tb.Lines {
		if l.Book == b {
			return fmt.Sprintf("%s %s %s %s", l.Opening.Decimal(), l.Debit.Decimal(), l.Credit.Decimal(), l.Closing().Decimal())
		}
	}
	return "none"
}

// journal reads the postings of a filter page by page.
func (w *world) journal(t *testing.T, sc authz.Scope, f ledger.JournalFilter) []ledger.JournalLine {
	t.Helper()
	var out []ledger.JournalLine
	for p := (operator.Page{Limit: 7, Sort: "booked"}); ; {
		l, err := w.Journal(t.Context(), sc, f, p)
		must(t, err)
		out = append(out, l.Items...)
		if l.Next == "" {
			return out
		}
		p.Cursor = l.Next
	}
}

// FIN-A9: the trial balance of a range has what was before it, both sides of what is in
// it, and comes to nothing; what is told late counts for its own day.
func TestTheTrialBalanceCountsByBookingDate_FIN_A9(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		w.until(t, day(2026, 11, 29, 12))
		a := w.wallet(t, w.a, "100.00")
		w.until(t, day(2026, 12, 2, 12))
		w.late(t, w.point, a, day(2026, 11, 30, 23), 18_437) // B1: 8.84
		w.late(t, w.point, a, w.clock.Now(), 18_437)
		november, december := w.trial(t, w.a, "2026-11-01", "2026-11-30"), w.trial(t, w.a, "2026-12-01", "2026-12-31")
		for _, want := range []struct {
			tb   ledger.Trial
			book ledger.Book
			line string
		}{
			{november, ledger.Wallet, "0.00 8.84 100.00 91.16"},
			{november, ledger.ManualCredit, "0.00 100.00 0.00 -100.00"},
			{november, ledger.RevenueElectricity, "0.00 0.00 5.53 5.53"},
			{december, ledger.Wallet, "91.16 8.84 0.00 82.32"},
			{december, ledger.RevenueService, "1.84 0.00 1.84 3.68"},
			{december, ledger.TaxBook(200), "1.47 0.00 1.47 2.94"},
		} {
			if got := line(want.tb, want.book); got != want.line {
				t.Errorf("%s from %s: %s, want %s", want.book, want.tb.From, got, want.line)
			}
		}
		if got := w.trial(t, w.sub1, "", ""); len(got.Lines) != 0 {
			t.Errorf("a sub-operator sees %+v", got.Lines)
		}
		if got := w.trial(t, w.b, "", ""); len(got.Lines) != 0 {
			t.Errorf("another operator sees %+v", got.Lines)
		}
		w.sound(t)
	})
}

// A posting names what it is of; the journal's pages miss no line and give none twice;
// its sums are those of the trial balance.
func TestTheJournalIsTheTrialBalanceLineByLine(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		a := w.wallet(t, w.a, "100.00")
		b := w.wallet(t, w.a, "20.00")
		for i := range 9 {
			w.late(t, w.point, []ident.Account{a, b}[i%2], w.clock.Now().Add(time.Duration(-i)*time.Minute), unit.Wh(1000*(i+1)))
		}
		all := w.journal(t, w.a, ledger.JournalFilter{})
		seen, sums := map[string]bool{}, map[ledger.Book]int64{}
		for i, l := range all {
			place := fmt.Sprint(l.Entry, l.Line)
			if seen[place] || i > 0 && l.Booked.Before(all[i-1].Booked) {
				t.Errorf("line %d comes twice or out of order: %+v", i, l)
			}
			seen[place] = true
			sums[l.Book] += l.Credit().Minor - l.Debit().Minor
			if l.Session.IsZero() == l.Recharge.IsZero() || (l.Book == ledger.Wallet) != (l.ChargingAccount != "") ||
				l.Kind == ledger.KindRecharge && len(l.TransactionID) != 25 {
				t.Errorf("what is it of? %+v", l)
			}
		}
		tb, postings := w.trial(t, w.a, "", ""), 0
		for _, l := range tb.Lines {
			postings += l.Postings
			if sums[l.Book] != l.Closing().Minor {
				t.Errorf("%s: the journal says %d, the trial balance %s", l.Book, sums[l.Book], l.Closing())
			}
		}
		if postings != len(all) || len(all) != 4+9*4 {
			t.Errorf("%d lines, %d postings", len(all), postings)
		}
		mine := w.journal(t, w.a, ledger.JournalFilter{Book: ledger.Wallet, Account: b})
		have, err := w.Balance(t.Context(), w.a, b)
		must(t, err)
		sum := eur("0")
		for _, l := range mine {
			sum = sum.Add(l.Amount)
		}
		if len(mine) != 5 || sum != have.Balance {
			t.Errorf("the statement of a wallet has %d lines that come to %s, it has %s", len(mine), sum, have.Balance)
		}
	})
}

// A closed month stays as it is: what is told late is booked on the first open day, with
// its own date beside it. Only the month that was closed last opens again.
func TestNothingIsBookedIntoAClosedMonth(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		a := w.wallet(t, w.a, "100.00")
		refused := func(code string, err error) {
			t.Helper()
			if f := fault.Of(err); f == nil || f.Code != code {
				t.Errorf("%v, want %s", err, code)
			}
		}
		w.until(t, time.Date(2026, 12, 1, 0, 14, 59, 0, shanghai))
		_, err := w.Close(ctx, w.a, "2026-11", "the accountant said so")
		refused("month_not_over", err)
		w.clock.Advance(time.Second)
		_, err = w.Close(ctx, w.sub1, "2026-11", "mine")
		refused("operator_only", err)
		november, err := w.Close(ctx, w.a, "2026-11", "the accountant said so")
		must(t, err)
		if l, err := w.Closings(ctx, w.sub1, operator.Page{Limit: 10}); err != nil || len(l.Items) != 0 {
			t.Errorf("a sub-operator sees %+v, %v", l.Items, err)
		}
		if _, err = w.Reopen(ctx, w.sub1, november.ID, "not theirs"); !fault.Is(err, fault.Missing) {
			t.Errorf("a sub-operator opens a month: %v", err)
		}
		_, err = w.Close(ctx, w.a, "2026-11", "again")
		refused("month_closed", err)
		before := w.trial(t, w.a, "", "2026-11-30")

		w.until(t, day(2026, 12, 3, 12))
		s := w.late(t, w.point, a, day(2026, 11, 20, 12), 18_437)
		e, err := w.EntryDetail(ctx, w.a, s.Entry)
		must(t, err)
		if !e.Booked.Equal(day(2026, 12, 1, 0)) || !e.Event.Equal(day(2026, 11, 20, 12)) || !e.At.Equal(w.clock.Now()) {
			t.Errorf("booked %s, of %s, written %s", e.Booked, e.Event, e.At)
		}
		if after := w.trial(t, w.a, "", "2026-11-30"); fmt.Sprint(after.Lines) != fmt.Sprint(before.Lines) {
			t.Errorf("November was %v, is %v", before.Lines, after.Lines)
		}
		if s := w.late(t, w.point, w.wallet(t, w.a, "0"), day(2026, 12, 2, 12), 1000); !must1(w.EntryDetail(ctx, w.a, s.Entry)).Booked.Equal(day(2026, 12, 2, 12)) {
			t.Error("what is of an open month is not booked for its day")
		}

		w.until(t, day(2027, 1, 2, 12))
		december, err := w.Close(ctx, w.a, "2026-12", "next")
		must(t, err)
		_, err = w.Reopen(ctx, w.a, november.ID, "an error")
		refused("not_the_latest", err)
		_, err = w.Reopen(ctx, w.b, december.ID, "not theirs")
		if !fault.Is(err, fault.Missing) {
			t.Errorf("another operator: %v", err)
		}
		opened, err := w.Reopen(ctx, w.a, december.ID, "an error")
		must(t, err)
		if !opened.Until.Equal(december.Until) || opened.ReopenReason != "an error" || opened.ReopenedAt.IsZero() {
			t.Errorf("opened %+v", opened)
		}
		_, err = w.Reopen(ctx, w.a, december.ID, "again")
		refused("month_open", err)
		s = w.late(t, w.point, a, day(2026, 12, 20, 12), 1000)
		if e := must1(w.EntryDetail(ctx, w.a, s.Entry)); !e.Booked.Equal(day(2026, 12, 20, 12)) {
			t.Errorf("in the month that was opened again it is booked for %s", e.Booked)
		}
		w.clock.Advance(time.Second)
		must1(w.Close(ctx, w.a, "2026-12", "now it is right"))
		l, err := w.Closings(ctx, w.a, operator.Page{})
		must(t, err)
		if len(l.Items) != 3 || l.Items[0].Month != "2026-12" || !l.Items[0].ReopenedAt.IsZero() {
			t.Errorf("closings %+v", l.Items)
		}
		w.sound(t)
	})
}

// Postings that run while a month is closed are either in it when it is closed, or not at
// all: what the closing left is what stays.
func TestPostingsRaceTheClosingOfTheirMonth(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		const workers, each = 6, 25
		wallets := make([]ident.Account, workers)
		for i := range wallets {
			wallets[i] = w.wallet(t, w.a, "1000.00")
		}
		w.until(t, day(2026, 12, 2, 12))
		var wg sync.WaitGroup
		var posted atomic.Int64
		half := make(chan struct{})
		for n := range workers {
			wg.Go(func() {
				r := rand.New(rand.NewPCG(uint64(n), 31))
				for range each {
					sc := []authz.Scope{w.point, w.subPoint}[r.IntN(2)]
					h := ledger.Hold{Account: wallets[n], Operator: sc.Operator(), Sub: sc.Sub(), Session: newSession(),
						Ended: day(2026, 11, 1+r.IntN(30), 18)}
					if err := w.write(context.Background(), sc, func(tx ledger.Tx) error {
						_, err := ledger.Capture(tx, h, bill(unit.Wh(1000+r.IntN(9000))), h.Session.String())
						return err
					}); err != nil {
						t.Error(err)
						return
					}
					if posted.Add(1) == workers*each/2 {
						close(half)
					}
				}
			})
		}
		<-half
		must1(w.Close(t.Context(), w.a, "2026-11", "race"))
		left := w.trial(t, w.a, "", "2026-11-30")
		at := posted.Load()
		wg.Wait()
		if now := w.trial(t, w.a, "", "2026-11-30"); fmt.Sprint(now.Lines) != fmt.Sprint(left.Lines) {
			t.Errorf("November was closed with %v, and now is %v", left.Lines, now.Lines)
		}
		if lines := w.journal(t, w.a, ledger.JournalFilter{Days: ledger.Days{First: "2026-12-01"}, Book: ledger.Wallet}); len(lines) == 0 && at < workers*each-workers {
			t.Error("nothing was booked on the first open day")
		}
		w.sound(t)
	})
}

// MON-R5: an entry is taken back once, by one that names it and says why; the same
// request again gives the same answer, also where many ask at once.
func TestAnEntryIsTakenBackOnce_MON_R5(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		a := w.wallet(t, w.a, "5.00")
		s := w.late(t, w.subPoint, a, w.clock.Now(), 18_437)
		w.has(t, a, "-3.84", "0")
		take := func(sc authz.Scope, key, reason string) (e ledger.Entry, err error) {
			err = w.write(ctx, sc, func(tx ledger.Tx) (err error) {
				e, _, err = ledger.TakeBack(tx, ledger.TakeBackRequest{Entry: s.Entry, Reason: reason, Key: key})
				return err
			})
			return e, err
		}
		var wg sync.WaitGroup
		var done atomic.Int64
		for n := range 5 {
			wg.Go(func() {
				_, err := take(w.a, fmt.Sprint("key ", n), "wrong card")
				if err == nil {
					done.Add(1)
				} else if fault.Of(err).Code != "entry_reversed" {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if done.Load() != 1 {
			t.Errorf("taken back %d times", done.Load())
		}
		w.has(t, a, "5.00", "0")
		d, err := w.EntryDetail(ctx, w.a, s.Entry)
		must(t, err)
		if d.TakenBack == nil || d.TakenBack.Corrects != s.Entry || d.TakenBack.Reason != "wrong card" || d.TakenBack.Sub != w.subPoint.Sub() {
			t.Fatalf("taken back by %+v", d.TakenBack)
		}
		back := must1(w.EntryDetail(ctx, w.a, d.TakenBack.ID))
		for i, l := range back.Lines {
			if l.Amount != d.Lines[i].Amount.Neg() || l.Book != d.Lines[i].Book {
				t.Errorf("line %d is %v, of %v", i, l.Posting, d.Lines[i].Posting)
			}
		}
		r := w.recharge(t, w.a, a, "1.00")
		for _, c := range []struct {
			entry ident.Entry
			code  string
		}{{back.ID, "entry_is_reversal"}, {r.Entry, "entry_of_recharge"}} {
			err := w.write(ctx, w.a, func(tx ledger.Tx) error {
				_, _, err := ledger.TakeBack(tx, ledger.TakeBackRequest{Entry: c.entry, Reason: "no", Key: c.code})
				return err
			})
			if f := fault.Of(err); f == nil || f.Code != c.code {
				t.Errorf("%v, want %s", err, c.code)
			}
		}
		if _, err := take(w.b, "theirs", "not theirs"); !fault.Is(err, fault.Missing) {
			t.Errorf("another operator: %v", err)
		}
		w.sound(t)
	})
}
