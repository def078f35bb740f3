package asset_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/operator"
	"ccms/internal/store"
)

// many makes points that are online, so many at each of so many sites.
func (w *world) many(t *testing.T, sc authz.Scope, sites, each int, name string) (out []ident.ChargePoint) {
	t.Helper()
	for s := range sites {
		site := w.site(t, sc, fmt.Sprint(name, " site ", s))
		for n := range each {
			p := w.point(t, sc, site, fmt.Sprint(name, "-", s, "-", n))
			ok(w.Connect(t.Context(), authz.ForChargePoint(p.Operator, p.Sub, p.ID), p.ID))(t)
			out = append(out, p.ID)
		}
	}
	return out
}

func (w *world) items(t *testing.T, sc authz.Scope, id ident.Bulk) (out []asset.BulkRow) {
	t.Helper()
	for page := (operator.Page{Limit: 100}); ; {
		l := ok(w.BulkItems(t.Context(), sc, id, page))(t)
		out = append(out, l.Items...)
		if page.Cursor = l.Next; page.Cursor == "" {
			return out
		}
	}
}

// audited counts the audit rows of the actions, by object.
func (w *world) audited(t *testing.T, sc authz.Scope, actions ...string) map[string]int {
	t.Helper()
	out := map[string]int{}
	must(t, w.st.Read(t.Context(), sc, func(tx *store.Tx) error {
		for _, a := range actions {
			for page := (store.Page{Limit: 100}); ; {
				l, err := tx.AuditRows(store.AuditFilter{Action: a}, page)
				if err != nil {
					return err
				}
				for _, r := range l.Items {
					out[r.Object]++
				}
				if page.Cursor = l.Next; page.Cursor == "" {
					break
				}
			}
		}
		return nil
	}))
	return out
}

// LIVE-A8: 500 rows reset by the staff of a sub-operator. Rows outside their scope are
// never touched and say no more than that there is no such charge point; the audit has a
// row for each of the 500; a site does not restart as a whole.
func TestLIVE_A8_500RowsAsASubOperatorsStaff(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		const sites, atSite = 20, 24
		mine := w.many(t, w.sub1, sites, atSite, "sub")
		outside := append(w.many(t, w.a, 2, 5, "parent"), w.many(t, w.sub2, 1, 5, "sibling")...)
		outside = append(outside, w.many(t, w.b, 1, 4, "foreign")...)
		outside = append(outside, ident.New[ident.ChargePoint](w.clock.Now()))
		rows := append(append([]ident.ChargePoint{}, outside...), mine...)
		if len(rows) != asset.MaxBulk {
			t.Fatalf("%d rows", len(rows))
		}
		start := w.clock.Now()
		b := ok(w.StartBulk(t.Context(), w.sub1, asset.NewBulk{Points: rows, Args: asset.Reset{}, Reason: "new firmware"}))(t)
		for w.clock.Now().Sub(start) < 10*time.Minute {
			ok(w.RunBulks(t.Context()))(t)
			w.clock.Advance(time.Second)
		}
		b, counts, err := w.Bulk(t.Context(), w.sub1, b.ID)
		must(t, err)
		n := map[asset.ItemState]int{}
		for _, c := range counts {
			n[c.State] += c.Count
		}
		if b.State != asset.BulkDone || n[asset.ItemMade] != len(mine) || n[asset.ItemRefused] != len(outside) || b.Total != 500 {
			t.Fatalf("%s, %v", b.State, n)
		}
		last := map[string]time.Time{}
		for _, r := range w.items(t, w.sub1, b.ID) {
			if r.Number < len(outside) {
				if r.Code != "not_found" || r.Detail != "There is no such charge point." || r.PointName+r.Identity+r.SiteName != "" || !r.Command.IsZero() || r.Point != rows[r.Number] {
					t.Errorf("a row outside the scope: %+v", r)
				}
				continue
			}
			c := ok(w.Command(t.Context(), w.sub1, r.Command))(t)
			if c.Point != rows[r.Number] || c.Bulk != b.ID || c.Reason != "new firmware" || c.Actor != asset.ActorOf(w.sub1) || r.CommandState != c.State {
				t.Fatalf("row %d: %+v of %+v", r.Number, c, r)
			}
			if at, before := last[r.SiteName]; before && c.CreatedAt.Sub(at) < 15*time.Second {
				t.Errorf("%s: two points within %s", r.SiteName, c.CreatedAt.Sub(at))
			}
			last[r.SiteName] = c.CreatedAt
		}
		if len(last) != sites {
			t.Errorf("%d sites", len(last))
		}
		for _, sc := range []authz.Scope{w.a, w.b} {
			for _, p := range outside {
				if l, err := w.Commands(t.Context(), sc, asset.CommandFilter{Point: p}, operator.Page{}); err != nil || len(l.Items) > 0 {
					t.Errorf("a point outside was sent %d commands, %v", len(l.Items), err)
				}
			}
		}
		found := w.audited(t, w.sub1, "command.reset", "command.reset.refused")
		for _, p := range rows {
			if found[p.String()] != 1 {
				t.Errorf("%d audit rows about %s", found[p.String()], p)
			}
		}
		if len(found) != 500 {
			t.Errorf("the audit has %d rows", len(found))
		}
		for why, sc := range map[string]authz.Scope{"a sibling": w.sub2, "another operator": w.b} {
			if _, _, err := w.Bulk(t.Context(), sc, b.ID); !fault.Is(err, fault.Missing) {
				t.Errorf("%s sees the bulk: %v", why, err)
			}
			if _, err := w.BulkItems(t.Context(), sc, b.ID, operator.Page{}); !fault.Is(err, fault.Missing) {
				t.Errorf("%s sees its rows: %v", why, err)
			}
			if _, err := w.CancelBulk(t.Context(), sc, b.ID); !fault.Is(err, fault.Missing) {
				t.Errorf("%s cancels it: %v", why, err)
			}
			if l := ok(w.Bulks(t.Context(), sc, asset.BulkFilter{}, operator.Page{}))(t); len(l.Items) != 0 {
				t.Errorf("%s lists %d", why, len(l.Items))
			}
		}
	})
}

