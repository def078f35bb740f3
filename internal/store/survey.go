package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// Survey is what a database says about itself, for whoever looks for what is wrong
// with it. It judges nothing.
type Survey struct {
	Engine        string // "SQLite" or "PostgreSQL"
	Version       string // of the engine
	VersionNumber int    // PostgreSQL: 170002 is 17.2
	Schema, Want  int64  // newest migration that ran, 0: none; and the program's
	// Skew is the database's clock minus this machine's. SQLite has no clock.
	Skew time.Duration
	// DataKeys are the operators' keys in the database, Unreadable those of them that
	// the master keys do not open. Both are 0 without master keys.
	DataKeys, Unreadable int

	Role                    string // of the URL
	RoleSuper, RoleBypasses bool
	AppRole, AppMember      bool // ccms_app exists; the URL's role may become it
	AppSuper, AppBypasses   bool
	AppOwns                 []string // tables
	Policies                bool     // row-level security is this program's
	Unprotected             []string // tables without forced row-level security
	Standby                 bool
	Settings                map[string]string // of PostgreSQL
	Connections             int               // in use, by everybody

	Journal     string // of SQLite's file: "wal"
	Synchronous string // of the program's connections: "2" is FULL
	Defects     []string
	// Unchecked: the integrity check did not end within its time.
	Unchecked bool
}

const (
	surveyWithin    = 10 * time.Second // each of: connecting, asking
	integrityWithin = 10 * time.Second
	mostDefects     = 10
)

var surveySettings = []string{"fsync", "synchronous_commit", "full_page_writes", "max_connections",
	"superuser_reserved_connections", "server_encoding", "default_transaction_read_only"}

// Examine asks a database about itself. It changes nothing and needs no schema. Only
// URL and Keys of the options count; without Keys nothing is said about data keys. A
// missing file of SQLite is fs.ErrNotExist.
func Examine(ctx context.Context, o Options) (Survey, error) {
	o = o.filled()
	if o.engine() == lite {
		return examineSQLite(ctx, o)
	}
	return examinePostgres(ctx, o)
}

