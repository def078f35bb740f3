package ocpp

import "sync/atomic"

// tally is a counter for what every frame of every charge point adds to: spread over
// cache lines, so that processors do not fetch it from each other each time.
type tally struct {
	cells [32]struct {
		n atomic.Int64
		_ [56]byte
	}
}

// add counts one more in a cell.
func (t *tally) add(cell uint8) { t.cells[int(cell)%len(t.cells)].n.Add(1) }

// Load is the sum.
func (t *tally) Load() (sum int64) {
	for i := range t.cells {
		sum += t.cells[i].n.Load()
	}
	return sum
}