// What is due is a row: a server that was away goes on, sends nothing twice, and does
// not send everything that became due meanwhile at once.
func TestABulkSurvivesARestart(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		points := w.many(t, w.a, 1, 6, "CP")
		interval := 10 * time.Second
		b := ok(w.StartBulk(ctx, w.a, asset.NewBulk{Points: points, Args: asset.Reset{}, Reason: "test", Interval: &interval}))(t)
		step := func(after time.Duration) int {
			w.clock.Advance(after)
			return ok(w.RunBulks(ctx))(t)
		}
		if a, b := step(0), step(10*time.Second); a != 1 || b != 1 {
			t.Fatalf("%d and %d rows in their first ten seconds", a, b)
		}
		made := step(time.Hour) // the server was away
		if made != 1 {
			t.Errorf("%d rows at once after an hour", made)
		}
		for range 40 {
			n := step(time.Second)
			if made += n; n > 1 {
				t.Errorf("%d rows in one second", n)
			}
		}
		if again, _, _ := w.Bulk(ctx, w.a, b.ID); made != 4 || again.State != asset.BulkDone || again.EndedAt.IsZero() {
			t.Errorf("%d more rows, %+v", made, again)
		}
		seen := map[ident.ChargePoint]int{}
		for _, c := range ok(w.Commands(ctx, w.a, asset.CommandFilter{Bulk: b.ID}, operator.Page{Limit: 100}))(t).Items {
			seen[c.Point]++
		}
		for _, p := range points {
			if seen[p] > 1 {
				t.Errorf("%s was sent %d", p, seen[p])
			}
		}
	})
}

func TestARowTellsWhyItHasNoCommandAndTheRestGoesOn(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		points := w.many(t, w.a, 1, 4, "CP")
		offline := w.point(t, w.a, w.site(t, w.a, "Other"), "OFF").ID
		full := points[1]
		for range asset.MaxQueue {
			ok(w.Request(ctx, w.a, full, asset.ClearCache{}, "test"))(t)
		}
		none := time.Duration(0)
		b := ok(w.StartBulk(ctx, w.a, asset.NewBulk{Points: append(points[:2:2], offline, points[2]), Args: asset.Availability{}, Reason: "flood", Interval: &none}))(t)
		ok(w.RunBulks(ctx))(t)
		got := names(w.items(t, w.a, b.ID), func(r asset.BulkRow) string { return string(r.State) + ":" + r.Code })
		if got != "[made: refused:command_queue_full refused:charge_point_offline made:]" {
			t.Errorf("%s", got)
		}
		// The same, for points that may come online within the hour (LIVE-R3).
		b = ok(w.StartBulk(ctx, w.a, asset.NewBulk{Points: []ident.ChargePoint{offline}, Args: asset.Reset{}, Reason: "flood", Wait: time.Hour}))(t)
		ok(w.RunBulks(ctx))(t)
		if r := w.items(t, w.a, b.ID)[0]; r.State != asset.ItemMade || r.CommandState != asset.CommandQueued {
			t.Errorf("%+v", r)
		}
	})
}

