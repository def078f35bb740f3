package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pressly/goose/v3"
	goosedb "github.com/pressly/goose/v3/database"
)

// versionTable is where goose keeps what was migrated.
const versionTable = goose.DefaultTablename

// migrationNumber is the number in a migration's name.
func migrationNumber(name string) int64 {
	n, _, _ := strings.Cut(name, "_")
	v, err := strconv.ParseInt(n, 10, 64)
	if err != nil {
		panic("store: migration " + name + " has no number")
	}
	return v
}

// build applies the migrations above from up to to inside a transaction that the
// caller has begun: goose begins one for each, but a restore is all or nothing. It
// leaves goose's table as goose would. With from 0 the database is empty.
func build(ctx context.Context, c *sql.Conn, e engine, from, to int64) error {
	dialect := goose.DialectSQLite3
	if e == postgres {
		dialect = goose.DialectPostgres
	}
	versions, err := goosedb.NewStore(dialect, versionTable)
	if err != nil {
		return err
	}
	if from == 0 {
		if err := versions.CreateVersionTable(ctx, c); err != nil {
			return err
		}
		if err := versions.Insert(ctx, c, goosedb.InsertRequest{Version: 0}); err != nil {
			return err
		}
	}
	files := migrationsFor(e)
	names := make([]string, 0, len(files))
	for name := range files {
		if v := migrationNumber(name); v > from && v <= to {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, func(a, b string) int { return int(migrationNumber(a) - migrationNumber(b)) })
	for _, name := range names {
		text := string(files[name])
		if strings.Contains(text, "+goose NO TRANSACTION") || strings.Contains(text, "+goose Down") {
			return fmt.Errorf("store: migration %s cannot be applied in a transaction with others", name)
		}
		if _, err := c.ExecContext(ctx, text); err != nil {
			return fmt.Errorf("migrating %s with %s: %w", e, name, err)
		}
		if err := versions.Insert(ctx, c, goosedb.InsertRequest{Version: migrationNumber(name)}); err != nil {
			return err
		}
	}
	return nil
}
