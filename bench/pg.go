package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"ccms/internal/store/pgtest"
)

// pgDatabase is a PostgreSQL of the bench's own, which fsyncs. Each server gets a
// fresh one, so that nothing of an earlier measurement is vacuumed on its account.
type pgDatabase struct {
	cluster *pgtest.Server
	url     string
	keys    string
}

const pgWithin = time.Minute

func newPostgres(folder string) (*pgDatabase, error) {
	cluster, err := pgtest.Launch(pgtest.Options{})
	if err != nil {
		return nil, err
	}
	url, err := cluster.NewDatabase()
	if err != nil {
		return nil, errors.Join(err, cluster.Close())
	}
	return &pgDatabase{cluster: cluster, url: url, keys: filepath.Join(folder, "keys")}, nil
}

func (d *pgDatabase) serveArgs() []string {
	return []string{"--database-url", d.url, "--key-file", d.keys}
}

func (d *pgDatabase) source() string { return d.url }

// query runs f on a connection that sees the rows of every operator.
func (d *pgDatabase) query(f func(context.Context, *pgx.Conn) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), pgWithin)
	defer cancel()
	c, err := pgConnect(ctx, d.url)
	if err != nil {
		return err
	}
	return errors.Join(f(ctx, c), c.Close(ctx))
}

// pgConnect connects as the owner; row-level security binds it too, and this setting
// is what it reads.
func pgConnect(ctx context.Context, url string) (*pgx.Conn, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	config.RuntimeParams["ccms.op"] = "*"
	return pgx.ConnectConfig(ctx, config)
}

const pgTables = `SELECT c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'public' AND c.relkind = 'r'`

func (d *pgDatabase) counts() (map[string]int, error) {
	rows := map[string]int{}
	err := d.query(func(ctx context.Context, c *pgx.Conn) error {
		q, err := c.Query(ctx, pgTables)
		if err != nil {
			return err
		}
		names, err := pgx.CollectRows(q, pgx.RowTo[string])
		if err != nil {
			return err
		}
		for _, name := range names {
			var n int
			if err := c.QueryRow(ctx, `SELECT count(*) FROM `+pgx.Identifier{name}.Sanitize()).Scan(&n); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			rows[name] = n
		}
		return nil
	})
	return rows, err
}

// sizes: with indexes and what is stored beside the table.
func (d *pgDatabase) sizes() (map[string]int64, error) {
	all := map[string]int64{}
	err := d.query(func(ctx context.Context, c *pgx.Conn) error {
		q, err := c.Query(ctx, `SELECT c.relname::text, pg_total_relation_size(c.oid) FROM pg_class c
			JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'public' AND c.relkind = 'r'`)
		if err != nil {
			return err
		}
		var name string
		var bytes int64
		_, err = pgx.ForEachRow(q, []any{&name, &bytes}, func() error {
			all[name] = bytes
			return nil
		})
		return err
	})
	return all, err
}

func (d *pgDatabase) number(query string) (n int64, err error) {
	return n, d.query(func(ctx context.Context, c *pgx.Conn) error { return c.QueryRow(ctx, query).Scan(&n) })
}

// cpu counts the postmaster, its children and those it has waited for.
func (d *pgDatabase) cpu() (time.Duration, error) {
	pids := d.cluster.PIDs()
	if len(pids) == 0 {
		return 0, errors.New("PostgreSQL is not running")
	}
	var sum time.Duration
	// The postmaster last: what a child that has just ended took is in its sum.
	for i := len(pids) - 1; i >= 0; i-- {
		t, err := cpuOf(pids[i])
		if i > 0 && (errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH)) {
			continue
		}
		if err != nil {
			return 0, err
		}
		sum += t
	}
	return sum, nil
}

func (d *pgDatabase) close() error { return d.cluster.Close() }

// watch reads PostgreSQL's own count of commits. A backend tells it once a second, so
// that a window of several seconds is right to some percent.
func (d *pgDatabase) watch() (commitWatch, error) {
	ctx, cancel := context.WithTimeout(context.Background(), pgWithin)
	defer cancel()
	c, err := pgConnect(ctx, d.url)
	if err != nil {
		return nil, err
	}
	return &pgWatch{c}, nil
}

type pgWatch struct{ conn *pgx.Conn }

func (w *pgWatch) commits() (n int64, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), pgWithin)
	defer cancel()
	return n, w.conn.QueryRow(ctx, `SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()`).Scan(&n)
}

func (w *pgWatch) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), pgWithin)
	defer cancel()
	return w.conn.Close(ctx)
}
