package app

import "testing"

func TestGarbageIsAFixedRoomAndAQuarter(t *testing.T) {
	t.Parallel()
	const mib = 1 << 20
	for _, row := range []struct {
		inUse, least, most uint64 // of garbage, in MiB
		why                string
	}{
		{0, 60, 70, "nothing was collected yet; Go takes its least heap as a base"},
		{8, 60, 70, "a small node"},
		{100, 85, 90, "ten thousand charge points: 64 and 25"},
		{1000, 310, 315, "a large one: mostly the quarter"},
	} {
		base := max(row.inUse, 4)
		have := base * uint64(percentFor(row.inUse*mib)) / 100
		if have < row.least || have > row.most {
			t.Errorf("%d MiB in use (%s): %d MiB of garbage", row.inUse, row.why, have)
		}
	}
}
