package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"ccms/internal/fault"
)

// intoPostgres does everything in one transaction, whose locks keep servers out that
// start meanwhile.
func (r *restorer) intoPostgres() error {
	config, err := ownerConfig(r.o, "ccms restore")
	if err != nil {
		return err
	}
	config.RuntimeParams["idle_in_transaction_session_timeout"] = "0"
	db := stdlib.OpenDB(*config)
	return errors.Join(r.fillPostgres(db), db.Close())
}

func (r *restorer) fillPostgres(db *sql.DB) error {
	c, err := db.Conn(r.ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	if _, err := c.ExecContext(r.ctx, "BEGIN"); err != nil {
		return err
	}
	if err := r.replacePostgres(c); err != nil {
		_, back := c.ExecContext(context.WithoutCancel(r.ctx), "ROLLBACK")
		return errors.Join(err, back)
	}
	if _, err := c.ExecContext(context.WithoutCancel(r.ctx), "COMMIT"); err != nil {
		return err
	}
	// Without it the planner knows nothing of the rows until autovacuum comes by; that
	// is no reason to call the restore a failure.
	if _, err := c.ExecContext(r.ctx, "ANALYZE"); err != nil {
		r.o.Log.Warn("the backup is restored, but ANALYZE failed: queries may be slow until it or autovacuum has run", "err", err)
	}
	return nil
}

func (r *restorer) replacePostgres(c *sql.Conn) error {
	run := func(texts ...string) error {
		for _, text := range texts {
			if _, err := c.ExecContext(r.ctx, text); err != nil {
				return fmt.Errorf("%s: %w", text, err)
			}
		}
		return nil
	}
	if err := run(protectLock); err != nil {
		return err
	}
	if err := r.keepServersOut(c); err != nil {
		return err
	}
	if err := r.clear(c, run); err != nil {
		return err
	}
	if err := r.fill(c, r.copyIn(c)); err != nil {
		return err
	}
	for name, n := range r.counters {
		if t, _ := r.layout.table(name); t.counter != "" && n > 0 {
			if err := run(fmt.Sprintf(`SELECT setval(pg_get_serial_sequence('%s', '%s'), %d)`, name, t.counter, n)); err != nil {
				return err
			}
		}
	}
	if err := run(appRoleText); err != nil {
		return err
	}
	if err := run(protection()...); err != nil {
		return err
	}
	for _, q := range registry.sequencesByName() {
		if err := run(fmt.Sprintf(`SELECT setval('%s', %d)`, q.pgName(), r.out.Sequences[q.name])); err != nil {
			return err
		}
	}
	return nil
}

// keepServersOut takes the lock that every start needs, and then looks whether
// somebody is there already.
func (r *restorer) keepServersOut(c *sql.Conn) error {
	var there sql.NullString
	if err := c.QueryRowContext(r.ctx, `SELECT to_regclass('`+versionTable+`')`).Scan(&there); err != nil {
		return err
	}
	if there.Valid {
		if _, err := c.ExecContext(r.ctx, `SET LOCAL lock_timeout = '10s'`); err != nil {
			return err
		}
		_, err := c.ExecContext(r.ctx, `LOCK TABLE `+versionTable+` IN ACCESS EXCLUSIVE MODE`)
		var e *pgconn.PgError
		if errors.As(err, &e) && e.Code == "55P03" {
			return fault.New(fault.Conflict, "in_use", "Somebody uses the database. Stop all servers and try again. Nothing was changed.").Because(err)
		}
		if err != nil {
			return err
		}
	}
	who, err := connected(r.ctx, c, `application_name LIKE 'ccms%'`)
	if err != nil {
		return err
	}
	if len(who) > 0 {
		return fault.New(fault.Conflict, "in_use", "The database is in use by %s. Stop all servers and try again. Nothing was changed.", strings.Join(who, ", "))
	}
	return nil
}

// leavingWithin is how long PostgreSQL may take to notice that a client has gone.
const leavingWithin = 2 * time.Second

// connected tells who else has a connection to the database and keeps it, of those
// that the condition on pg_stat_activity selects.
func connected(ctx context.Context, c *sql.Conn, which string) (who []string, err error) {
	for until := time.Now().Add(leavingWithin); ; {
		who = nil
		err = eachRow(ctx, c, `SELECT application_name || ' (pid ' || pid || coalesce(', from ' || host(client_addr), '') || ')' FROM pg_stat_activity
			WHERE datname = current_database() AND pid <> pg_backend_pid() AND `+which+` ORDER BY pid`,
			func(scan scanRow) error {
				var w string
				err := scan(&w)
				who = append(who, w)
				return err
			})
		if err != nil || len(who) == 0 || time.Now().After(until) {
			return who, err
		}
		// Within a transaction the list stays as it was first read.
		if _, err := c.ExecContext(ctx, `SELECT pg_stat_clear_snapshot(), pg_sleep(0.1)`); err != nil {
			return nil, err
		}
	}
}

// RefuseServers is a fault if a server is connected to a PostgreSQL database. On
// SQLite it says nothing: there the caller locks the folder.
func RefuseServers(ctx context.Context, o Options) error {
	if o.engine() != postgres {
		return nil
	}
	config, err := ownerConfig(o, "ccms look")
	if err != nil {
		return err
	}
	db := stdlib.OpenDB(*config)
	defer db.Close()
	c, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	who, err := connected(ctx, c, `application_name = '`+serverName+`'`)
	if err != nil {
		return err
	}
	if len(who) > 0 {
		return fault.New(fault.Conflict, "in_use", "The database is in use by %s. Stop all servers and try again. The schema was not changed.", strings.Join(who, ", "))
	}
	return nil
}

// serverName is what connections of a server call themselves; commands say which.
const serverName = "ccms"

// clear drops what ccms has made here, of any version: its tables have its policies.
// Of functions it drops those that this program's migrations make; triggers went with
// their tables, so nothing of ours needs them any more.
func (r *restorer) clear(c *sql.Conn, run func(...string) error) error {
	newest, err := layoutAt(r.ctx, wantVersion())
	if err != nil {
		return err
	}
	var drop, foreign []string
	err = eachRow(r.ctx, c, `SELECT t.relname, EXISTS (SELECT 1 FROM pg_policy p WHERE p.polrelid = t.oid AND p.polname = 'ccms_read')
		FROM pg_class t WHERE t.relnamespace = current_schema()::regnamespace AND t.relkind IN ('r', 'p', 'v', 'm', 'f') ORDER BY t.relname`,
		func(scan scanRow) error {
			var name string
			var ours bool
			if err := scan(&name, &ours); err != nil {
				return err
			}
			_, old := r.layout.table(name)
			_, known := newest.table(name)
			if ours || old || known || name == versionTable || name == numbersTable {
				drop = append(drop, name)
			} else {
				foreign = append(foreign, name)
			}
			return nil
		})
	if err != nil {
		return err
	}
	if len(foreign) > 0 {
		return fault.New(fault.Conflict, "not_ours", "The database also has %s, which ccms has not made. Restore into a database of its own. Nothing was changed.",
			strings.Join(foreign, ", "))
	}
	if !r.replace {
		for _, name := range drop {
			if name == versionTable || name == numbersTable {
				continue
			}
			var rows bool
			if err := c.QueryRowContext(r.ctx, `SELECT EXISTS (SELECT 1 FROM `+pgx.Identifier{name}.Sanitize()+`)`).Scan(&rows); err != nil {
				return err
			}
			if rows {
				return holdsData("The database")
			}
		}
	}
	texts := []string{}
	for _, name := range drop {
		texts = append(texts, `DROP TABLE IF EXISTS `+pgx.Identifier{name}.Sanitize()+` CASCADE`)
	}
	err = eachRow(r.ctx, c, `SELECT format('DROP SEQUENCE %I', relname) FROM pg_class
			WHERE relnamespace = current_schema()::regnamespace AND relkind = 'S' AND relname LIKE 'seq\_%' AND pg_get_userbyid(relowner) = current_user
		UNION ALL SELECT format('DROP FUNCTION %s', oid::regprocedure) FROM pg_proc
			WHERE pronamespace = current_schema()::regnamespace AND prokind = 'f' AND proname IN ('`+strings.Join(functionsMade(), `', '`)+`')
				AND pg_get_userbyid(proowner) = current_user`,
		func(scan scanRow) error {
			var text string
			err := scan(&text)
			texts = append(texts, text)
			return err
		})
	if err != nil {
		return err
	}
	return run(texts...)
}

var makesFunction = regexp.MustCompile(`(?i)\bCREATE\s+(?:OR\s+REPLACE\s+)?FUNCTION\s+(\w+)`)

// functionsMade are the names of the functions that the migrations make, and one that
// no function has.
func functionsMade() []string {
	made := []string{""}
	for _, text := range migrationsFor(postgres) {
		for _, m := range makesFunction.FindAllSubmatch(text, -1) {
			made = append(made, string(bytes.ToLower(m[1])))
		}
	}
	return made
}

// copyIn loads rows by COPY; it works because row-level security is not there yet.
func (r *restorer) copyIn(c *sql.Conn) loader {
	return func(t layoutTable, next func() ([]cell, error)) error {
		return c.Raw(func(driver any) error {
			from := &copySource{next: next}
			_, err := driver.(*stdlib.Conn).Conn().CopyFrom(r.ctx, pgx.Identifier{t.name}, slices.Clone(t.names()), from)
			if from.err != nil {
				return from.err
			}
			return err
		})
	}
}

// copySource is the rows as COPY wants them.
type copySource struct {
	next func() ([]cell, error)
	row  []cell
	err  error
}

func (s *copySource) Next() bool {
	s.row, s.err = s.next()
	return s.row != nil && s.err == nil
}

func (s *copySource) Values() ([]any, error) { return s.row, nil }
func (s *copySource) Err() error             { return s.err }
