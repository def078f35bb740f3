package demo

import (
	"math/rand/v2"
	"time"

	"ccms/internal/asset"
)

// When people come: weights of the hours of a working day and of a day off, in local time.
var hours = map[kind][2][24]int{
	street: {
		{2, 1, 1, 1, 1, 2, 4, 7, 8, 7, 6, 6, 7, 7, 6, 6, 7, 9, 10, 9, 7, 5, 4, 3},
		{3, 2, 1, 1, 1, 1, 2, 3, 5, 7, 8, 9, 9, 8, 7, 7, 7, 8, 8, 8, 7, 6, 5, 4},
	},
	mall: {
		{0, 0, 0, 0, 0, 0, 0, 1, 3, 6, 8, 9, 10, 10, 8, 7, 8, 10, 11, 9, 6, 2, 0, 0},
		{0, 0, 0, 0, 0, 0, 0, 0, 2, 6, 10, 12, 12, 11, 10, 10, 10, 10, 9, 7, 4, 1, 0, 0},
	},
	office: {
		{0, 0, 0, 0, 0, 0, 2, 12, 16, 9, 3, 2, 3, 5, 4, 2, 1, 1, 0, 0, 0, 0, 0, 0},
		{0, 0, 0, 0, 0, 0, 0, 1, 2, 2, 2, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0},
	},
	hotel: {
		{1, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 3, 5, 7, 8, 9, 9, 8, 7, 5, 3, 2},
		{1, 0, 0, 0, 0, 0, 0, 1, 1, 1, 2, 3, 4, 5, 7, 8, 8, 8, 7, 6, 5, 4, 3, 2},
	},
	highway: {
		{2, 1, 1, 1, 1, 3, 6, 8, 8, 7, 7, 8, 9, 9, 8, 8, 9, 10, 10, 8, 6, 5, 4, 3},
		{2, 1, 1, 1, 1, 2, 3, 5, 8, 10, 11, 11, 10, 9, 9, 10, 11, 12, 11, 9, 7, 5, 4, 3},
	},
}

// Public holidays by month and day; in Chile and in Spain.
var holidays = map[string]map[[2]int]bool{
	chile: {{1, 1}: true, {5, 1}: true, {5, 21}: true, {7, 16}: true, {8, 15}: true, {9, 18}: true, {9, 19}: true, {10, 12}: true,
		{11, 1}: true, {12, 8}: true, {12, 25}: true},
	spain: {{1, 1}: true, {1, 6}: true, {5, 1}: true, {8, 15}: true, {10, 12}: true, {11, 1}: true, {12, 6}: true, {12, 8}: true, {12, 25}: true},
}

// dayOff reports whether the local day is one on which offices are empty.
func dayOff(local time.Time, zone string) bool {
	w := local.Weekday()
	return w == time.Saturday || w == time.Sunday || holidays[zone][[2]int{int(local.Month()), local.Day()}]
}

// demand is how many cars a connector gets on a day, in thousandths.
func demand(p *Point, off bool) int {
	dc := p.Type != asset.AC
	switch p.place.kind {
	case mall:
		return pick(dc, 1500, 900) * pick(off, 130, 100) / 100
	case office:
		return pick(off, 60, 950)
	case hotel:
		return pick(off, 900, 650)
	case highway:
		return pick(p.Type == asset.HPC, 1900, 1300) * pick(off, 150, 100) / 100
	}
	return pick(dc, 1400, 850)
}

func pick[T any](yes bool, a, b T) T {
	if yes {
		return a
	}
	return b
}

// growth is the trend of the year in thousandths: more cars each month, fewer in the
// holidays of the southern summer in town, more of them on the road.
func growth(p *Point, local time.Time, ago int) int {
	g := 1150 - ago*430/365
	if m := local.Month(); m == time.January || m == time.February {
		g = g * pick(p.place.kind == highway || p.place.kind == hotel, 120, 90) / 100
	}
	return g
}

// arrivals are the moments of a UTC day at which cars come to a connector.
func arrivals(rng *rand.Rand, p *Point, day time.Time, ago int, loc *time.Location) []time.Time {
	noon := day.Add(12 * time.Hour).In(loc)
	off := dayOff(noon, p.site.TimeZone)
	expected := demand(p, off) * growth(p, noon, ago) / 1540
	n := expected / 1000
	if rng.IntN(1000) < expected%1000 {
		n++
	}
	if n > 0 && rng.IntN(4) == 0 { // no two days are alike
		n += rng.IntN(3) - 1
	}
	weights := hours[p.place.kind][pick(off, 1, 0)]
	var sum int
	var at [24]int // by hour of the UTC day
	for h := range at {
		sum += weights[day.Add(time.Duration(h)*time.Hour).In(loc).Hour()]
		at[h] = sum
	}
	var out []time.Time
	for range n {
		x := rng.IntN(sum)
		h := 0
		for at[h] <= x {
			h++
		}
		out = append(out, day.Add(time.Duration(h)*time.Hour+time.Duration(rng.IntN(3600))*time.Second))
	}
	return out
}
