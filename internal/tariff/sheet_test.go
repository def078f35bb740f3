package tariff

import (
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"ccms/internal/money"
	"ccms/internal/unit"
)

// A sheet remembers what it found last. Sessions of all times and in any order, several
// at once, get the price that a sheet of their own gives.
func TestASheetIsSharedByManySessions(t *testing.T) {
	t.Parallel()
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 11))
		loc := zone(t, zones[r.IntN(len(zones))])
		p := anyPlan(r)
		if p.Validate() != nil {
			continue
		}
		type session struct {
			u    Usage
			want money.Amount
		}
		var all []session
		for range 12 {
			u := anyUsage(r, loc)
			b := mustRate(t, p, u, loc)
			all = append(all, session{u, b.Total})
		}
		s := NewSheet(&p, loc)
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				runs, paths := make([]Running, len(all)), make([][]Point, len(all))
				longest := 0
				for i := range all {
					paths[i], _ = all[i].u.path()
					runs[i] = Begin(paths[i][0].At)
					longest = max(longest, len(paths[i]))
				}
				for k := 1; k < longest; k++ { // a point of each in turn
					for i := range all {
						if k < len(paths[i]) {
							runs[i] = runs[i].Add(s, paths[i][k])
						}
					}
				}
				for i := range all {
					if c, err := runs[i].Cost(s, all[i].u.Idle); err != nil || c != all[i].want {
						t.Errorf("seed %d: session %d costs %v %v, its bill is %v", seed, i, c, err, all[i].want)
					}
				}
			})
		}
		wg.Wait()
	}
}

// The reserve is that of the dearest prices found by asking for every quarter of an
// hour, at which bands change, and is the same whatever was asked before.
func TestReserveIsTheDearestOfEveryInstantAhead(t *testing.T) {
	t.Parallel()
	checked := 0
	for seed := range uint64(400) {
		r := rand.New(rand.NewPCG(seed, 13))
		loc := zone(t, zones[r.IntN(len(zones))])
		p := anyPlan(r)
		if p.Validate() != nil {
			continue
		}
		shared := NewSheet(&p, loc)
		for range 10 {
			checked++
			at := anyUsage(r, loc).Start
			d := time.Duration(1+r.IntN(5*3600)) * time.Second
			power := unit.W(r.IntN(200_000))
			got, err := shared.Reserve(power, d, at)
			if err != nil {
				t.Fatal(err)
			}
			if want := naiveReserve(t, &p, power, d, at, loc); got != want {
				t.Fatalf("seed %d: %v at %v for %v: %v, want %v", seed, power, at, d, got, want)
			}
		}
	}
	if checked < 1000 {
		t.Errorf("only %d were checked", checked)
	}
}

func naiveReserve(t *testing.T, p *Plan, power unit.W, d time.Duration, at time.Time, loc *time.Location) money.Amount {
	t.Helper()
	s := NewSheet(p, loc)
	m := meter{sheet: s, q: make([]int64, len(s.rows))}
	seconds := int64(d / time.Second)
	ahead := func(b dim, n int64, until time.Time) {
		top := map[int]int{}
		look := func(x time.Time) {
			for layer, c := range s.find(b, x, nil).active {
				if c < 0 {
					continue
				}
				if was, ok := top[layer]; !ok || s.gross(c) > s.gross(was) {
					top[layer] = c
				}
			}
		}
		look(at)
		for x := at.Truncate(15 * time.Minute).Add(15 * time.Minute); x.Before(until); x = x.Add(15 * time.Minute) {
			look(x)
		}
		for _, c := range top {
			m.q[c] += n
		}
	}
	ahead(energyDim, (int64(power)*seconds+3599)/3600, at.Add(d))
	ahead(timeDim, seconds, at.Add(d))
	ahead(idleDim, 60, at.Add(d+p.IdleFee.Grace+time.Minute))
	b, err := m.bill(false, nil)
	if err != nil {
		t.Fatal(err)
	}
	return b.Total
}

func TestTheRunningPriceAllocatesNextToNothing(t *testing.T) {
	p, err := guide().Plan()
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	s, r := NewSheet(&p, zone(t, "Europe/Paris")), Begin(at)
	n := testing.AllocsPerRun(100, func() {
		at = at.Add(time.Second)
		r = r.Add(s, Point{At: at, Energy: r.Energy() + 3})
		if _, err := r.Cost(s, nil); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Reserve(22_000, time.Minute, at); err != nil {
			t.Fatal(err)
		}
	})
	if n > 1 {
		t.Errorf("%v allocations a sample, want the sums alone", n)
	}
}
