//go:build linux || darwin

package main

import (
	"fmt"
	"syscall"
)

// enoughFiles is an error where n sockets cannot be open at once. Go has raised the
// soft limit to the hard one when the program began.
func enoughFiles(n int) error {
	const spare = 50
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		return fmt.Errorf("the limit on open files: %w", err)
	}
	if l.Cur < uint64(n+spare) {
		return fmt.Errorf("%d points need %d open files and %d are allowed; raise it with ulimit -n %d", n, n+spare, l.Cur, n+spare)
	}
	return nil
}