func TestACancelledBulkSendsNothingMore(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		b := ok(w.StartBulk(ctx, w.a, asset.NewBulk{Points: w.many(t, w.a, 1, 3, "CP"), Args: asset.Reset{}, Reason: "test"}))(t)
		ok(w.RunBulks(ctx))(t)
		c := ok(w.CancelBulk(ctx, w.a, b.ID))(t)
		if c.State != asset.BulkCancelled || c.EndedAt.IsZero() {
			t.Errorf("%+v", c)
		}
		w.clock.Advance(time.Hour)
		if n := ok(w.RunBulks(ctx))(t); n != 0 {
			t.Errorf("%d rows after the end", n)
		}
		if got := names(w.items(t, w.a, b.ID), func(r asset.BulkRow) string { return string(r.State) }); got != "[made cancelled cancelled]" {
			t.Errorf("%s", got)
		}
		if again := ok(w.CancelBulk(ctx, w.a, b.ID))(t); again.Version != c.Version {
			t.Error("cancelled twice")
		}
	})
}

// A bulk may go on for hours; it ends with the account of who asked for it.
func TestABulkEndsWithTheAccountOfWhoAskedForIt(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		b := ok(w.StartBulk(ctx, w.a, asset.NewBulk{Points: w.many(t, w.a, 1, 3, "CP"), Args: asset.Reset{}, Reason: "test"}))(t)
		ok(w.RunBulks(ctx))(t)
		w.dismissed = w.a.Actor.Staff
		w.clock.Advance(time.Minute)
		ok(w.RunBulks(ctx))(t)
		if got := names(w.items(t, w.a, b.ID), func(r asset.BulkRow) string { return string(r.State) }); got != "[made cancelled cancelled]" {
			t.Errorf("%s", got)
		}
		if b, _, _ := w.Bulk(ctx, w.a, b.ID); b.State != asset.BulkCancelled {
			t.Errorf("it is %s", b.State)
		}
	})
}

func TestABulkIsCheckedBeforeAnythingIsKept(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		p := w.many(t, w.a, 1, 1, "CP")
		hour, long := time.Hour, time.Hour+time.Second
		for why, n := range map[string]asset.NewBulk{
			"nobody":               {Args: asset.Reset{}, Reason: "x"},
			"too many":             {Points: make([]ident.ChargePoint, 501), Args: asset.Reset{}, Reason: "x"},
			"twice the same":       {Points: append(p, p...), Args: asset.Reset{}, Reason: "x"},
			"no reason":            {Points: p, Args: asset.Reset{}},
			"a blank reason":       {Points: p, Args: asset.Trigger{Message: "Heartbeat"}, Reason: "\x01"},
			"a start":              {Points: p, Args: asset.RemoteStart{Connector: 1, Token: "X"}, Reason: "x"},
			"an unlock":            {Points: p, Args: asset.Unlock{Connector: 1}, Reason: "x"},
			"of one connector":     {Points: p, Args: asset.Availability{Connector: 1}, Reason: "x"},
			"too long between two": {Points: p, Args: asset.Reset{}, Reason: "x", Interval: &long},
			"waits too long":       {Points: p, Args: asset.Reset{}, Reason: "x", Wait: 25 * time.Hour},
		} {
			if _, err := w.StartBulk(t.Context(), w.a, n); !fault.Is(err, fault.Invalid) {
				t.Errorf("%s: %v", why, err)
			}
		}
		ok(w.StartBulk(t.Context(), w.a, asset.NewBulk{Points: p, Args: asset.Reset{}, Reason: "x", Interval: &hour}))(t)
		if l := ok(w.Bulks(t.Context(), w.a, asset.BulkFilter{}, operator.Page{}))(t); len(l.Items) != 1 || l.Items[0].Interval != hour {
			t.Errorf("%+v", l.Items)
		}
	})
}

