package app

import (
	"context"
	"path/filepath"

	"ccms/internal/store"
)

// Files says where a node of this configuration keeps its keys and, unless it is on
// PostgreSQL, its database.
func (c Config) Files() (keys, database string) {
	c = c.filled()
	if !c.postgres() {
		database = filepath.Join(c.DataDir, "ccms.db")
	}
	return c.KeyFile, database
}

// Survey asks the database about itself. It changes nothing, makes no file and works
// beside a running node. keys may be nil.
func Survey(ctx context.Context, c Config, keys *store.Keys) (store.Survey, error) {
	o := store.Options{URL: c.DatabaseURL, Keys: keys}
	if _, database := c.Files(); database != "" {
		o.URL = database
	}
	return store.Examine(ctx, o)
}
