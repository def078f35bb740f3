package store

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"ccms/internal/fault"
)

// Hold is the claim of one server to a PostgreSQL database: a second one would hold the
// first one's charge points for lost. It is a session's advisory lock on a connection of
// its own, so it ends with the process, however that ends. Where the connection is lost
// and the server lives, it is taken anew.
type Hold struct {
	config *pgx.ConnConfig
	log    *slog.Logger
	conn   *pgx.Conn // of run, once that runs
	mine   backend   // that holds the lock
	lost   chan struct{}
	stop   context.CancelFunc
	ended  sync.WaitGroup
}

// backend is a connection as PostgreSQL names it. Process ids come again, together with
// the beginning they do not.
type backend struct {
	pid   int32
	began time.Time
}

const (
	// holdKey is the advisory lock, among those of this database.
	holdKey = 0x63636d73_73657276
	// HoldPatience is how long a start waits for another server to end: longer than
	// PostgreSQL takes to find out that a whole machine is gone.
	HoldPatience = 15 * time.Second
	holdEvery    = 250 * time.Millisecond // between two tries at the start
	holdLook     = 2 * time.Second        // between two looks whether it is still held
	holdAgain    = time.Second            // between two tries to take it anew
	holdAnswer   = 5 * time.Second        // for one of these
)

// forDeadPeers have PostgreSQL let go of a session within 12 s of its machine having
// vanished without a word, rather than after two hours. That a process has ended it
// hears at once.
var forDeadPeers = map[string]string{
	"tcp_keepalives_idle": "5", "tcp_keepalives_interval": "2", "tcp_keepalives_count": "3", "tcp_user_timeout": "11000",
}

const (
	takeHold = `SELECT pg_try_advisory_lock($1)`
	whoAmI   = `SELECT pid, backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()`
	whoHolds = `SELECT a.pid, coalesce(a.backend_start, 'epoch'), -- of another role's only the pid is told
			CASE WHEN a.backend_start IS NULL THEN 'somewhere' ELSE coalesce(host(a.client_addr), 'this machine') END FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
		WHERE l.locktype = 'advisory' AND l.granted AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
			AND l.classid::bigint = $1 AND l.objid::bigint = $2 AND l.objsubid = 1`
	endSession = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = $1 AND backend_start = $2`
)

// TakeHold takes the hold of a PostgreSQL database for a server. While another has it, it
// is asked for again until patience is over, and then refused.
func TakeHold(ctx context.Context, o Options, patience time.Duration) (*Hold, error) {
	o = o.filled()
	config, err := ownerConfig(o, serverName)
	if err != nil {
		return nil, err
	}
	for name, v := range forDeadPeers {
		config.RuntimeParams[name] = v
	}
	h := &Hold{config: config, log: o.Log, lost: make(chan struct{})}
	over := time.NewTimer(patience)
	defer over.Stop()
	for told := false; ; {
		held, other, err := h.take(ctx)
		if err != nil {
			return nil, err
		}
		if held {
			break
		}
		if other != "" && !told {
			told = true
			h.log.Warn("another server uses the database; waiting for it to end", "from", other, "for", patience)
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-over.C:
			return nil, fault.New(fault.Conflict, "in_use", "Another server uses the database, from %s. "+
				"One server per database: stop that one, or give this one a database of its own with --database-url. Nothing was changed.", other)
		case <-time.After(holdEvery):
		}
	}
	ctx, h.stop = context.WithCancel(context.WithoutCancel(ctx))
	h.ended.Go(func() { h.run(ctx) })
	return h, nil
}

// Lost is closed when another server has taken the database.
func (h *Hold) Lost() <-chan struct{} { return h.lost }

// Release lets the next server in.
func (h *Hold) Release() {
	h.stop()
	h.ended.Wait()
}

// take tries to take the lock on a new connection. Where it is not held then, other is
// who has it; "" is nobody who is there to stay.
func (h *Hold) take(ctx context.Context) (held bool, other string, err error) {
	ctx, cancel := context.WithTimeout(ctx, holdAnswer)
	defer cancel()
	c, err := pgx.ConnectConfig(ctx, h.config.Copy())
	if err != nil {
		return false, "", err
	}
	defer func() {
		if !held || err != nil {
			closeSoon(c)
		}
	}()
	if err := c.QueryRow(ctx, takeHold, int64(holdKey)).Scan(&held); err != nil {
		return false, "", err
	}
	if held {
		h.conn = c
		return true, "", c.QueryRow(ctx, whoAmI).Scan(&h.mine.pid, &h.mine.began)
	}
	var s backend
	err = c.QueryRow(ctx, whoHolds, int64(holdKey)>>32, int64(holdKey)&0xffffffff).Scan(&s.pid, &s.began, &other)
	switch {
	case errors.Is(err, pgx.ErrNoRows): // it has gone in between
		return false, "", nil
	case err == nil && s == h.mine: // our own of before, which PostgreSQL does not know to be dead
		_, err = c.Exec(ctx, endSession, s.pid, s.began)
		return false, "", err
	}
	return false, other, err
}

// run looks after the lock until ctx ends.
func (h *Hold) run(ctx context.Context) {
	tick := time.NewTicker(holdLook)
	defer tick.Stop()
	defer func() {
		if h.conn != nil {
			closeSoon(h.conn)
		}
	}()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if h.there(ctx) || ctx.Err() != nil {
			continue
		}
		h.log.Warn("the connection that keeps other servers off the database is lost; taking it anew")
		closeSoon(h.conn)
		h.conn = nil
		if !h.regain(ctx) {
			return
		}
	}
}

func (h *Hold) there(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, holdAnswer)
	defer cancel()
	_, err := h.conn.Exec(ctx, "SELECT 1")
	return err == nil
}

// regain takes the lock anew; false: another server has it, or ctx has ended.
func (h *Hold) regain(ctx context.Context) bool {
	pause := time.NewTicker(holdAgain)
	defer pause.Stop()
	for {
		held, other, err := h.take(ctx)
		switch {
		case held && err == nil:
			h.log.Info("other servers are kept off the database again")
			return true
		case ctx.Err() != nil:
			return false
		case err == nil && other != "":
			h.log.Error("another server has taken the database", "from", other)
			close(h.lost)
			return false
		}
		select {
		case <-ctx.Done():
			return false
		case <-pause.C:
		}
	}
}

// closeSoon ends a connection; where nobody answers it does not wait for long.
func closeSoon(c *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = c.Close(ctx) // it goes either way
}
