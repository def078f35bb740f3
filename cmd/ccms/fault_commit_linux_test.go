package main_test

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jackc/pgx/v5"

	"ccms/cpsim"
	"ccms/internal/app"
	"ccms/internal/store/pgtest"
)

// The database goes while it stores the only report that anybody has sent. Whether it is
// stored nobody knows, so it is not tried again; but that the database is gone is known,
// and nobody is kept connected until the next report finds it out.
func TestDatabaseGoneDuringCommit_ChargePointsAreSentAway(t *testing.T) {
	t.Parallel()
	pg := pgtest.Start(t, pgtest.Options{})
	s := onPostgres(t, pg)
	w := s.furnish(t, 1)
	ctx := t.Context()
	other, err := pgx.Connect(ctx, s.url)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close(context.Background())
	try := func(text string) {
		if _, err := other.Exec(ctx, text); err != nil {
			t.Error(err)
		}
	}
	// A COMMIT with a report in it waits for a lock.
	try(`CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql SET lock_timeout = 0 AS $$
		BEGIN PERFORM pg_advisory_xact_lock_shared(4711); RETURN NULL; END $$;
		CREATE CONSTRAINT TRIGGER hold AFTER INSERT ON session_events DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION hold()`)
	goes := func() {
		over := time.After(patience)
		for waits := false; !waits; {
			err := other.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM pg_stat_activity WHERE wait_event = 'advisory' AND query LIKE '%COMMIT%')`).Scan(&waits)
			select {
			case <-over:
				t.Error("no COMMIT waits")
				waits = true
			default:
			}
			if err != nil {
				t.Error(err)
				waits = true
			}
		}
		if err := pg.Kill(); err != nil {
			t.Error(err)
		}
	}
	comes := func() {
		if err := pg.Restart(); err != nil {
			t.Error(err)
		}
	}
	real, done := outsideOfTime()
	defer done()
	now := time.Now()
	synctest.Test(t, func(t *testing.T) {
		<-time.After(time.Until(now)) // a bubble begins in the year 2000
		r := &halfHour{t: t, w: w, acks: newAcks(), closed: map[string]int{}, refused: map[int]int{}, said: map[string]int{}}
		r.node = s.openNode(t, app.Config{})
		p := w.points[0]
		cp := cpsim.New(cpsim.Config{URL: "ws://memory/ocpp", Identity: p.Identity, Password: p.Password, Dial: r.node.ln.dial, MeterInterval: -1, OnEvent: r.event})
		ctx, cancel := context.WithCancel(t.Context())
		var ended sync.WaitGroup
		ended.Go(func() { _ = cp.Run(ctx) }) // it ends with ctx
		must := func(err error) {
			if err != nil {
				t.Fatal(err)
			}
		}
		must(cp.WaitStatus(ctx, 1, "Available"))
		must(cp.PlugEV(1, cpsim.EV{}))
		must(cp.Tag(1, p.Tag))
		must(cp.WaitStatus(ctx, 1, "Charging"))
		must(cp.WaitDelivered(ctx))
		real(func() { try(`SELECT pg_advisory_lock(4711)`) })
		r.gone = time.Now()
		must(cp.Sample(1))
		real(goes)
		<-time.After(9 * time.Second)
		r.look()
		if r.closed["1013"] != 1 || r.away > 9*time.Second {
			t.Errorf("closed with %v after %s", r.closed, r.away)
		}
		real(comes)
		must(cp.Stop(1, "Local"))
		must(cp.WaitDelivered(ctx))
		if r.stops != 1 || r.dropped > 0 || r.errors > 0 || r.refused[http.StatusServiceUnavailable] == 0 {
			t.Errorf("%d stops acknowledged, %d reports given up, %d answered with an error, handshakes refused with %v", r.stops, r.dropped, r.errors, r.refused)
		}
		cancel()
		ended.Wait()
		r.node.stop(t)
	})
}
