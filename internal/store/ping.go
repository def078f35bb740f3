package store

import (
	"context"
	"crypto/rand"

	"ccms/internal/authz"
)

var _ = table("test_writes", global, plain("id at filler"))

var (
	qPing      = stmt(`SELECT count(*) FROM cursors c WHERE c.name = '' {{unscoped is the database there}}`)
	qTestWrite = stmt(`INSERT INTO test_writes (id, at, filler) VALUES (1, ?, ?)
		ON CONFLICT (id) DO UPDATE SET at = excluded.at, filler = excluded.filler {{unscoped does the database take a write}}`)
)

// Ping asks the database something that costs nothing.
func (tx *Tx) Ping() error {
	_, err := scalar[int64](tx, qPing)
	return err
}

// testFiller is so large, and of bytes that do not compress, because a full disk still
// takes small writes: into pages that are there.
const testFiller = 64 << 10

// TestWrite writes a row that means nothing, the way every write goes; nil says that
// the database takes writes. ctx counts until the write has begun.
func (s *Store) TestWrite(ctx context.Context) error {
	filler := make([]byte, testFiller)
	_, _ = rand.Read(filler) // never fails
	return s.Write(ctx, authz.Everything("does the database take a write"), func(tx *Tx) error {
		_, err := tx.exec(qTestWrite, tx.now, filler)
		return err
	})
}
