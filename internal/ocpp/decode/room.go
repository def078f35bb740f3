package decode

import "unsafe"

// What is read of a payload must not cost much more than the payload: an element of a
// list may take two bytes there, {}, and a hundred times that here. So the lists and
// objects of a payload have a budget; with what its texts take it comes to four times the
// payload, and Floor for those that are short.
const (
	Floor = 16 << 10
	worth = 2 // of a byte of the payload, in bytes of lists and objects
)

// take spends room for n values of a size, or as many of them as there is room for.
func (r *Reader) take(n int, size uintptr) int {
	each := max(1, int(size)+int(size)/8) // allocations are rounded up
	n = max(0, min(n, r.left/each))
	r.left -= n * each
	return n
}

// Room is an empty list for n values, or for as many as there is room for.
func Room[T any](r *Reader, n int) []T {
	var x T
	return make([]T, 0, r.take(n, unsafe.Sizeof(x)))
}

// Append appends a value to a list of the payload. What there is no room for is left
// out, with a flaw.
func Append[T any](r *Reader, list []T, x T) []T {
	if len(list) < cap(list) {
		return append(list, x)
	}
	n := r.take(max(1, 2*cap(list)), unsafe.Sizeof(x))
	if n <= len(list) {
		r.Flaw(TooMany)
		return list
	}
	grown := make([]T, len(list), n)
	copy(grown, list)
	return append(grown, x)
}

// New is an object of the payload, which follows. Nil: there is no room, and it was
// skipped.
func New[T any](r *Reader) *T {
	var x T
	if r.take(1, unsafe.Sizeof(x)) == 0 {
		r.Flaw(TooMany)
		r.skip()
		return nil
	}
	return new(T)
}
