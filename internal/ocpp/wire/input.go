package wire

import (
	"io"
	"net"
	"sync"
	"syscall"
)

// readSize takes a MeterValues of twelve samples in one read.
const readSize = 4 << 10

var readBuffers = sync.Pool{New: func() any { return new([readSize]byte) }}

// input is the unread part of the stream. It has a buffer only while bytes are
// waiting in it.
type input struct {
	conn  net.Conn
	raw   syscall.RawConn // nil: conn hides its descriptor, as TLS does
	probe func(fd uintptr) bool

	early []byte // came with the handshake
	buf   *[readSize]byte
	r, w  int // buf[r:w] is unread

	n       int   // of the last probe
	err     error // of the last probe
	scratch [32]byte
}

// open makes reads wait for the descriptor instead of inside a read, so that
// the buffer is taken only when there is something to put in it.
func (in *input) open(s syscall.Conn) {
	raw, err := s.SyscallConn()
	if err != nil {
		return
	}
	if probe := in.descriptorProbe(); probe != nil {
		in.raw, in.probe = raw, probe
	}
}

func (in *input) buffered() int { return in.w - in.r }

func (in *input) unread() []byte { return in.buf[in.r:in.w] }

func (in *input) skip(n int) {
	in.r += n
	if in.r == in.w {
		in.release()
	}
}

func (in *input) take() {
	if in.buf == nil {
		in.buf = readBuffers.Get().(*[readSize]byte)
		in.r, in.w = 0, 0
	}
}

func (in *input) release() {
	if in.buf != nil {
		readBuffers.Put(in.buf)
		in.buf = nil
	}
	in.r, in.w = 0, 0
}

// compact makes room behind the unread bytes.
func (in *input) compact() {
	if in.r > 0 {
		in.w = copy(in.buf[:], in.buf[in.r:in.w])
		in.r = 0
	}
}

// more waits for bytes and reads what there is. The buffer must not be full.
func (in *input) more() error {
	if len(in.early) > 0 {
		in.take()
		in.compact()
		n := copy(in.buf[in.w:], in.early)
		in.w += n
		if in.early = in.early[n:]; len(in.early) == 0 {
			in.early = nil
		}
		return nil
	}
	if in.raw != nil {
		if in.buf != nil {
			in.compact()
		}
		in.n, in.err = 0, nil
		if err := in.raw.Read(in.probe); err != nil {
			return err
		}
		return in.got(in.n, in.err)
	}
	if in.buf != nil {
		in.compact()
		return in.got(in.conn.Read(in.buf[in.w:]))
	}
	// Wait with a few bytes of our own; what follows is read with a buffer.
	n, err := in.conn.Read(in.scratch[:])
	if n > 0 {
		in.take()
		copy(in.buf[:], in.scratch[:n])
	}
	return in.got(n, err)
}

func (in *input) got(n int, err error) error {
	if n > 0 {
		in.w += n
		return nil // an error behind bytes comes again
	}
	if err == nil {
		err = io.ErrNoProgress
	}
	return err
}
