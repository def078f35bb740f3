package v16_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/fact"
	"ccms/internal/ident"
	"ccms/internal/money"
	"ccms/internal/ocpp/rpc"
	"ccms/internal/ocpp/v16"
	"ccms/internal/session"
	"ccms/internal/tariff"
)

// nothing has the methods of session.Tx that MeterValues reach, and keeps nothing; the
// embedded nil says at once if they come to need more.
type nothing struct {
	session.Tx
	now  time.Time
	st   session.State
	plan tariff.Plan
}

func (t *nothing) Now() time.Time                                           { return t.now }
func (t *nothing) Record(...fact.Fact) error                                { return nil }
func (t *nothing) LockPoint(p ident.ChargePoint) (asset.ChargePoint, error) { return t.PointByID(p) }
func (t *nothing) PointByID(p ident.ChargePoint) (asset.ChargePoint, error) {
	return asset.ChargePoint{ID: p, Connection: asset.Connection{Epoch: 1, ConnectedAt: t.st.StartedAt, Node: "bench"}}, nil
}
func (t *nothing) SessionByOCPPID(ident.ChargePoint, int64) (session.State, bool, error) {
	return t.st, true, nil
}
func (t *nothing) PlanVersion(ident.Plan, int) (tariff.Plan, error) { return t.plan, nil }
func (t *nothing) InsertEvent(session.Kept) error                   { return nil }
func (t *nothing) InsertSample(session.State, session.Sample, session.Read) (bool, error) {
	return true, nil
}
func (t *nothing) SaveMetered(session.State) error      { return nil }
func (t *nothing) SaveMeasured(*session.Measured) error { return nil }

// BenchmarkMeterValues12Handle is a CALL of 12 values from its payload to its answer,
// with a store that keeps nothing: decoded, checked, attached, priced.
func BenchmarkMeterValues12Handle(b *testing.B) {
	began := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	rate := func(s string) money.Rate {
		r, err := money.ParseRate(s)
		if err != nil {
			b.Fatal(err)
		}
		return r
	}
	plan, err := tariff.Draft{Name: "Day and night", Currency: "EUR", VAT: 190, ServicePerKWh: rate("0.05"),
		Electricity: []tariff.Band{{From: 6 * 60, To: 22 * 60, Price: rate("0.39")}, {From: 22 * 60, To: 6 * 60, Price: rate("0.29")}},
		Idle:        &tariff.IdleFee{PerMinute: rate("0.10"), Grace: 10 * time.Minute},
	}.Plan()
	if err != nil {
		b.Fatal(err)
	}
	plan.ID, plan.Number = ident.New[ident.Plan](began), 1
	point, operator := ident.New[ident.ChargePoint](began), ident.New[ident.Operator](began)
	tx := &nothing{now: began, plan: plan, st: session.State{
		ID: ident.New[ident.Session](began), Operator: operator, Point: point, Connector: 1, OCPPID: 184467,
		Phase: session.Charging, Source: session.ByRFID, Wallet: ident.New[ident.Account](began), Plan: plan.ID, PlanNumber: 1,
		Currency: "EUR", Zone: "Europe/Berlin", MaxPower: 22_000, HoldAmount: money.New(50000, "EUR"),
		StartedAt: began, StartDevice: began, DueAt: began, StartAnswer: session.Accepted, Cost: money.New(0, "EUR"),
		Inner: session.Inner{LastAt: began, Running: tariff.Begin(began)},
	}}
	run := func(_ context.Context, _ authz.Scope, f func(session.Tx) error) error { return f(tx) }
	link := &v16.Link{Sessions: session.New(run, run, "bench"), Point: point, Epoch: 1, Scope: authz.ForChargePoint(operator, ident.SubOperator{}, point),
		Now: func() time.Time { return tx.now }, Failed: func(_ string, err error) { b.Fatal(err) }}
	payload := strings.Replace(meterValues12, "230.0", "RRRRRR", 1)
	ctx := context.Background()
	var stamp, register []byte
	raw := []byte(payload)
	at := strings.Index(payload, "2026-03-01T12:00:00.000Z")
	reg := strings.Index(payload, "RRRRRR")
	i := 0
	b.ReportAllocs()
	for b.Loop() {
		i++
		tx.now = began.Add(time.Duration(i%3600) * time.Second)
		if i%3600 == 0 {
			link = &v16.Link{Sessions: link.Sessions, Point: point, Epoch: 1, Scope: link.Scope, Now: link.Now, Failed: link.Failed}
		}
		stamp = tx.now.AppendFormat(stamp[:0], "2006-01-02T15:04:05.000Z")
		register = fmt.Appendf(register[:0], "%06d", i%3600)
		copy(raw[at:], stamp)
		copy(raw[reg:], register)
		answer, cerr := link.Handle(ctx, rpc.Call{ID: "1234", Action: "MeterValues", Payload: raw, Raw: raw, At: tx.now})
		if cerr != nil || string(answer) != "{}" {
			b.Fatal(cerr, string(answer))
		}
	}
}
