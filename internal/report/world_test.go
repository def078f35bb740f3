package report_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/fact"
	"ccms/internal/ident"
	"ccms/internal/ledger"
	"ccms/internal/money"
	"ccms/internal/operator"
	"ccms/internal/outbox"
	"ccms/internal/report"
	"ccms/internal/session"
	"ccms/internal/store"
	"ccms/internal/store/storetest"
	"ccms/internal/tariff"
	"ccms/internal/unit"
)

// world is an operator with a sub-operator on a real store; facts reach reports by the
// outbox, as they do in a node.
type world struct {
	*report.Service
	t      *testing.T
	st     *store.Store
	clock  *storetest.Clock
	runner *outbox.Runner

	op   ident.Operator
	sub  ident.SubOperator
	sc   authz.Scope // staff of the operator
	subs authz.Scope // staff of the sub-operator
	sys  authz.Scope

	recorded int // facts that reports want
	handled  int
	serial   int
	ocpp     int32
}

func each(t *testing.T, f func(w *world)) {
	t.Helper()
	t.Parallel()
	for name, open := range map[string]func(testing.TB, func(*store.Options)) *store.Store{"SQLite": storetest.SQLite, "PostgreSQL": storetest.Postgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f(newWorld(t, open))
		})
	}
}

func newWorld(t *testing.T, open func(testing.TB, func(*store.Options)) *store.Store) *world {
	w := &world{t: t, clock: storetest.NewClock()}
	w.st = open(t, func(o *store.Options) { o.Now = w.clock.Now })
	run := func(do func(context.Context, authz.Scope, func(*store.Tx) error) error) report.Run {
		return func(ctx context.Context, sc authz.Scope, fn func(report.Tx) error) error {
			return do(ctx, sc, func(tx *store.Tx) error { return fn(tx) })
		}
	}
	w.Service = report.New(run(w.st.Write), run(w.st.Read))
	w.runner = outbox.New(w.st, "test", outbox.Consumer{Name: report.Consumer, Kinds: report.Kinds,
		Handle: func(_ context.Context, f outbox.Fact) (outbox.Effect, error) {
			w.handled++
			return func(tx *store.Tx) error { return report.Note(tx, f.Operator, f.Kind, f.Payload) }, nil
		}})
	now := w.clock.Now()
	w.op, w.sub = ident.New[ident.Operator](now), ident.New[ident.SubOperator](now)
	actor := authz.Actor{Staff: ident.New[ident.Staff](now)}
	w.sc, w.subs = authz.ForStaff(w.op, ident.SubOperator{}, actor), authz.ForStaff(w.op, w.sub, actor)
	w.sys = authz.ForSystem(w.op, "test")
	w.write(func(tx *store.Tx) error {
		if err := tx.InsertOperator(operator.Operator{ID: w.op, Name: "Operator", Code: "010000", Currency: "EUR",
			TimeZone: "America/Santiago", Version: 1}); err != nil {
			return err
		}
		return tx.InsertSubOperator(operator.SubOperator{ID: w.sub, Operator: w.op, No: 1, Name: "North", Status: operator.SubValid, Version: 1})
	})
	return w
}

func (w *world) ok(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) write(fn func(tx *store.Tx) error) {
	w.t.Helper()
	w.ok(w.st.Write(w.t.Context(), authz.Everything("test"), fn))
}

func (w *world) read(fn func(tx *store.Tx) error) {
	w.t.Helper()
	w.ok(w.st.Read(w.t.Context(), w.sys, fn))
}

// site makes one with a charge point of each type.
func (w *world) site(sub ident.SubOperator, zone string, types ...asset.ChargerType) (asset.Site, []asset.ChargePoint) {
	w.t.Helper()
	w.serial++
	now := w.clock.Now()
	s := asset.Site{ID: ident.New[ident.Site](now), Operator: w.op, Sub: sub, Name: fmt.Sprint("Site ", w.serial), TimeZone: zone, Status: asset.Valid, Version: 1}
	var points []asset.ChargePoint
	w.write(func(tx *store.Tx) error {
		points = nil
		if err := tx.InsertSite(s); err != nil {
			return err
		}
		for i, ty := range types {
			p := asset.ChargePoint{ID: ident.New[ident.ChargePoint](now), Operator: w.op, Sub: sub, Site: s.ID, Type: ty,
				Identity: fmt.Sprintf("CP-%d-%d", w.serial, i), Name: fmt.Sprintf("Point %d.%d", w.serial, i), Code: fmt.Sprintf("%d%02d", w.serial, i),
				MaxPower: 22000, Keys: asset.KeyMACs{Text: []byte{1}, Raw: []byte{1}}, Status: asset.Valid, Version: 1, Rolled: asset.PointPending, Own: asset.Condition{Status: asset.Unknown}}
			if _, err := tx.InsertPoint(p); err != nil {
				return err
			}
			points = append(points, p)
		}
		return nil
	})
	return s, points
}

// connector adds one in a state.
func (w *world) connector(p asset.ChargePoint, number int, s asset.ConnectorStatus) {
	w.t.Helper()
	w.write(func(tx *store.Tx) error {
		return tx.InsertConnector(asset.Connector{ID: ident.New[ident.Connector](w.clock.Now()), Operator: p.Operator, Sub: p.Sub, Point: p.ID,
			Number: number, Type: "Type2", Condition: asset.Condition{Status: s}, Version: 1})
	})
}

