package main_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"ccms/internal/store/pgtest"
)

// smallDisk is a file system of its own, in memory.
func smallDisk(t *testing.T, megabytes int) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("a disk that is full needs a file system of its own, and only root may mount one: skipped")
	}
	dir, err := os.MkdirTemp("", "ccms-disk-") // short: a socket lies in it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Remove(dir) })
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%dm,mode=0777", megabytes)); err != nil {
		t.Skipf("a disk that is full needs a file system of its own, and mounting one is refused here (%v): skipped", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// fill leaves no room on a file system until empty is called.
func fill(t *testing.T, dir string) (empty func()) {
	t.Helper()
	name := filepath.Join(dir, "filler")
	f, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for size := 1 << 20; size >= 4096; {
		if _, err := f.Write(make([]byte, size)); errors.Is(err, syscall.ENOSPC) {
			size /= 2
		} else if err != nil {
			t.Fatal(err)
		}
	}
	return func() {
		if err := os.Remove(name); err != nil {
			t.Error(err)
		}
	}
}

// The disk fills up under load. What no longer fits is not acknowledged, the points are
// sent away, and when there is room again all goes on by itself.
func TestDiskFull_LosesNothingAcknowledged(t *testing.T) {
	t.Parallel()
	t.Run(onLite, func(t *testing.T) {
		t.Parallel()
		disk := smallDisk(t, 96)
		fillUnderLoad(t, setting{dir: disk}, nil, disk)
	})
	t.Run(onPG, func(t *testing.T) {
		t.Parallel()
		disk := smallDisk(t, 400)
		pg := pgtest.Start(t, pgtest.Options{Dir: disk})
		fillUnderLoad(t, onPostgres(t, pg), pg, disk)
	})
}

func fillUnderLoad(t *testing.T, s setting, pg *pgtest.Server, disk string) {
	const points = 20
	w := s.furnish(t, points)
	srv := s.start(t, "serve", "--addr", freePort(t))
	p := newProbe(t, srv.addr)
	l := w.atWork(t, srv.addr, calm, impatient)
	x := shows(t, diskFull, s, 1)
	l.inFull(t, points)
	begun, empty := time.Now(), fill(t, disk)
	p.wait(t, "the disk is full", takesNoWrite)
	if d := time.Since(begun); d < 5*time.Second || d > 20*time.Second {
		t.Errorf("the points were sent away after %s", d)
	}
	<-time.After(time.Until(begun.Add(awayFor)))
	empty()
	l.acks.forget()
	begun = time.Now()
	again := ""
	if pg != nil && !answers(t, s.url) {
		// Where PostgreSQL could not write its log it has ended itself; whoever runs it
		// starts it again, as after a crash.
		if err := errors.Join(pg.Kill(), pg.Restart()); err != nil {
			t.Fatal(err)
		}
		again = " after PostgreSQL had been started again"
	}
	l.answered(t, 1, "there is room again\n"+srv.stderr.String())
	x.back(t, time.Since(begun))
	x.Cells[colBack] += again
	l.answered(t, points, "there is room again\n"+srv.stderr.String())
	p.wait(t, "there is room again", ready)
	l.finish(t)
	l.sentAway(t, points)
	x.Cells[colSaid] = p.heard(t)
	srv.term(t)
	x.judge(t, w, s, l.acks)
	x.record(t)
}

// answers reports whether PostgreSQL lets anyone in within a few seconds.
func answers(t *testing.T, url string) bool {
	t.Helper()
	for range 10 {
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		c, err := pgx.Connect(ctx, url)
		if err == nil {
			c.Close(ctx)
		}
		cancel()
		if err == nil {
			return true
		}
		<-time.After(300 * time.Millisecond)
	}
	return false
}
