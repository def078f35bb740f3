package asset_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/ident"
	"ccms/internal/operator"
	"ccms/internal/store"
)

func TestAWriteOverAnOldConnectionFails(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		p, sc := w.online(t, "CP-1")
		if p.Epoch != 1 || p.Node != "node-1" || !p.Open() {
			t.Fatalf("%+v", p.Connection)
		}
		w.clock.Advance(time.Second)
		if e := ok(w.Connect(ctx, sc, p.ID))(t); e != 2 {
			t.Fatalf("the second connection has epoch %d", e)
		}
		err := w.write(ctx, sc, func(tx asset.Tx) error {
			if _, _, err := asset.ReportStatus(tx, asset.StatusReport{Point: p.ID, Number: 1, Status: asset.Charging, At: tx.Now(), ReceivedAt: tx.Now()}); err != nil {
				return err
			}
			return asset.CheckEpoch(tx, p.ID, 1)
		})
		refused(t, err, "stale_connection")
		if v := ok(w.ChargePoint(ctx, w.a, p.ID))(t); v.Connectors[0].Status != asset.Unknown {
			t.Errorf("the write over the old connection stayed: %s", v.Connectors[0].Status)
		}
		w.in(t, sc, func(tx asset.Tx) error { return asset.CheckEpoch(tx, p.ID, 2) })

		must(t, w.Disconnect(ctx, sc, p.ID, 1)) // the old socket closes after the new one opened
		if now := w.now(t, p.ID); !now.Open() {
			t.Error("the end of the old socket closed the new one")
		}
		must(t, w.Disconnect(ctx, sc, p.ID, 2))
		if now := w.now(t, p.ID); now.Open() || !now.Online(w.clock.Now()) {
			t.Errorf("closed a moment ago: %+v", now.Connection)
		}
		w.clock.Advance(asset.Grace)
		if now := w.now(t, p.ID); now.Online(w.clock.Now()) {
			t.Error("online after the grace")
		}
	})
}

func TestAnEpochThatWasCheckedStaysCurrentUntilTheCommit(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		p, sc := w.online(t, "CP-1")
		checked := make(chan struct{})
		var once sync.Once
		var wg sync.WaitGroup
		wg.Go(func() {
			<-checked
			if _, err := w.Connect(t.Context(), sc, p.ID); err != nil {
				t.Error(err)
			}
		})
		err := w.write(t.Context(), sc, func(tx asset.Tx) error {
			if err := asset.CheckEpoch(tx, p.ID, 1); err != nil {
				return err
			}
			once.Do(func() { close(checked) })
			for until := time.Now().Add(250 * time.Millisecond); time.Now().Before(until); { // the other would commit, if nothing held it back
				if now, err := tx.PointByID(p.ID); err != nil || now.Epoch != 1 {
					return fmt.Errorf("the epoch became %d under the writer: %w", now.Epoch, err)
				}
			}
			return nil
		})
		wg.Wait()
		must(t, err)
		err = w.write(t.Context(), sc, func(tx asset.Tx) error { return asset.CheckEpoch(tx, p.ID, 1) })
		refused(t, err, "stale_connection")
	})
}

func TestConnectionsAreToldAndRecorded(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		p, sc := w.online(t, "CP-1")
		w.told("charge_points")
		w.clock.Advance(10 * time.Second)
		must(t, w.Seen(ctx, sc, p.ID))
		if w.now(t, p.ID).LastSeenAt != p.LastSeenAt || len(w.told("charge_points")) != 0 {
			t.Error("a sign of life within the minute was written")
		}
		w.clock.Advance(time.Minute)
		must(t, w.Seen(ctx, sc, p.ID))
		if got := w.now(t, p.ID).LastSeenAt; !got.Equal(w.clock.Now()) {
			t.Errorf("last seen %s", got)
		}
		must(t, w.Disconnect(ctx, sc, p.ID, 1))
		if cs := w.told("charge_points"); len(cs) != 1 || cs[0].Point != p.ID || cs[0].Operator != p.Operator || cs[0].ID != p.ID.String() {
			t.Errorf("%+v", cs)
		}
		w.recorded(t, p.ID.String(), "[charge_point.connected charge_point.disconnected]")
	})
}

