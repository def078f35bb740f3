package wire

import "sync"

// readSize takes a MeterValues of twelve samples in one read.
const readSize = 4 << 10

var readBuffers = sync.Pool{New: func() any { return new([readSize]byte) }}

// input is the unread part of the stream. It has a buffer only while bytes are
// waiting in it.
type input struct {
	buf  *[readSize]byte
	r, w int // buf[r:w] is unread
}

func (in *input) buffered() int { return in.w - in.r }

func (in *input) unread() []byte {
	if in.buf == nil {
		return nil
	}
	return in.buf[in.r:in.w]
}

func (in *input) skip(n int) { in.r += n }

// room is where the next bytes go; what is unread moves to the front. It is never
// empty: the parser leaves less than a control frame.
func (in *input) room() []byte {
	if in.buf == nil {
		in.buf = readBuffers.Get().(*[readSize]byte)
	}
	if in.r > 0 {
		in.w = copy(in.buf[:], in.buf[in.r:in.w])
		in.r = 0
	}
	return in.buf[in.w:]
}

// rest gives the buffer back if nothing waits in it.
func (in *input) rest() {
	if in.r == in.w {
		in.release()
	}
}

func (in *input) release() {
	if in.buf != nil {
		readBuffers.Put(in.buf)
	}
	*in = input{}
}
