package csmstest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"ccms/internal/app"
	"ccms/internal/authz"
	"ccms/internal/fact"
	"ccms/internal/operator"
	"ccms/internal/session"
	"ccms/internal/store"
	"ccms/internal/store/pgtest"
	"ccms/internal/store/storetest"
)

// Backup writes a backup of the running node's data.
func (w *World) Backup() string {
	w.Helper()
	path := filepath.Join(w.TempDir(), "backup")
	f, err := os.Create(path)
	w.OK(err)
	defer f.Close()
	_, err = app.Backup(w.Context(), w.cfg, f, "test")
	w.OK(err)
	return path
}

// Restore stops the node and moves it to a fresh database with a backup in it, of the
// other engine if so asked.
func (w *World) Restore(path string, other bool) app.Restored {
	w.Helper()
	if w.App != nil {
		w.Stop()
	}
	key := w.cfg.KeyFile
	if key == "" {
		key = filepath.Join(w.cfg.DataDir, "keys")
	}
	b, err := os.ReadFile(key)
	w.OK(err)
	w.cfg.DataDir = w.TempDir()
	w.cfg.KeyFile = filepath.Join(w.cfg.DataDir, "keys")
	w.OK(os.WriteFile(w.cfg.KeyFile, b, 0o600))
	if toPostgres := (w.cfg.DatabaseURL != "") != other; toPostgres {
		w.cfg.DatabaseURL = pgtest.URL(w.T)
		w.Cleanup(w.finish) // before that database goes
	} else {
		w.cfg.DatabaseURL = ""
	}
	r, err := app.Restore(w.Context(), w.cfg, path, false)
	w.OK(err)
	if !r.Sound() {
		w.Errorf("the books are not right after the restore: %+v", r)
	}
	w.Start()
	return r
}

// A backup is made in mid-session, things happen after it, and the data are lost. On
// the restored ones the charge points go on: what ran goes on and is billed, what was
// begun after the backup is somebody's own record, and no number is given twice.
func TestRestoreInMidSession(t *testing.T) {
	for _, other := range []bool{false, true} {
		t.Run(fmt.Sprintf("to the other engine %v", other), func(t *testing.T) {
			Each(t, func(w *World) { restoreInMidSession(w, other) })
		})
	}
}

func restoreInMidSession(w *World, other bool) {
	alice, bob, carol := w.Driver("CARD1", "100.00"), w.Driver("CARD2", "100.00"), w.Driver("CARD3", "100.00")
	w.Driver("CARD4", "100.00")
	p, q := w.Point("CP1", 2), w.Point("CP2")
	c, cq := p.Online(), q.Online()
	billed := c.Charge(2, "CARD2", 0)
	w.Advance(time.Minute)
	c.Finish(billed, 1000)
	running := c.Charge(1, "CARD1", 0)
	ended := cq.Charge(1, "CARD2", 0)
	w.Advance(time.Minute)
	c.Meter(1, running, 500)
	staff := w.Staff(authz.OpOps)
	login := staff.Get("/api/v1/me").Body.Str("staff", "login")
	epoch := p.View().Epoch

	path := w.Backup()

	cq.Finish(ended, 1000)
	lost := cq.Charge(1, "CARD3", 1000)
	cq.Meter(1, lost, 1500)
	silent := c.Charge(2, "CARD4", 1000)
	c.Meter(1, running, 800)
	for _, c := range w.open() {
		c.Drop()
	}
	w.Clock.Advance(10 * time.Minute)
	w.Restore(path, other)

	w.Session(billed).Is(session.Completed, "COMPLETED").Total("0.48")
	w.Session(running).Delivered(500)
	bob.Has("99.52", "50.00") // the bill of the first, the hold of the one that ended after the backup
	if r := staff.Do("GET", "/api/v1/me", nil); r.Status != 401 {
		w.Errorf("a login of before the restore is answered %d", r.Status)
	}
	w.Login(login)

	c, cq = p.Connect(), q.Connect()
	if now := p.View().Epoch; now <= epoch+1 {
		w.Errorf("the connection has epoch %d, after %d", now, epoch)
	}
	// The server never told the charge point that it had lost something: it goes on.
	c.Meter(1, running, 1200)
	w.Session(running).Is(session.Charging, "RUNNING").Delivered(1200)
	c.Finish(running, 2000)
	w.Session(running).Is(session.Completed, "COMPLETED").Total("0.96")
	alice.Has("99.04", "0.00")

	// Numbers that were given after the backup are nobody's here. Their reports are kept,
	// and nobody who happens to be open at the connector pays for them.
	cq.Meter(1, lost, 2000)
	cq.Finish(lost, 3000)
	c.Finish(silent, 9000)
	fresh := cq.Charge(1, "CARD2", 3000)
	if fresh <= silent+1000 {
		w.Errorf("the number %d was given after %d", fresh, silent)
	}
	w.Advance(time.Minute)
	cq.Finish(fresh, 4000)
	w.Session(fresh).Is(session.Completed, "COMPLETED").Total("0.48")
	w.Advance(48 * time.Hour) // whatever waits for the one that ended after the backup
	sessions := q.Sessions()
	for _, s := range sessions {
		if s.Phase.Open() {
			w.Errorf("session %d still runs: %s", s.OCPPID, s.Phase)
		}
		if n := int64(s.OCPPID); n == lost || n == silent {
			w.Errorf("another session has the number %d: %+v", n, s.State)
		}
	}
	if len(sessions) != 3 {
		w.Errorf("%d sessions at the second charge point, want the one that was left, the adopted and the new one", len(sessions))
	}
	w.Session(ended).Delivered(0).Total("0.00")
	bob.Has("99.04", "0.00")
	carol.Has("100.00", "0.00")
}

