package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ledger"
	"ccms/internal/store"
)

// Backup writes the database, and never the keys, to w while a server may be running.
// program is the version that is noted in it.
func Backup(ctx context.Context, c Config, w io.Writer, program string) (store.BackupInfo, error) {
	c = c.filled()
	// Said before anything about keys, which a wrong place does not have either.
	if have, _, err := SchemaVersions(ctx, c); err != nil {
		return store.BackupInfo{}, err
	} else if have == 0 {
		return store.BackupInfo{}, fault.New(fault.Missing, "no_database", "There is no ccms database in %s. Say where it is with --data or --database-url.", c.where())
	}
	o, err := c.withTheKeys()
	if err != nil {
		return store.BackupInfo{}, err
	}
	return store.Backup(ctx, o, w, program)
}

// SchemaVersions tells which schema the database has, 0 for none, and which one this
// program works with.
func SchemaVersions(ctx context.Context, c Config) (have, want int64, err error) {
	o := store.Options{URL: c.filled().databaseURL()}
	return store.SchemaVersions(ctx, o)
}

// RefuseServers is a fault if a server is connected to a PostgreSQL database.
func RefuseServers(ctx context.Context, c Config) error {
	return store.RefuseServers(ctx, store.Options{URL: c.filled().databaseURL()})
}

// HoldDatabase keeps a second server off a PostgreSQL database, for as long as the hold is
// not released; until then it is refused itself where another is there.
func HoldDatabase(ctx context.Context, c Config) (*store.Hold, error) {
	c = c.filled()
	return store.TakeHold(ctx, store.Options{URL: c.databaseURL(), Log: c.Log}, store.HoldPatience)
}

// where is the place of the data in words that give no password away.
func (c Config) where() string {
	if c.postgres() {
		return "the database that --database-url names"
	}
	return c.DataDir
}

func (c Config) databaseURL() string {
	if c.DatabaseURL != "" {
		return c.DatabaseURL
	}
	return filepath.Join(c.DataDir, "ccms.db")
}

// withTheKeys opens the key file that must be there: what was sealed with another
// could not be read with a fresh one.
func (c Config) withTheKeys() (store.Options, error) {
	if _, err := os.Stat(c.KeyFile); errors.Is(err, fs.ErrNotExist) {
		return store.Options{}, fault.New(fault.Missing, "no_key_file", "There is no key file %s. It belongs to the database and is in no backup: "+
			"put it in its place, or name it with --key-file. Nothing was changed.", c.KeyFile)
	}
	return c.storeOptions()
}

// Restored is a restore and what the books look like after it.
type Restored struct {
	store.Restored
	Wallets int            // compared with their postings
	Drifts  []ledger.Drift // those that differ
	Unequal error          // the books do not sum to zero
}

// Sound reports whether the books are right.
func (r Restored) Sound() bool { return r.Unequal == nil && len(r.Drifts) == 0 }

// checkWithin is how long the books may take: all postings there are.
const checkWithin = time.Hour

// Restore puts a backup in the place of the database and checks the books. No server
// may use the data folder; the caller sees to it. An error says that nothing was
// changed, or that the database could not be opened after it.
func Restore(ctx context.Context, c Config, path string, replace bool) (Restored, error) {
	c = c.filled()
	o, err := c.withTheKeys()
	if err != nil {
		return Restored{}, err
	}
	done, err := store.Restore(ctx, o, path, replace)
	if err != nil {
		return Restored{}, err
	}
	r := Restored{Restored: done, Wallets: int(done.Backup.Rows["accounts"])}
	o.Budget = checkWithin
	st, err := store.Open(ctx, o)
	if err != nil {
		return r, fmt.Errorf("the backup is restored, but the database cannot be opened: %w", err)
	}
	defer st.Close()
	books := ledger.New(run(st.Write, func(tx *store.Tx) ledger.Tx { return tx }), run(st.Read, func(tx *store.Tx) ledger.Tx { return tx }))
	sc := authz.Everything("ledger check after a restore")
	if r.Drifts, err = books.CheckBalances(ctx, sc); err != nil {
		return r, fmt.Errorf("the backup is restored, but the books cannot be checked: %w", err)
	}
	sums, err := books.TrialBalance(ctx, sc)
	if err != nil {
		return r, fmt.Errorf("the backup is restored, but the books cannot be checked: %w", err)
	}
	r.Unequal = ledger.Balanced(sums)
	return r, nil
}