func examineSQLite(ctx context.Context, o Options) (s Survey, err error) {
	s.Engine, s.Want = "SQLite", wantVersion()
	path := litePath(o.URL)
	if _, err := os.Stat(path); err != nil {
		return s, err
	}
	// Not the program's own pragmas: they would repair what is looked for.
	q := url.Values{"mode": {"rw"}, "_pragma": {"busy_timeout(5000)", "query_only(1)"}}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?"+q.Encode())
	if err != nil {
		return s, err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	short, cancel := context.WithTimeout(ctx, surveyWithin)
	defer cancel()
	if err := db.QueryRowContext(short, "SELECT sqlite_version()").Scan(&s.Version); err != nil {
		return s, err
	}
	if err := db.QueryRowContext(short, "PRAGMA journal_mode").Scan(&s.Journal); err != nil {
		return s, err
	}
	if s.Journal == "wal" { // else opening as the program does would change it
		if s.Synchronous, err = effectiveSynchronous(short, path); err != nil {
			return s, err
		}
	}
	if err := s.integrity(ctx, db); err != nil {
		return s, err
	}
	if err := s.schema(short, db, lite); err != nil {
		return s, err
	}
	return s, s.dataKeys(short, db, o.Keys)
}

func effectiveSynchronous(ctx context.Context, path string) (v string, err error) {
	db, err := sql.Open("sqlite", liteDSN(path, true))
	if err != nil {
		return "", err
	}
	defer db.Close()
	err = db.QueryRowContext(ctx, "PRAGMA synchronous").Scan(&v)
	return v, err
}

// integrity runs SQLite's quick check, which reads the whole file, as far as it gets.
func (s *Survey) integrity(ctx context.Context, db *sql.DB) error {
	ctx, cancel := context.WithTimeout(ctx, integrityWithin)
	defer cancel()
	found, err := texts(ctx, db, fmt.Sprintf("PRAGMA quick_check(%d)", mostDefects))
	if ctx.Err() != nil {
		s.Unchecked = true
		return nil
	}
	if err == nil && (len(found) != 1 || found[0] != "ok") {
		s.Defects = found
	}
	return err
}

func examinePostgres(ctx context.Context, o Options) (s Survey, err error) {
	s.Engine, s.Want, s.Settings = "PostgreSQL", wantVersion(), map[string]string{}
	config, err := pgx.ParseConfig(o.URL)
	if err != nil {
		return s, errors.New("the database URL cannot be read") // err quotes it, with the password
	}
	config.ConnectTimeout = surveyWithin
	config.RuntimeParams["application_name"] = "ccms doctor"
	config.RuntimeParams["ccms.op"] = "*" // row-level security binds the owner too
	db := stdlib.OpenDB(*config)
	defer db.Close()
	db.SetMaxOpenConns(1)
	ctx, cancel := context.WithTimeout(ctx, 2*surveyWithin)
	defer cancel()
	asked := time.Now()
	var now time.Time
	err = db.QueryRowContext(ctx, `SELECT clock_timestamp(), current_setting('server_version'), current_setting('server_version_num')::int,
		pg_is_in_recovery(), (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'), r.rolname, r.rolsuper, r.rolbypassrls
		FROM pg_roles r WHERE r.rolname = current_user`).
		Scan(&now, &s.Version, &s.VersionNumber, &s.Standby, &s.Connections, &s.Role, &s.RoleSuper, &s.RoleBypasses)
	if err != nil {
		return s, err
	}
	// The answer was given somewhere between the question and now.
	s.Skew = now.Sub(asked.Add(time.Since(asked) / 2))
	if err := s.settings(ctx, db); err != nil {
		return s, err
	}
	if err := s.appRole(ctx, db); err != nil {
		return s, err
	}
	if err := s.schema(ctx, db, postgres); err != nil || s.Schema == 0 {
		return s, err
	}
	if err := s.policies(ctx, db); err != nil {
		return s, err
	}
	return s, s.dataKeys(ctx, db, o.Keys)
}

func (s *Survey) settings(ctx context.Context, db *sql.DB) error {
	rows, err := db.QueryContext(ctx, `SELECT name, setting FROM pg_settings`)
	if err != nil {
		return err
	}
	defer rows.Close()
	all := map[string]string{}
	for rows.Next() {
		var name, value string
		if err := rows.Scan(&name, &value); err != nil {
			return err
		}
		all[name] = value
	}
	for _, name := range surveySettings {
		if v, ok := all[name]; ok {
			s.Settings[name] = v
		}
	}
	return rows.Err()
}

func (s *Survey) appRole(ctx context.Context, db *sql.DB) error {
	err := db.QueryRowContext(ctx, `SELECT rolsuper, rolbypassrls, pg_has_role(current_user, oid, 'MEMBER') FROM pg_roles WHERE rolname = $1`, appRole).
		Scan(&s.AppSuper, &s.AppBypasses, &s.AppMember)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	s.AppRole = true
	s.AppOwns, err = texts(ctx, db, `SELECT t.relname FROM pg_class t JOIN pg_roles r ON r.oid = t.relowner WHERE r.rolname = $1 ORDER BY 1`, appRole)
	return err
}

// policies looks at the tables themselves: the mark says only what migrate once did.
func (s *Survey) policies(ctx context.Context, db *sql.DB) error {
	var mark sql.NullString
	if err := db.QueryRowContext(ctx, `SELECT obj_description('goose_db_version'::regclass)`).Scan(&mark); err != nil {
		return err
	}
	s.Policies = mark.String == policyMark()
	protected, err := texts(ctx, db, `SELECT t.relname FROM pg_class t WHERE t.relnamespace = 'public'::regnamespace AND t.relrowsecurity
		AND t.relforcerowsecurity AND (SELECT count(*) FROM pg_policy p WHERE p.polrelid = t.oid) >= 4`)
	if err != nil {
		return err
	}
	has := map[string]bool{}
	for _, name := range protected {
		has[name] = true
	}
	for _, name := range Tables() {
		if !has[name] {
			s.Unprotected = append(s.Unprotected, name)
		}
	}
	return nil
}

func (s *Survey) schema(ctx context.Context, db *sql.DB, e engine) error {
	there, applied := `SELECT to_regclass('goose_db_version') IS NOT NULL`, ""
	if e == lite {
		there, applied = `SELECT count(*) > 0 FROM sqlite_master WHERE name = 'goose_db_version'`, " = 1"
	}
	var exists bool
	if err := db.QueryRowContext(ctx, there).Scan(&exists); err != nil || !exists {
		return err
	}
	var have sql.NullInt64
	err := db.QueryRowContext(ctx, `SELECT max(version_id) FROM goose_db_version WHERE is_applied`+applied).Scan(&have)
	s.Schema = have.Int64
	return err
}

// dataKeys tries the master keys on every operator's keys.
func (s *Survey) dataKeys(ctx context.Context, db *sql.DB, k *Keys) error {
	if k == nil || s.Schema == 0 {
		return nil
	}
	rows, err := db.QueryContext(ctx, `SELECT operator_id, master_id, wrapped FROM operator_keys`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var op, wrapped []byte
		var id string
		if err := rows.Scan(&op, &id, &wrapped); err != nil {
			return err
		}
		s.DataKeys++
		if _, err := k.unwrap(id, wrapped, op); err != nil {
			s.Unreadable++
		}
	}
	return rows.Err()
}

func texts(ctx context.Context, db *sql.DB, query string, args ...any) (all []string, err error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		all = append(all, strings.TrimSpace(text))
	}
	return all, rows.Err()
}