// session is one that has not ended.
func (w *world) session(s asset.Site, p asset.ChargePoint, driver ident.Driver, from time.Time) session.State {
	w.t.Helper()
	w.ocpp++
	st := session.State{ID: ident.New[ident.Session](w.clock.Now()), Operator: w.op, Sub: s.Sub, Site: s.ID, Point: p.ID, Connector: 1, OCPPID: w.ocpp,
		Phase: session.Charging, Source: session.ByRFID, Driver: driver, Currency: "EUR", Zone: s.TimeZone, StartedAt: from, StartDevice: from,
		Cost: money.New(0, "EUR"), MeterStart: unit.Wh(w.ocpp)}
	w.write(func(tx *store.Tx) error { return tx.InsertSession(st) })
	return st
}

// save saves a session with the fact that package session records with it.
func (w *world) save(was, st session.State, kind fact.Kind) session.State {
	w.t.Helper()
	w.write(func(tx *store.Tx) error {
		if err := tx.SaveSession(st); err != nil {
			return err
		}
		c := session.Changed{Session: st.ID, Point: st.Point, Phase: st.Phase, Energy: int64(st.Energy), EndedAt: st.EndedAt}
		if !was.EndedAt.Equal(st.EndedAt) {
			c.EndedBefore = was.EndedAt
		}
		return tx.Record(fact.Fact{Kind: kind, Version: 1, Operator: st.Operator, Sub: st.Sub, Object: st.ID.String(), At: tx.Now(), Payload: c})
	})
	w.recorded++
	st.Rev++
	return st
}

// ended is a session that ended with some energy.
func (w *world) ended(s asset.Site, p asset.ChargePoint, driver ident.Driver, from, to time.Time, energy unit.Wh) session.State {
	w.t.Helper()
	was := w.session(s, p, driver, from)
	st := was
	st.Phase, st.EndedAt, st.Energy, st.RealStop, st.StopDevice, st.Bill = session.Completed, to, energy, true, to, new(bill(energy))
	return w.save(was, st, "session.stopped")
}

// rolled has all facts read and all marks worked off.
func (w *world) rolled() {
	w.t.Helper()
	// PostgreSQL holds facts back while an older transaction runs anywhere in the cluster.
	storetest.Until(w.t, "reading all facts", func() bool {
		_, err := w.runner.Step(w.t.Context(), report.Consumer)
		w.ok(err)
		return w.handled == w.recorded
	})
	for {
		n, err := w.Roll(w.t.Context())
		w.ok(err)
		if n == 0 {
			return
		}
	}
}

func (w *world) wallet(sub ident.SubOperator) ident.Account {
	w.t.Helper()
	w.serial++
	var id ident.Account
	w.write(func(tx *store.Tx) (err error) {
		id, err = ledger.OpenWallet(tx, w.op, sub, "EUR", fmt.Sprintf("101%08d", w.serial))
		return err
	})
	return id
}

func (w *world) recharge(a ident.Account, amount int64) {
	w.t.Helper()
	w.serial++
	w.write(func(tx *store.Tx) error {
		_, _, err := ledger.Credit(tx, ledger.RechargeRequest{Driver: ident.New[ident.Driver](w.clock.Now()), Account: a, Amount: money.New(amount, "EUR"),
			From: ledger.FromAdmin, Reason: "test", Key: fmt.Sprint("r", w.serial)}, ident.Staff{})
		return err
	})
	w.recorded++
}

func (w *world) capture(a ident.Account, st session.State, b tariff.Bill) {
	w.t.Helper()
	w.settled(func(tx *store.Tx) (ledger.Settlement, error) {
		return ledger.Capture(tx, holdOf(a, st), b, st.ID.String()+":capture")
	})
}

func (w *world) adjust(a ident.Account, st session.State, before, after tariff.Bill) {
	w.t.Helper()
	w.serial++
	w.settled(func(tx *store.Tx) (ledger.Settlement, error) {
		return ledger.Adjust(tx, holdOf(a, st), before, after, fmt.Sprint(st.ID, ":adjust", w.serial))
	})
}

func (w *world) settled(fn func(tx *store.Tx) (ledger.Settlement, error)) {
	w.t.Helper()
	var s ledger.Settlement
	w.write(func(tx *store.Tx) (err error) {
		s, err = fn(tx)
		return err
	})
	if !s.Entry.IsZero() { // what comes to nothing is not posted
		w.recorded++
	}
}

func holdOf(a ident.Account, st session.State) ledger.Hold {
	return ledger.Hold{Account: a, Operator: st.Operator, Sub: st.Sub, Session: st.ID, Amount: money.New(0, "EUR")}
}

// bill is what energy costs at 0.30 and 0.10 with 20 % tax.
func bill(energy unit.Wh) tariff.Bill { return billAt(energy, 200) }

func billAt(energy unit.Wh, vat unit.Permille) tariff.Bill {
	d := tariff.Draft{Name: "B1", Currency: "EUR", VAT: vat, ServicePerKWh: 100_000, Electricity: []tariff.Band{{To: 1440, Price: 300_000}}}
	p, err := d.Plan()
	if err != nil {
		panic(err)
	}
	at := time.Unix(1_772_355_600, 0)
	b, err := tariff.Rate(p, tariff.Usage{Start: at, Stop: at.Add(time.Hour), Energy: energy}, time.UTC)
	if err != nil {
		panic(err)
	}
	return b
}

func day(t testing.TB, s string) report.Bucket {
	t.Helper()
	b, err := report.ParseDay(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func local(t testing.TB, zone, text string) time.Time {
	t.Helper()
	loc, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	at, err := time.ParseInLocation("2006-01-02 15:04", text, loc)
	if err != nil {
		t.Fatal(err)
	}
	return at.UTC()
}
