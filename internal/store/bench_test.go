package store_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"ccms/internal/authz"
	"ccms/internal/ident"
	"ccms/internal/session"
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

// BenchmarkMeterValues is a meter value with its report per call, each of 200 points
// on its own session.
func BenchmarkMeterValues(b *testing.B) {
	for _, engine := range []string{"SQLite", "PostgreSQL"} {
		b.Run(engine, func(b *testing.B) {
			const points = 200
			st := opener(engine)(b, nil)
			op := newOperator()
			sc := authz.ForSystem(op, "bench")
			states := runningSessions(b, st, op, points)
			raw := bytes.Repeat([]byte(`{"value":"230.0","measurand":"Voltage","unit":"V"}`), 25)
			step := func(s *session.State) {
				m := metered(*s, 3, 0, 1)
				m.Raw.Raw = raw
				if err := st.Write(context.Background(), sc, func(tx *store.Tx) error { return measure(tx, m) }); err != nil {
					b.Error(err)
				}
				*s = *m.State
				s.Rev++
			}
			for i := range states { // statements are prepared, keys read
				step(&states[i])
			}
			b.ReportAllocs()
			b.ResetTimer()
			cpu := cpuOfTree(b, os.Getpid())
			var wg sync.WaitGroup
			for i := range states {
				wg.Go(func() {
					for k := i; k < b.N; k += points {
						step(&states[i])
					}
				})
			}
			wg.Wait()
			b.ReportMetric(float64((cpuOfTree(b, os.Getpid())-cpu).Microseconds())/float64(b.N), "cpu-µs/op")
		})
	}
}

// cpuOfTree is the processor time of a process and of those that it started.
func cpuOfTree(b *testing.B, pid int) time.Duration {
	b.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0 // it has ended
	}
	f := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	user, _ := strconv.Atoi(f[11])
	system, _ := strconv.Atoi(f[12])
	sum := time.Duration(user+system) * 10 * time.Millisecond // USER_HZ is 100 (proc(5))
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, t := range tasks {
		children, _ := os.ReadFile(t)
		for _, c := range strings.Fields(string(children)) {
			n, _ := strconv.Atoi(c)
			sum += cpuOfTree(b, n)
		}
	}
	return sum
}
