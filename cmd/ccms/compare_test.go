package main_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"ccms/cpsim"
	"ccms/internal/authz"
	"ccms/internal/ident"
	"ccms/internal/ledger"
	"ccms/internal/money"
	"ccms/internal/operator"
	"ccms/internal/session"
	"ccms/internal/store"
)

// rows is what the database holds of a world.
type rows struct {
	sessions []session.State
	samples  map[ident.Session][]session.Sample
	events   map[ident.Session][]session.Frame
	captures map[ident.Session]ledger.Entry
	wallets  map[string]ledger.Account // by identity of the point
	books    []ledger.BookSum
	drifts   []ledger.Drift
}

func (r *rows) sampleCount() (n int) {
	for _, s := range r.samples {
		n += len(s)
	}
	return n
}

// load reads everything through the store, as the program would.
func (w *world) load(t *testing.T, s setting) *rows {
	t.Helper()
	a := s.open(t)
	defer a.Store.Close()
	r := &rows{samples: map[ident.Session][]session.Sample{}, events: map[ident.Session][]session.Frame{},
		captures: map[ident.Session]ledger.Entry{}, wallets: map[string]ledger.Account{}}
	for page := (operator.Page{Limit: operator.MaxLimit}); ; {
		l, err := a.Sessions.List(t.Context(), w.scope, session.Filter{}, page)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range l.Items {
			r.sessions = append(r.sessions, row.State)
		}
		if page.Cursor = l.Next; page.Cursor == "" {
			break
		}
	}
	const most = 1000 // rows of a session; the load's have some twenty
	// A read for each: the server's patience with one is for one, not for all.
	read := func(fn func(tx *store.Tx) error) {
		t.Helper()
		if err := a.Store.Read(t.Context(), w.scope, fn); err != nil {
			t.Fatal(err)
		}
	}
	for _, st := range r.sessions {
		read(func(tx *store.Tx) (err error) {
			if r.samples[st.ID], err = tx.SamplesOf(st.ID, most); err != nil {
				return err
			}
			if r.events[st.ID], err = tx.EventsOf(st, most); err != nil {
				return err
			}
			e, found, err := tx.LastEntry(st.ID)
			if found {
				r.captures[st.ID] = e
			}
			return err
		})
	}
	for identity, id := range w.wallets {
		read(func(tx *store.Tx) (err error) {
			r.wallets[identity], err = tx.AccountByID(id)
			return err
		})
	}
	var err error
	if r.books, err = a.Ledger.TrialBalance(t.Context(), authz.Everything("test")); err != nil {
		t.Fatal(err)
	}
	if r.drifts, err = a.Ledger.CheckBalances(t.Context(), authz.Everything("test")); err != nil {
		t.Fatal(err)
	}
	return r
}

// What of the messages the comparison reads.
type (
	startReq struct {
		ConnectorID int       `json:"connectorId"`
		IDTag       string    `json:"idTag"`
		MeterStart  int64     `json:"meterStart"`
		Timestamp   time.Time `json:"timestamp"`
	}
	startConf struct {
		TransactionID int32 `json:"transactionId"`
		IDTagInfo     struct {
			Status string `json:"status"`
		} `json:"idTagInfo"`
	}
	meterValue struct {
		Timestamp    time.Time `json:"timestamp"`
		SampledValue []struct {
			Value, Context, Measurand string
		} `json:"sampledValue"`
	}
	meterReq struct {
		TransactionID int32        `json:"transactionId"`
		MeterValue    []meterValue `json:"meterValue"`
	}
	stopReq struct {
		TransactionID   int32        `json:"transactionId"`
		MeterStop       int64        `json:"meterStop"`
		Timestamp       time.Time    `json:"timestamp"`
		TransactionData []meterValue `json:"transactionData"`
	}
)

// reading is what identifies a sample.
type reading struct {
	at      int64 // µs
	context string
	wh      int64
}

// findings are what is wrong, by column of the table of faults.
type findings map[column][]string