// recorded fails the test where the facts about an object do not become want. On
// PostgreSQL they are handed out only once every older transaction of the server has
// ended, also those of other tests' databases; hence the wait.
func (w *world) recorded(t *testing.T, object, want string) {
	t.Helper()
	var got string
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); <-tick.C {
		must(t, w.st.Read(t.Context(), authz.Everything("test"), func(tx *store.Tx) error {
			var kinds []string
			all, err := tx.FactsAfter(store.Position{}, 1000)
			for _, f := range all {
				if f.Object == object {
					kinds = append(kinds, string(f.Kind))
				}
			}
			got = fmt.Sprint(kinds)
			return err
		}))
		if len(got) >= len(want) {
			break
		}
	}
	if got != want {
		t.Errorf("facts %s, want %s", got, want)
	}
}

func TestANodeFindsTheSocketsItHeld(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		site := w.site(t, w.a, "A")
		var open []ident.ChargePoint
		for i := range 60 {
			p := w.point(t, w.a, site, fmt.Sprintf("CP-%d", i))
			ok(w.Connect(ctx, w.a, p.ID))(t)
			open = append(open, p.ID)
		}
		w.in(t, w.a, func(tx asset.Tx) error { _, err := asset.Connected(tx, open[0], "node-2", tx.Now()); return err })
		must(t, w.Disconnect(ctx, w.a, open[1], 1))
		held := func(limit int) (out []asset.ChargePoint) {
			w.in(t, authz.Everything("test"), func(tx asset.Tx) (err error) { out, err = tx.OpenPoints("node-1", limit); return err })
			return out
		}
		if n := len(held(50)); n != 50 {
			t.Errorf("%d of at most 50", n)
		}
		all := held(100)
		if len(all) != 58 {
			t.Errorf("%d connections held", len(all))
		}
		for _, p := range all {
			if p.ID == open[0] || p.ID == open[1] {
				t.Error("another node's connection, or a closed one")
			}
		}
	})
}

func TestStatusReportsMakeTheLiveCondition(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		p, sc := w.online(t, "CP-1")
		w.told("charge_points")
		report := func(number int, s asset.ConnectorStatus, at time.Time) (before, after asset.Connector) {
			t.Helper()
			w.in(t, sc, func(tx asset.Tx) (err error) {
				before, after, err = asset.ReportStatus(tx, asset.StatusReport{Point: p.ID, Number: number, Status: s, At: at, ReceivedAt: tx.Now()})
				return err
			})
			return before, after
		}
		now := w.clock.Now()
		if b, a := report(1, asset.Charging, now); b.Status != asset.Unknown || a.Status != asset.Charging {
			t.Errorf("%s → %s", b.Status, a.Status)
		}
		if cs := w.told("charge_points"); len(cs) != 1 || cs[0].ID != p.ID.String() {
			t.Errorf("told %+v", cs)
		}
		if b, a := report(1, asset.Available, now.Add(-time.Hour)); b != a || a.Status != asset.Charging {
			t.Errorf("a report of an hour ago made it %s (behaviour 32)", a.Status)
		}
		if cs := w.told("charge_points"); len(cs) != 0 {
			t.Errorf("a report that changed nothing told %+v", cs)
		}
		if b, a := report(7, asset.Preparing, now); b.Status != asset.Unknown || a.Number != 7 || !a.Reported {
			t.Errorf("a connector nobody configured: %+v", a)
		}
		v := ok(w.ChargePoint(ctx, w.a, p.ID))(t)
		if len(v.Connectors) != 3 || v.Connectors[2].Number != 7 || v.PointStatus != asset.PointCharging || v.Version != 1 {
			t.Errorf("%+v", v)
		}
		report(0, asset.Faulted, now)
		v = ok(w.ChargePoint(ctx, w.a, p.ID))(t)
		if v.PointStatus != asset.PointFault || v.Own.Status != asset.Faulted || v.Connectors[0].Status != asset.Charging {
			t.Errorf("the device's own fault: %s, %+v", v.PointStatus, v.Own)
		}
		w.recorded(t, p.ID.String(), "[charge_point.connected connector.status_changed connector.status_changed connector.status_changed]")
		err := w.write(ctx, sc, func(tx asset.Tx) error {
			_, _, err := asset.ReportStatus(tx, asset.StatusReport{Point: p.ID, Number: 65, Status: asset.Available, At: now, ReceivedAt: now})
			return err
		})
		refused(t, err, "invalid_input")
		_, foreign := w.online(t, "CP-2")
		err = w.write(ctx, authz.ForChargePoint(w.b.Operator(), ident.SubOperator{}, foreign.Actor.Point), func(tx asset.Tx) error {
			_, _, err := asset.ReportStatus(tx, asset.StatusReport{Point: p.ID, Number: 1, Status: asset.Faulted, At: tx.Now(), ReceivedAt: tx.Now()})
			return err
		})
		refused(t, err, "not_found")
	})
}

