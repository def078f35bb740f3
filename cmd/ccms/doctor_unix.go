//go:build linux || darwin

package main

import (
	"errors"
	"math"
	"syscall"
)

func mayWrite(dir string) error {
	return syscall.Access(dir, 0o3) // W_OK and X_OK
}

func freeBytes(dir string) (uint64, error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return 0, err
	}
	return s.Bavail * uint64(s.Bsize), nil // what an ordinary user may take
}

// ownOpenFiles is the limit of this process. Go raises the soft limit to the hard one
// at the start of every program (package os), so the server gets the same.
func ownOpenFiles() (uint64, error) {
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		return 0, err
	}
	return min(l.Cur, math.MaxInt32), nil
}

func isTaken(err error) bool { return errors.Is(err, syscall.EADDRINUSE) }
