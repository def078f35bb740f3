//go:build unix

package wire

import (
	"io"
	"syscall"
)

// descriptorProbe tries a read without waiting; false tells the runtime to wait
// until the descriptor is readable. The read must be tried first: readiness is
// announced once per arrival, and an announcement for bytes already taken may
// be the last.
func (in *input) descriptorProbe() func(fd uintptr) bool {
	return func(fd uintptr) bool {
		in.take()
		for {
			n, err := syscall.Read(int(fd), in.buf[in.w:])
			switch {
			case err == syscall.EINTR:
				continue
			case err == syscall.EAGAIN:
				if in.buffered() == 0 {
					in.release()
				}
				return false
			case err != nil:
				in.n, in.err = 0, err
			case n == 0:
				in.n, in.err = 0, io.EOF
			default:
				in.n = n
			}
			return true
		}
	}
}
