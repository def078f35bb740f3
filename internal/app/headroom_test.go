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

func TestMemoryGoesBackOnceItIsCalm(t *testing.T) {
	t.Parallel()
	const mib = 1 << 20
	var s slack
	for i, row := range []struct {
		allocated, free uint64
		want            bool
		why             string
	}{
		{500 * mib, 100 * mib, false, "a storm"},
		{700 * mib, 100 * mib, false, "it goes on"},
		{705 * mib, 100 * mib, true, "calm, and much is free"},
		{706 * mib, 5 * mib, false, "calm, and it was given back"},
		{900 * mib, 60 * mib, false, "busy again: it will be needed"},
	} {
		if have := s.due(row.allocated, row.free); have != row.want {
			t.Errorf("look %d (%s): %v", i, row.why, have)
		}
	}
}