// compare says what of the acknowledgements the database does not keep to.
func (a *acks) compare(w *world, db *rows) findings {
	found := findings{}
	in := func(c column) func(string, ...any) {
		return func(format string, args ...any) { found[c] = append(found[c], fmt.Sprintf(format, args...)) }
	}
	lacks, double, wallet, books := in(colKept), in(colOnce), in(colWallets), in(colBooks)
	decode := func(raw json.RawMessage, into any) {
		if err := json.Unmarshal(raw, into); err != nil {
			lacks("%s: %v", raw, err)
		}
	}

	byNumber := map[int32]session.State{}
	for _, st := range db.sessions {
		if _, twice := byNumber[st.OCPPID]; twice {
			double("two sessions have the transactionId %d", st.OCPPID)
		}
		byNumber[st.OCPPID] = st
	}
	// find is the session that a report of a point speaks of.
	find := func(identity, action string, id int32) (session.State, bool) {
		st, ok := byNumber[id]
		if !ok || st.Point != w.byName[identity] {
			lacks("%s: %s of transactionId %d was acknowledged and is not there", identity, action, id)
			return st, false
		}
		return st, true
	}
	// kept: the raw report is there too, from which a bill can be worked out again. One
	// that arrived twice, because its answer was lost, may be there twice: it did.
	kept := func(st session.State, x cpsim.Ack) {
		if !slices.ContainsFunc(db.events[st.ID], func(e session.Frame) bool {
			return e.Action == x.Action && bytes.Contains(e.Payload, x.Request)
		}) {
			lacks("%s: the raw %s of %d is not there: %s", x.Identity, x.Action, st.OCPPID, x.Request)
		}
	}
	want := map[ident.Session]map[reading]int{} // acknowledged samples
	expect := func(st session.State, values []meterValue) {
		if want[st.ID] == nil {
			want[st.ID] = map[reading]int{}
		}
		for _, v := range values {
			for _, s := range v.SampledValue {
				if s.Measurand == "Energy.Active.Import.Register" {
					wh, err := strconv.ParseInt(s.Value, 10, 64)
					if err != nil {
						lacks("%v", err)
					}
					want[st.ID][reading{v.Timestamp.UnixMicro(), s.Context, wh}]++
				}
			}
		}
	}

	type start struct {
		identity string
		at       int64
		register int64
	}
	started, stopped := map[start]int32{}, map[int32]bool{}
	for _, x := range a.all {
		switch x.Action {
		case "StartTransaction":
			var req startReq
			var conf startConf
			decode(x.Request, &req)
			decode(x.Response, &conf)
			if conf.IDTagInfo.Status != "Accepted" {
				lacks("%s: a start was answered %s", x.Identity, conf.IDTagInfo.Status)
			}
			k := start{x.Identity, req.Timestamp.UnixMicro(), req.MeterStart}
			if first, again := started[k]; again {
				double("%s: one start was acknowledged as %d and as %d", x.Identity, first, conf.TransactionID)
			}
			started[k] = conf.TransactionID
			st, ok := find(x.Identity, x.Action, conf.TransactionID)
			if !ok {
				continue
			}
			if st.Connector != req.ConnectorID || int64(st.MeterStart) != req.MeterStart || !st.StartDevice.Equal(req.Timestamp) || st.TokenUID != req.IDTag {
				lacks("%s: %d is not the start that was sent: %+v", x.Identity, st.OCPPID, req)
			}
			kept(st, x)
		case "MeterValues":
			var req meterReq
			decode(x.Request, &req)
			if st, ok := find(x.Identity, x.Action, req.TransactionID); ok {
				expect(st, req.MeterValue)
				kept(st, x)
			}
		case "StopTransaction":
			var req stopReq
			decode(x.Request, &req)
			st, ok := find(x.Identity, x.Action, req.TransactionID)
			if !ok {
				continue
			}
			if stopped[st.OCPPID] {
				double("%s: the stop of %d was acknowledged twice", x.Identity, st.OCPPID)
			}
			stopped[st.OCPPID] = true
			expect(st, req.TransactionData)
			kept(st, x)
			if !st.RealStop || int64(st.MeterStop) != req.MeterStop || !st.StopDevice.Equal(req.Timestamp) {
				lacks("%s: the stop of %d was acknowledged and is not there", x.Identity, st.OCPPID)
			}
		}
	}

	// Everything was delivered in the end, so the database holds these sessions and
	// samples and no others: a retry that made a second one shows here.
	if len(db.sessions) != len(started) {
		double("%d starts made %d sessions", len(started), len(db.sessions))
	}
	paid := map[string]money.Amount{}
	total := money.New(0, "EUR")
	identities := map[ident.ChargePoint]string{}
	for identity, id := range w.byName {
		identities[id], paid[identity] = identity, money.New(0, "EUR")
	}
	for _, st := range db.sessions {
		identity := identities[st.Point]
		have := map[reading]int{}
		for _, m := range db.samples[st.ID] {
			have[reading{m.Stamp.At.UnixMicro(), m.Context, int64(m.Energy)}]++
		}
		for r, n := range want[st.ID] {
			if n != 1 {
				lacks("%s: a sample of %d was acknowledged %d times", identity, st.OCPPID, n)
			}
			if have[r] != 1 {
				lacks("%s: the sample %+v of %d was acknowledged and is there %d times", identity, r, st.OCPPID, have[r])
			}
			delete(have, r)
		}
		for r := range have {
			double("%s: %d has a sample %+v that nobody sent", identity, st.OCPPID, r)
		}

		if !stopped[st.OCPPID] {
			lacks("%s: %d is in the database as %s and its stop was not acknowledged", identity, st.OCPPID, st.Phase)
			continue
		}
		// 0.40 a kWh and nothing else.
		due := money.New((int64(st.MeterStop-st.MeterStart)*40+500)/1000, "EUR")
		if st.Phase != session.Completed || st.Bill == nil || st.Bill.Total != due || !w.mayHave(st.Flags) {
			double("%s: %d is %s with flags %v and bill %+v, not completed with %s", identity, st.OCPPID, st.Phase, st.Flags, st.Bill, due)
			continue
		}
		e, captured := db.captures[st.ID]
		if captured != (due.Minor != 0) || captured && (e.Kind != ledger.KindCapture || e.Amount != due) || st.Captured != due || st.Adjusted {
			double("%s: %d was billed %s and charged %+v", identity, st.OCPPID, due, e)
		}
		paid[identity] = paid[identity].Add(due)
		total = total.Add(due)
	}

	for identity, sum := range paid {
		acc := db.wallets[identity]
		if left := money.New(deposit, "EUR").Sub(sum); acc.Balance != left || !acc.Held.Zero() {
			wallet("%s: its wallet has %s and holds %s, not %s and nothing", identity, acc.Balance, acc.Held, left)
		}
	}
	if err := ledger.Balanced(db.books); err != nil {
		books("%v: %v", err, db.books)
	}
	for _, b := range db.books {
		if b.Book == ledger.RevenueElectricity && b.Sum != total {
			books("the revenue is %s, the bills come to %s", b.Sum, total)
		}
	}
	for _, d := range db.drifts {
		wallet("a stored balance is not what was posted: %+v", d)
	}
	return found
}
