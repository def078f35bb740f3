package main

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"ccms/internal/app"
)

type migrateCmd struct {
	database
	Backup   string `placeholder:"FILE" help:"Before an upgrade, write a backup here. With the embedded database one is written to its folder in any case."`
	NoBackup bool   `name:"no-backup" help:"Upgrade without a backup: there is one already."`
}

func (c *migrateCmd) Run(ctx context.Context, log *slog.Logger) error {
	have, want, err := app.SchemaVersions(ctx, c.config(log))
	if err != nil {
		return err
	}
	if upgrades(have, want) {
		release, err := c.keepServersOut(ctx, log)
		if err != nil {
			return err
		}
		defer release()
		if c.Backup == "" && c.DatabaseURL != "" && !c.NoBackup {
			return fmt.Errorf("the database has schema %d and would be brought to %d; the only way back is a backup: "+
				"ccms migrate --backup FILE makes it first, --no-backup goes on without. Nothing was changed", have, want)
		}
		if !c.NoBackup {
			if err := c.backupFirst(ctx, log, have, want, c.Backup); err != nil {
				return err
			}
			// One that came meanwhile may have acknowledged what the backup lacks.
			if err := app.RefuseServers(ctx, c.config(log)); err != nil {
				return err
			}
		}
	}
	if err := app.Migrate(ctx, c.config(log)); err != nil {
		return err
	}
	fmt.Println("The database is up to date.")
	return nil
}

// upgrades reports whether a schema that holds data would change.
func upgrades(have, want int64) bool { return have > 0 && have < want }

// keepServersOut refuses while a server uses the database: what that acknowledges
// after the backup was not in it, and it does not know the schema that is to come.
// With the embedded database none can start until release is called.
func (d database) keepServersOut(ctx context.Context, log *slog.Logger) (release func(), err error) {
	if d.DatabaseURL != "" {
		return func() {}, app.RefuseServers(ctx, d.config(log))
	}
	if release, err = lockFolder(d.Data); err != nil {
		return nil, fmt.Errorf("%w. Nothing was changed", err)
	}
	return release, nil
}

// migrateAlone is migrate for a command that does not hold the folder's lock.
func (d database) migrateAlone(ctx context.Context, log *slog.Logger) error {
	have, want, err := app.SchemaVersions(ctx, d.config(log))
	if err != nil {
		return err
	}
	if upgrades(have, want) && d.DatabaseURL == "" {
		release, err := d.keepServersOut(ctx, log)
		if err != nil {
			return err
		}
		defer release()
	}
	return d.migrate(ctx, log)
}

// migrate brings the schema up to date for a command that has something else to do.
// With the embedded database a backup is made first; the caller holds its lock. On
// PostgreSQL there is no place for one of its own accord, so data are not upgraded.
func (d database) migrate(ctx context.Context, log *slog.Logger) error {
	have, want, err := app.SchemaVersions(ctx, d.config(log))
	if err != nil {
		return err
	}
	if upgrades(have, want) {
		if d.DatabaseURL == "" {
			if err := d.backupFirst(ctx, log, have, want, ""); err != nil {
				return err
			}
		} else {
			return fmt.Errorf("the database has schema %d and this program works with %d; the only way back from an upgrade is a backup: "+
				"stop the server, then ccms migrate --backup FILE makes the backup and upgrades. Nothing was changed", have, want)
		}
	}
	return app.Migrate(ctx, d.config(log))
}

// backupFirst writes the backup that leads back. Without it nothing is upgraded.
func (d database) backupFirst(ctx context.Context, log *slog.Logger, have, want int64, out string) error {
	if out == "" {
		out = filepath.Join(d.Data, fmt.Sprintf("before-schema-%d-%s.backup", want, time.Now().UTC().Format("20060102T150405Z")))
	}
	info, err := d.backup(ctx, log, out, false)
	if err != nil {
		return fmt.Errorf("the database was not upgraded from schema %d to %d, because no backup could be made before: %w", have, want, err)
	}
	log.Info("made a backup before the upgrade", "file", out, "rows", info.Total(), "from_schema", have, "to_schema", want)
	return nil
}
