package store

import (
	"bytes"
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations/*.sql
var embedded embed.FS

// migrations are the embedded files, by name. Tests add theirs.
var migrations = readMigrations()

func readMigrations() map[string][]byte {
	files := map[string][]byte{}
	entries, err := embedded.ReadDir("migrations")
	if err != nil {
		panic(err) // embedded at build time
	}
	for _, e := range entries {
		if files[e.Name()], err = embedded.ReadFile("migrations/" + e.Name()); err != nil {
			panic(err)
		}
	}
	return files
}

// Migrate brings the schema up to this program's, and on PostgreSQL the role
// ccms_app, its grants and the policies of row-level security. It runs as the
// URL's role, which then owns the tables. Only URL and Log of the options count.
func Migrate(ctx context.Context, o Options) error {
	o = o.filled()
	if o.engine() == lite {
		path := litePath(o.URL)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
		db, err := sql.Open("sqlite", liteDSN(path, false))
		if err != nil {
			return err
		}
		db.SetMaxOpenConns(1)
		return errors.Join(migrate(ctx, db, lite, o), db.Close())
	}
	config, err := pgx.ParseConfig(o.URL)
	if err != nil {
		return errors.New("store: the database URL cannot be read")
	}
	config.RuntimeParams["application_name"] = "ccms migrate"
	// Row-level security is forced on the owner too; without this a migration that
	// changes rows would see none.
	config.RuntimeParams["ccms.op"] = "*"
	db := stdlib.OpenDB(*config)
	err = migrate(ctx, db, postgres, o)
	if err == nil {
		err = protect(ctx, db)
	}
	return errors.Join(err, db.Close())
}

func migrate(ctx context.Context, db *sql.DB, e engine, o Options) error {
	options := []goose.ProviderOption{goose.WithDisableGlobalRegistry(true), goose.WithSlog(o.Log)}
	dialect := goose.DialectSQLite3
	if e == postgres {
		dialect = goose.DialectPostgres
		l, err := lock.NewPostgresSessionLocker() // nodes that start together
		if err != nil {
			return err
		}
		options = append(options, goose.WithSessionLocker(l))
	}
	p, err := goose.NewProvider(dialect, db, memoryFS(migrationsFor(e)), options...)
	if err != nil {
		return err
	}
	// An older program must leave a newer one's database alone, its policies too.
	if have, err := schemaVersion(ctx, db, e); err != nil {
		return fmt.Errorf("migrating %s: %w", e, err)
	} else if have > wantVersion() {
		return newerSchema(have)
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrating %s: %w", e, err)
	}
	return nil
}

// migrationsFor gives the migrations for one engine: lines that start with --pg: or
// --lite: are for that engine only; {{C}} is the collation by bytes.
func migrationsFor(e engine) map[string][]byte {
	mine, other, collation := "--lite:", "--pg:", ""
	if e == postgres {
		mine, other, collation = other, mine, `COLLATE "C"`
	}
	files := map[string][]byte{}
	for name, content := range migrations {
		var b bytes.Buffer
		for line := range strings.Lines(string(content)) {
			if strings.HasPrefix(line, other) {
				continue
			}
			if rest, ok := strings.CutPrefix(line, mine); ok {
				line = strings.TrimLeft(rest, " ")
			}
			b.WriteString(strings.ReplaceAll(line, "{{C}}", collation))
		}
		files[name] = b.Bytes()
	}
	return files
}

// wantVersion is the number of the newest migration.
func wantVersion() int64 {
	newest := int64(0)
	for name := range migrations {
		newest = max(newest, migrationNumber(name))
	}
	return newest
}

// schemaVersion is the newest migration that ran, 0 in a database without any.
func schemaVersion(ctx context.Context, db *sql.DB, e engine) (int64, error) {
	var there, have int64
	if err := db.QueryRowContext(ctx, versionTableThere(e)).Scan(&there); err != nil || there == 0 {
		return 0, err
	}
	err := db.QueryRowContext(ctx, appliedVersion(e)).Scan(&have)
	return have, err
}

func versionTableThere(e engine) string {
	if e == postgres {
		return `SELECT count(to_regclass('` + versionTable + `'))`
	}
	return `SELECT count(*) FROM sqlite_master WHERE name = '` + versionTable + `'`
}

func appliedVersion(e engine) string {
	return `SELECT coalesce(max(version_id), 0) FROM ` + versionTable + ` WHERE is_applied` + map[engine]string{lite: " = 1"}[e]
}

var errSchema = errors.New("store: the database's schema is not this program's: run ccms migrate")

func checkVersion(ctx context.Context, db *sql.DB, e engine) error {
	var have sql.NullInt64
	err := db.QueryRowContext(ctx, appliedVersion(e)).Scan(&have)
	if err != nil {
		return fmt.Errorf("%w (%w)", errSchema, err)
	}
	want := wantVersion()
	if have.Int64 > want {
		return newerSchema(have.Int64)
	}
	if have.Int64 != want {
		return fmt.Errorf("%w (it has version %d, the program %d)", errSchema, have.Int64, want)
	}
	return nil
}

// checkPostgresVersion asks as the URL's role, because ccms_app reads no versions.
func checkPostgresVersion(ctx context.Context, config *pgx.ConnConfig) error {
	db := stdlib.OpenDB(*config.Copy())
	defer db.Close()
	if err := checkVersion(ctx, db, postgres); err != nil {
		return err
	}
	var have sql.NullString
	if err := db.QueryRowContext(ctx, `SELECT obj_description('goose_db_version'::regclass)`).Scan(&have); err != nil {
		return err
	}
	if have.String != policyMark() {
		return fmt.Errorf("%w (its row-level security is another)", errSchema)
	}
	return nil
}

// memoryFS is a flat folder of files in memory, for goose.
type memoryFS map[string][]byte

func (m memoryFS) Open(name string) (fs.File, error) {
	if name == "." {
		return &memoryDir{m: m}, nil
	}
	b, ok := m[name]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return &memoryFile{info: memoryInfo{name, len(b)}, Reader: bytes.NewReader(b)}, nil
}

type memoryFile struct {
	info memoryInfo
	*bytes.Reader
}

func (f *memoryFile) Stat() (fs.FileInfo, error) { return f.info, nil }
func (f *memoryFile) Close() error               { return nil }

type memoryDir struct {
	m    memoryFS
	read bool
}

func (d *memoryDir) Stat() (fs.FileInfo, error) { return memoryInfo{".", -1}, nil }
func (d *memoryDir) Close() error               { return nil }
func (d *memoryDir) Read([]byte) (int, error)   { return 0, errors.New("is a directory") }

func (d *memoryDir) ReadDir(n int) ([]fs.DirEntry, error) {
	if d.read {
		if n > 0 {
			return nil, io.EOF
		}
		return nil, nil
	}
	d.read = true
	var entries []fs.DirEntry
	for name, b := range d.m {
		entries = append(entries, fs.FileInfoToDirEntry(memoryInfo{name, len(b)}))
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return entries, nil
}

type memoryInfo struct {
	name string
	size int
}

func (i memoryInfo) Name() string       { return i.name }
func (i memoryInfo) Size() int64        { return int64(i.size) }
func (i memoryInfo) ModTime() time.Time { return time.Time{} }
func (i memoryInfo) IsDir() bool        { return i.size < 0 }
func (i memoryInfo) Sys() any           { return nil }

func (i memoryInfo) Mode() fs.FileMode {
	if i.IsDir() {
		return fs.ModeDir | 0o555
	}
	return 0o444
}