// LIVE-R3: an offline target is refused at once, unless the command may wait for it.
func TestLIVE_R3_ACommandMayWaitForThePointToComeOnline(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		p := w.point(t, w.a, w.site(t, w.a, "S"), "CP-1")
		sc := authz.ForChargePoint(p.Operator, p.Sub, p.ID)
		_, err := w.Request(ctx, w.a, p.ID, asset.Reset{}, "test")
		refused(t, err, "charge_point_offline")
		_, err = w.RequestLater(ctx, w.a, p.ID, asset.Reset{}, "test", 24*time.Hour+time.Second)
		refused(t, err, "invalid_input")
		day := ok(w.RequestLater(ctx, w.a, p.ID, asset.Reset{}, "test", 24*time.Hour))(t)
		hour := ok(w.RequestLater(ctx, w.a, p.ID, asset.ClearCache{}, "test", time.Hour))(t)
		w.clock.Advance(59 * time.Minute)
		if n := ok(w.Expire(ctx))(t); n != 0 {
			t.Errorf("%d ended within the hour", n)
		}
		w.clock.Advance(time.Minute)
		if n := ok(w.Expire(ctx))(t); n != 1 || ok(w.Command(ctx, w.a, hour.ID))(t).State != asset.CommandExpired {
			t.Errorf("%d ended after it", n)
		}
		w.clock.Advance(22 * time.Hour)
		ok(w.Connect(ctx, sc, p.ID))(t)
		if got := names(ok(w.Queued(ctx, sc, p.ID))(t), kind); got != "[reset queued]" {
			t.Fatalf("once it is there: %s", got)
		}
		must(t, w.Sent(ctx, sc, day.ID))
		must(t, w.Unsent(ctx, sc, day.ID))
		if c := ok(w.Command(ctx, w.a, day.ID))(t); !c.Deadline.Equal(day.WaitsUntil) {
			t.Errorf("put back it may wait until %s, want %s", c.Deadline, day.WaitsUntil)
		}
		must(t, w.Sent(ctx, sc, day.ID))
		ok(w.Answered(ctx, sc, day.ID, asset.Answer{State: asset.CommandAccepted}))(t)
		w.in(t, sc, func(tx asset.Tx) error {
			_, err := asset.Booted(tx, asset.BootReport{Point: p.ID, At: tx.Now()})
			return err
		})
		if c := ok(w.Command(ctx, w.a, day.ID))(t); c.EffectState != asset.EffectSeen {
			t.Errorf("the boot after it: %+v", c)
		}
	})
}

func TestSeriousCommandsSayWhy(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		p, _ := w.online(t, "CP-1")
		for _, a := range []asset.Args{asset.Reset{}, asset.Reset{Hard: true}, asset.Unlock{Connector: 1}, asset.Availability{}, asset.ChangeConfig{Key: "k"}, asset.ClearCache{}} {
			for _, why := range []string{"", "  ", "\x00"} {
				_, err := w.Request(t.Context(), w.a, p.ID, a, why)
				refused(t, err, "invalid_input")
			}
			ok(w.Request(t.Context(), w.a, p.ID, a, "asked by phone"))(t)
		}
		ok(w.Request(t.Context(), w.a, p.ID, asset.GetConfig{}, ""))(t)
	})
}

