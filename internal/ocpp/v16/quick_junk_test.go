package v16

import (
	"testing"

	"ccms/internal/ocpp/junk"
)

// What the quick reader takes, it reads as the decoder does; the rest it leaves alone.
func TestJunk_QuickMeterValues(t *testing.T) {
	var seeds [][]byte
	for _, s := range append(usual, unusual...) {
		seeds = append(seeds, []byte(s))
	}
	src := junk.New(3, seeds...)
	taken := 0
	n := junk.Inputs()
	junk.Flat(t, n, func(int) {
		if agree(t, string(src.Next())) {
			taken++
		}
	})
	if taken < n/100 || taken > n*9/10 {
		t.Errorf("%d of %d were taken: the inputs say little", taken, n)
	}
}