func TestReportsOfTwoConnectorsAtOnceGiveTheRightRollUp(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		p, sc := w.online(t, "CP-1")
		for round := range 10 {
			w.clock.Advance(time.Second)
			pair := []asset.ConnectorStatus{asset.Available, asset.Available}
			pair[round%2] = asset.Faulted
			var wg sync.WaitGroup
			for i, s := range pair {
				wg.Go(func() {
					err := w.write(t.Context(), sc, func(tx asset.Tx) error {
						_, _, err := asset.ReportStatus(tx, asset.StatusReport{Point: p.ID, Number: i + 1, Status: s, At: tx.Now(), ReceivedAt: tx.Now()})
						return err
					})
					if err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			if got := w.now(t, p.ID); got.Rolled != asset.PointFault {
				t.Fatalf("round %d: %s", round, got.Rolled)
			}
		}
	})
}

func TestABootIsKeptAndTheSameBootAgainIsNoHarm(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		p, sc := w.online(t, "CP-1")
		boot := asset.BootReport{Point: p.ID, Vendor: "Vendor", Model: "Model", Firmware: "1.2", Serial: "SERIAL-LONGER-THAN-25-CHARACTERS",
			ICCID: "i", IMSI: "m", MeterType: "mt", MeterSerial: "ms", At: w.clock.Now()}
		for range 3 { // behaviour 22
			w.in(t, sc, func(tx asset.Tx) error { _, err := asset.Booted(tx, boot); return err })
		}
		got := w.now(t, p.ID)
		if got.Vendor != "Vendor" || got.Model != "Model" || got.Serial != boot.Serial || got.Firmware != "1.2" || got.MeterSerial != "ms" ||
			!got.BootedAt.Equal(boot.At) || got.Version != 1 {
			t.Errorf("%+v", got)
		}
	})
}

func TestTheClockOffsetIsKept(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		p, sc := w.online(t, "CP-1")
		learn := func(d time.Duration, zone string) {
			t.Helper()
			w.in(t, sc, func(tx asset.Tx) error { return asset.LearnClock(tx, p.ID, d, zone) })
		}
		learn(-3*time.Hour-1500*time.Millisecond, "America/Santiago")
		learn(-3*time.Hour, "America/Santiago") // not worth a write
		if got := w.now(t, p.ID); got.ClockOffset != -3*time.Hour-1500*time.Millisecond || got.Zone != "America/Santiago" {
			t.Errorf("%s %s", got.ClockOffset, got.Zone)
		}
	})
}

func TestChangesOfPeopleAreAudited(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		p := w.point(t, w.a, w.site(t, w.a, "A"), "CP-1")
		name := "New"
		ok(w.UpdateChargePoint(ctx, w.a, p.ID, asset.ChargePointChange{Name: &name}, 1))(t)
		ok(w.NewKey(ctx, w.a, p.ID))(t)
		ok(w.Connect(ctx, w.a, p.ID))(t)
		ok(w.Request(ctx, w.a, p.ID, asset.Reset{}, "it hangs"))(t)
		must(t, w.DeleteChargePoint(ctx, w.a, p.ID, 3))
		must(t, w.st.Read(ctx, w.a, func(tx *store.Tx) error {
			l, err := tx.AuditPage(operator.AuditFilter{Object: p.ID.String()}, operator.Page{})
			var got []string
			for _, r := range l.Items {
				got = append(got, r.Action)
				if r.Staff != w.a.Actor.Staff {
					t.Errorf("%s was done by %v", r.Action, r.Staff)
				}
			}
			if fmt.Sprint(got) != "[charge_point.deleted command.reset charge_point.key_changed charge_point.changed charge_point.created]" {
				t.Errorf("audited %v", got)
			}
			return err
		}))
	})
}
