package session

import (
	"testing"
	"time"

	"ccms/internal/asset"
	"ccms/internal/ident"
	"ccms/internal/money"
	"ccms/internal/tariff"
	"ccms/internal/unit"
)

// FuzzApply throws events in any order at the machine. Whatever comes: no panic,
// energy never negative, a bill is made at most once plus one adjustment, a timer is
// never due at once, and a session with a bill has ended.
func FuzzApply(f *testing.F) {
	f.Add([]byte{0, 10, 1, 20, 2, 30, 4, 0})
	f.Add([]byte{0, 200, 0, 3, 4, 0, 9, 0, 4, 9})
	f.Add([]byte{3, 0, 8, 0, 7, 255, 7, 255, 4, 1})
	f.Fuzz(anyOrder(f))
}

// anyOrder is the property: two bytes are an event.
func anyOrder(f testing.TB) func(*testing.T, []byte) {
	draft := tariff.Draft{
		Name: "fuzz", Currency: "EUR", Electricity: []tariff.Band{{To: 1440, Price: 300000}},
		Idle: &tariff.IdleFee{PerMinute: 100000, Grace: time.Minute, Cap: money.New(2000, "EUR")},
	}
	plan, err := draft.Plan()
	if err != nil {
		f.Fatal(err)
	}
	prices := tariff.NewSheet(&plan, time.UTC)
	statuses := []asset.ConnectorStatus{asset.Available, asset.Preparing, asset.Charging, asset.SuspendedEV,
		asset.SuspendedEVSE, asset.Finishing, asset.Faulted, asset.Unavailable, asset.Reserved}
	return func(t *testing.T, in []byte) {
		now := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
		st := State{
			ID: ident.New[ident.Session](now), OCPPID: 1, Connector: 1, Phase: Charging, StartedAt: now, Currency: "EUR",
			Wallet: ident.New[ident.Account](now), HoldAmount: plan.Hold, Cost: money.New(0, "EUR"),
			Inner: Inner{PluggedUntil: now, HeardAt: now, Running: tariff.Begin(now)},
		}
		var regs []Register
		captures := 0
		for i := 0; i+1 < len(in); i += 2 {
			n := int64(in[i+1])
			now = now.Add(time.Duration(n) * time.Second)
			var ev Event
			switch in[i] % 12 {
			case 0:
				r := Reading{At: now, Energy: unit.Wh(n * 37), Power: unit.W(n * 10), Has: HasEnergy | HasPower}
				regs = append(regs, Register{now, r.Energy})
				ev = Metered{Readings: []Reading{r}, Untimed: n == 77}
			case 1:
				ev = StatusSeen{statuses[int(n)%len(statuses)], now}
			case 2:
				ev = Stopped{At: now.Add(-time.Duration(n) * time.Minute), Register: unit.Wh(n * 40), HasRegister: n%5 != 0}
			case 3:
				ev = Suspected{"fuzz"}
			case 4:
				now = now.Add(20 * time.Minute)
				ev = Due{Quiet: true, PluggedUntil: now}
			case 5:
				ev = StopAsked{At: now}
			case 6:
				ev = StopRefused{}
			case 7:
				ev = WentOffline{now}
			case 8:
				ev = CameBack{now, statuses[int(n)%len(statuses)]}
			case 9:
				ev = Replaced{now}
			case 10:
				now = now.Add(time.Duration(n) * time.Hour)
				ev = Due{}
			case 11:
				ev = HoldGrown{money.New(n*10, "EUR")}
			}
			out := Apply(st, ev, Env{Now: now, Prices: prices, MaxPower: 22000, Registers: regs})
			if out.Then.Capture {
				captures++
			}
			st = out.Next
			switch {
			case st.Energy < 0:
				t.Fatalf("energy %d", st.Energy)
			case captures > 1:
				t.Fatal("captured twice")
			case !st.DueAt.IsZero() && !st.DueAt.After(now):
				t.Fatalf("due at %v, now %v", st.DueAt, now)
			case st.Bill != nil && (st.EndedAt.IsZero() || st.Bill.Total.Minor < 0):
				t.Fatalf("bill without an end, or below zero: %+v", st.Bill)
			case st.Phase == Completed && st.Bill == nil:
				t.Fatal("completed without a bill")
			}
		}
	}
}
