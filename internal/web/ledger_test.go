package web

import (
	"fmt"
	"testing"
	"time"

	"ccms/internal/money"
)

// The journal as a file comes to the trial balance, to the cent; every line leads to an
// entry with both sides.
func TestTheJournalForTheAccountantIsTheTrialBalance(t *testing.T) {
	each(t, func(w *world) {
		w.tenants()
		w.furnish(&w.mine)
		w.call("POST", "/api/v1/drivers/"+w.mine.driver+"/recharges", `{"amount":{"amount":"12.34","currency":"EUR"},"reason":"=1+1"}`,
			bearer(w.mine.admin), key("another")).want(w, 201)
		var tb TrialBalance
		w.call("GET", "/api/v1/trial-balance", "", bearer(w.mine.admin)).want(w, 200).into(&tb)
		head, rows := csvOf(w, w.call("GET", "/api/v1/postings", "", bearer(w.mine.admin), asCSV).want(w, 200).body)
		if want := "[entry_id booked_on event_on account charging_account debit credit currency text reference]"; fmt.Sprint(head) != want {
			w.Errorf("the columns are %v, want %s", head, want)
		}
		type sides struct{ debit, credit int64 }
		sums := map[string]sides{}
		minor := func(text string) int64 {
			a, err := money.ParseAmount(text, "EUR")
			w.ok(err)
			return a.Minor
		}
		for _, r := range rows {
			s := sums[r["account"]]
			sums[r["account"]] = sides{s.debit + minor(r["debit"]), s.credit + minor(r["credit"])}
		}
		if len(rows) < 4 || len(tb.Items) != len(sums) || len(tb.Totals) != 1 || tb.Totals[0].Debit != tb.Totals[0].Credit {
			w.Errorf("%d lines, %+v", len(rows), tb)
		}
		for _, l := range tb.Items {
			if s := sums[l.Account]; minor(l.Debit.Amount) != s.debit || minor(l.Credit.Amount) != s.credit {
				w.Errorf("%s: the file says %+v, the trial balance %s and %s", l.Account, s, l.Debit.Amount, l.Credit.Amount)
			}
		}
		var e LedgerEntry
		w.call("GET", "/api/v1/ledger-entries/"+rows[0]["entry_id"], "", bearer(w.mine.admin)).want(w, 200).into(&e)
		if len(e.Lines) < 2 || e.BookedOn != rows[0]["booked_on"] {
			w.Errorf("entry %+v", e)
		}
		w.call("GET", "/api/v1/ledger-entries/"+rows[0]["entry_id"], "", bearer(w.theirs.admin)).want(w, 404)
	})
}

// A month is closed and opened again over the API, with a reason, and audited.
func TestAMonthIsClosedOverTheAPI(t *testing.T) {
	lite(t, func(w *world) {
		w.tenants()
		month := w.clock.Now().Format("2006-01")
		body := fmt.Sprintf(`{"month":"%s","reason":"told by the accountant"}`, month)
		w.call("POST", "/api/v1/book-closings", body, bearer(w.mine.admin)).wantCode(w, 409, "month_not_over")
		w.clock.Advance(40 * 24 * time.Hour)
		var c BookClosing
		w.call("POST", "/api/v1/book-closings", body, bearer(w.mine.admin)).want(w, 201).into(&c)
		w.call("POST", "/api/v1/book-closings", body, bearer(w.mine.admin)).wantCode(w, 409, "month_closed")
		path := "/api/v1/book-closings/" + c.ID.String() + "/reopen"
		w.call("POST", path, `{"reason":""}`, bearer(w.mine.admin)).want(w, 422)
		w.call("POST", path, `{"reason":"an error"}`, bearer(w.theirs.admin)).want(w, 404)
		w.call("POST", path, `{"reason":"an error"}`, bearer(w.mine.admin)).want(w, 200).into(&c)
		if c.ReopenedAt.IsZero() || c.ReopenReason != "an error" || c.Month != month {
			w.Errorf("%+v", c)
		}
		var l struct{ Items []AuditRow }
		w.call("GET", "/api/v1/audit?object="+c.ID.String(), "", bearer(w.mine.admin)).want(w, 200).into(&l)
		if len(l.Items) != 2 {
			w.Errorf("the audit has %d", len(l.Items))
		}
	})
}