// A dump of each release is in store's testdata; this one makes it. It has a row in
// every table that a server fills in its first hours.
func TestDumpOfARelease(t *testing.T) {
	to := os.Getenv("CCMS_WRITE_DUMP")
	if to == "" {
		t.Skip("CCMS_WRITE_DUMP names no folder to write a dump to")
	}
	w := newWorld(t, Options{}, app.Config{DataDir: filepath.Dir(storetest.SQLiteURL(t))})
	w.Driver("CARD1", "100.00")
	w.Driver("CARD2", "5.50")
	p, q := w.Point("CP1", 2), w.Point("CP2")
	c, cq := p.Online(), q.Online()
	for i := range 3 {
		id := c.Charge(2, "CARD1", i*1000)
		w.Advance(time.Minute)
		c.Meter(2, id, i*1000+500)
		c.Finish(id, (i+1)*1000)
	}
	id := c.Charge(1, "CARD1", 0)
	w.Advance(time.Minute)
	c.Meter(1, id, 700)
	cq.Begin(1, "NOBODY", 0)
	cq.Finish(4711, 1000)
	staff := w.Staff(authz.OpAdmin)
	sub, err := w.App.Operators.CreateSubOperator(w.Context(), w.Scope, operator.NewSubOperator{Name: "North", Email: "n@north.example"})
	w.OK(err)
	w.SubStaff(authz.OpOps, sub.ID)
	account, err := w.App.Operators.StaffByLogin(w.Context(), authz.Everything("test"), staff.Get("/api/v1/me").Body.Str("staff", "login"))
	w.OK(err)
	_, _, err = w.App.Operators.CreateAPIToken(w.Context(), w.Scope, operator.NewAPIToken{Staff: account.ID, Name: "a script"})
	w.OK(err)
	staff.Command(p, M{"type": "trigger_message", "requested_message": "StatusNotification"}).Want(202)
	w.OK(w.App.Store.Write(w.Context(), w.Scope, func(tx *store.Tx) error {
		_, _, err := tx.LeaseCursor("a consumer", "a node", tx.Now().Add(time.Hour))
		return errors.Join(err, tx.Later(fact.Job{Kind: "x", Args: 1}))
	}))
	w.Journal()
	info, err := os.Create(filepath.Join(to, "dump"))
	w.OK(err)
	defer info.Close()
	made, err := app.Backup(w.Context(), w.cfg, info, "a release")
	w.OK(err)
	name := fmt.Sprintf("schema-%05d", made.Schema)
	w.OK(os.Rename(info.Name(), filepath.Join(to, name+".backup")))
	b, err := os.ReadFile(filepath.Join(w.cfg.DataDir, "keys"))
	w.OK(err)
	w.OK(os.WriteFile(filepath.Join(to, name+".keys"), b, 0o600))
	for _, table := range made.Tables {
		if made.Rows[table.Name] == 0 {
			t.Logf("%s is empty", table.Name)
		}
	}
}

// dumps are the databases of earlier releases.
func dumps(t *testing.T) []string {
	t.Helper()
	found, err := filepath.Glob("../internal/store/testdata/releases/schema-*.backup")
	if err != nil || len(found) == 0 {
		t.Fatalf("no dump of a release: %v", err)
	}
	return found
}

// The data of each release, restored by this program, serve: what ran then goes on.
func TestDataOfEveryReleaseGoOn(t *testing.T) {
	for _, path := range dumps(t) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			Each(t, func(w *World) {
				key, err := os.ReadFile(path[:len(path)-len("backup")] + "keys")
				w.OK(err)
				w.Stop()
				w.cfg.KeyFile = filepath.Join(w.TempDir(), "keys")
				w.OK(os.WriteFile(w.cfg.KeyFile, key, 0o600))
				r := w.Restore(path, false)
				if r.Backup.Total() < 100 || r.Schema < r.Backup.Schema {
					w.Errorf("%+v", r)
				}
				ops, err := w.App.Operators.Operators(w.Context(), authz.Everything("test"), operator.OperatorFilter{}, operator.Page{})
				w.OK(err)
				w.Scope = authz.ForSystem(ops.Items[0].ID, "test")
				first := w.Session(1).Is(session.Completed, "COMPLETED").Total("0.48")
				if len(first.Samples()) == 0 || len(first.Reports()) == 0 {
					w.Errorf("%d samples, %d reports", len(first.Samples()), len(first.Reports()))
				}
				s := w.Session(4).Delivered(700)
				if !s.Live() {
					w.Errorf("what ran is %s", s.Phase)
				}
				v, err := w.App.Assets.ChargePoint(w.Context(), w.Scope, s.Point)
				w.OK(err)
				secret, err := w.App.Assets.NewKey(w.Context(), w.Scope, v.ID)
				w.OK(err)
				c := (&Point{World: w, ID: v.ID, Identity: v.Identity, Key: secret}).Connect()
				c.Meter(1, 4, 1000)
				c.Finish(int64(4), 2000)
				w.Session(4).Is(session.Completed, "COMPLETED").Total("0.96")
				if now := w.Session(4).EndedAt; now.After(w.Now()) {
					w.Clock.Advance(now.Sub(w.Now()))
				}
				next := c.Charge(1, "CARD1", 2000)
				w.Clock.Advance(3 * time.Minute)
				c.Finish(next, 3000)
				w.Session(next).Is(session.Completed, "COMPLETED").Total("0.48")
			})
		})
	}
}