// The configuration that a point told, the change of a setting with old and new, in the
// command, the audit and the stored copy; and that it waits for a restart.
func TestAChangedSettingKeepsOldAndNew(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		p, sc := w.online(t, "CP-1")
		send := func(a asset.Args, answer asset.Answer) asset.Command {
			c := ok(w.Request(ctx, w.a, p.ID, a, "test"))(t)
			must(t, w.Sent(ctx, sc, c.ID))
			return ok(w.Answered(ctx, sc, c.ID, answer))(t)
		}
		config := func(sc authz.Scope) asset.Configuration {
			_, cfg, err := w.Configuration(ctx, sc, p.ID)
			must(t, err)
			return cfg
		}
		if cfg := config(w.a); !cfg.ReadAt.IsZero() || len(cfg.Keys) != 0 {
			t.Errorf("before anything was read: %+v", cfg)
		}
		read := send(asset.GetConfig{}, asset.Answer{State: asset.CommandAccepted, Raw: []byte(`{"configurationKey":[{"key":"WifiPassword","value":"hunter2"}]}`),
			Keys: []asset.ConfigKey{{Key: "MeterValueSampleInterval", Value: "60"}, {Key: "WifiPassword", Value: "hunter2"}}})
		if read.Answer != nil || read.EffectState != asset.EffectSeen {
			t.Errorf("the answer with passwords is kept in clear, or its effect is %s", read.EffectState)
		}
		readAt := w.clock.Now()
		w.clock.Advance(time.Minute)
		c := send(asset.ChangeConfig{Key: "metervaluesampleinterval", Value: "30"}, asset.Answer{State: asset.CommandAccepted, Outcome: asset.OutcomeReboot})
		args, err := c.Arguments()
		must(t, err)
		if a := args.(asset.ChangeConfig); a.Key != "MeterValueSampleInterval" || a.Before == nil || *a.Before != "60" || !a.ReadAt.Equal(readAt) || c.EffectState != asset.EffectPending {
			t.Errorf("the command: %+v, effect %s", a, c.EffectState)
		}
		k, _ := config(w.a).Find("MeterValueSampleInterval")
		if k.Value != "30" || *k.Was != "60" || !k.Pending(time.Time{}) {
			t.Errorf("the copy: %+v", k)
		}
		send(asset.ChangeConfig{Key: "WifiPassword", Value: "hunter3"}, asset.Answer{State: asset.CommandRejected})
		if k, _ := config(w.a).Find("WifiPassword"); k.Value != "hunter2" {
			t.Errorf("a refused change is in the copy: %+v", k)
		}
		must(t, w.st.Read(ctx, w.a, func(tx *store.Tx) error {
			l, err := tx.AuditRows(store.AuditFilter{Action: "command.change_configuration"}, store.Page{})
			if err != nil || len(l.Items) != 2 {
				return fmt.Errorf("%d audit rows, %w", len(l.Items), err)
			}
			secret, plain := fmt.Sprintf("%s %s", l.Items[0].Before, l.Items[0].After), fmt.Sprintf("%s %s", l.Items[1].Before, l.Items[1].After)
			if !contains(plain, `"value":"60"`, `"value":"30"`, `"reason":"test"`) || contains(secret, "hunter") || !contains(secret, "WifiPassword") {
				t.Errorf("the audit: %s; %s", plain, secret)
			}
			return nil
		}))
		w.in(t, sc, func(tx asset.Tx) error {
			_, err := asset.Booted(tx, asset.BootReport{Point: p.ID, At: tx.Now().Add(time.Second)})
			return err
		})
		if got := ok(w.Command(ctx, w.a, c.ID))(t); got.EffectState != asset.EffectSeen {
			t.Errorf("after the restart: %+v", got)
		}
		for why, other := range map[string]authz.Scope{"a sub-operator": w.sub1, "another operator": w.b} {
			if _, _, err := w.Configuration(ctx, other, p.ID); !fault.Is(err, fault.Missing) {
				t.Errorf("%s reads the configuration: %v", why, err)
			}
		}
	})
}

// Accepted is not done: out of service shows by the status of what was meant, scheduled
// waits for it, and what is so already is seen at once.
func TestOutOfServiceIsSeenByTheStatus(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		p, sc := w.online(t, "CP-1")
		report := func(number int, s asset.ConnectorStatus) {
			w.in(t, sc, func(tx asset.Tx) error {
				_, _, err := asset.ReportStatus(tx, asset.StatusReport{Point: p.ID, Number: number, Status: s, At: tx.Now(), ReceivedAt: tx.Now()})
				return err
			})
		}
		send := func(a asset.Availability, o asset.Outcome) asset.Command {
			c := ok(w.Request(ctx, w.a, p.ID, a, "test"))(t)
			must(t, w.Sent(ctx, sc, c.ID))
			return ok(w.Answered(ctx, sc, c.ID, asset.Answer{State: asset.CommandAccepted, Outcome: o}))(t)
		}
		effect := func(c asset.Command) asset.EffectState { return ok(w.Command(ctx, w.a, c.ID))(t).EffectState }
		report(1, asset.Charging)
		report(2, asset.Available)
		whole, two := send(asset.Availability{}, asset.OutcomeScheduled), send(asset.Availability{Connector: 2}, "")
		report(2, asset.Unavailable)
		if effect(two) != asset.EffectSeen || effect(whole) != asset.EffectPending {
			t.Errorf("connector 2 %s, the whole point %s", effect(two), effect(whole))
		}
		w.clock.Advance(5 * time.Hour) // the charge takes its time
		ok(w.Connect(ctx, sc, p.ID))(t)
		report(1, asset.Unavailable)
		if effect(whole) != asset.EffectSeen {
			t.Errorf("the whole point %s", effect(whole))
		}
		if c := send(asset.Availability{Connector: 1}, ""); c.EffectState != asset.EffectSeen {
			t.Errorf("out of service already: %s", c.EffectState)
		}
		back := send(asset.Availability{Connector: 1, Operative: true}, "")
		if effect(back) != asset.EffectPending {
			t.Errorf("back in service before its status: %s", effect(back))
		}
		report(1, asset.Available)
		if effect(back) != asset.EffectSeen {
			t.Errorf("back in service: %s", effect(back))
		}
	})
}

func contains(s string, parts ...string) bool {
	for _, p := range parts {
		if !strings.Contains(s, p) {
			return false
		}
	}
	return true
}
