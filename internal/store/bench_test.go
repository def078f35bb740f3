package store_test

import (
	"context"
	"encoding/binary"
	"sync/atomic"
	"testing"

	"ccms/internal/authz"
	"ccms/internal/ident"
	"ccms/internal/store"
)

// BenchmarkWrite is one inserted row per call, from as many goroutines as stations
// that report at once.
func BenchmarkWrite(b *testing.B) {
	for _, engine := range []string{"SQLite", "PostgreSQL"} {
		b.Run(engine, func(b *testing.B) {
			st := opener(engine)(b, nil)
			op := newOperator()
			sc := authz.ForSystem(op, "bench")
			var n atomic.Uint64
			b.SetParallelism(50)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					id := binary.BigEndian.AppendUint64(nil, n.Add(1))
					err := st.Write(context.Background(), sc, func(tx *store.Tx) error {
						return tx.Add("test_own", id, op, ident.SubOperator{}, 1)
					})
					if err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}
