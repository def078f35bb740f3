package report

import (
	"cmp"
	"slices"
	"time"

	"ccms/internal/ident"
	"ccms/internal/unit"
)

// Drawing is what a running session's meter said last.
type Drawing struct {
	Session    ident.Session
	Operator   ident.Operator
	Sub        ident.SubOperator
	Site       ident.Site
	SiteName   string
	Contracted unit.W // of the site
	ACDC       ACDC
	Power      unit.W // negative: into the grid
	Measured   bool   // the meter tells its power at all
	At         time.Time
	Interval   time.Duration // between its samples
}

// Fresh reports whether the value counts now: it is not older than two samples
// (HOME-R3).
func (d Drawing) Fresh(now time.Time) bool {
	return d.Measured && !d.At.IsZero() && !now.After(d.At.Add(2*d.Interval))
}

// Draw is what sessions draw together.
type Draw struct {
	Power   unit.W
	Running int // sessions
	Stale   int // of them, those whose last value is too old to count, or that have none
}

// above is the higher of a peak and what is drawn now: the slot that has begun is in no
// curve yet, and a day's highest must not stand below now.
func (d Draw) above(peak Slot, now time.Time) Slot {
	best, ok := peak.Mean()
	if d.Running == d.Stale || ok && d.Power <= best {
		return peak
	}
	return Slot{At: now, Watts: int64(d.Power), Looks: 1}
}

func (d *Draw) add(x Drawing, now time.Time) {
	d.Running++
	if x.Fresh(now) {
		d.Power += x.Power
	} else {
		d.Stale++
	}
}

// SiteDraw is what one site draws.
type SiteDraw struct {
	Site       ident.Site
	Name       string
	Contracted unit.W // 0: nobody has said
	Draw
}

// Contract is what the grid gives to sites that are in use or have a session running.
type Contract struct {
	Power unit.W // of those of which it is known
	Known int64  // sites
	Sites int64  // all
}

// Share is which part of it is drawn; unknown where a site may draw what nobody has said.
func (c Contract) Share(drawn unit.W) (unit.Permille, bool) {
	if c.Known < c.Sites {
		return 0, false
	}
	return Percent(int64(drawn), int64(c.Power))
}

// FoldPower sums what is drawn now, and by site, the strongest first.
func FoldPower(all []Drawing, now time.Time) (Draw, []SiteDraw) {
	var sum Draw
	by := map[ident.Site]*SiteDraw{}
	var sites []*SiteDraw
	for _, x := range all {
		sum.add(x, now)
		s := by[x.Site]
		if s == nil {
			s = &SiteDraw{Site: x.Site, Name: x.SiteName, Contracted: x.Contracted}
			by[x.Site] = s
			sites = append(sites, s)
		}
		s.add(x, now)
	}
	slices.SortStableFunc(sites, func(a, b *SiteDraw) int {
		return cmp.Or(cmp.Compare(abs(b.Power), abs(a.Power)), cmp.Compare(b.Running, a.Running), cmp.Compare(a.Site.String(), b.Site.String()))
	})
	out := make([]SiteDraw, len(sites))
	for i, s := range sites {
		out[i] = *s
	}
	return sum, out
}

func abs(w unit.W) unit.W {
	if w < 0 {
		return -w
	}
	return w
}

// SlotLength is how long a slot of the power's curve is.
const SlotLength = 5 * time.Minute

// SlotOf is the slot of an instant.
func SlotOf(at time.Time) time.Time { return at.UTC().Truncate(SlotLength) }

// Look is a part of a slot: the watts of all looks at it, and how many looks there
// were. The row of no site counts them, so that a site that drew nothing is told from
// a server that did not look.
type Look struct {
	Operator ident.Operator
	Sub      ident.SubOperator
	At       time.Time // of the slot
	Site     ident.Site
	ACDC     ACDC
	Watts    int64
	Looks    int64
}

// LookAt makes one look at what is drawn. owners are all who have sites.
func LookAt(all []Drawing, owners []Owner, now time.Time) []Look {
	type key struct {
		op   ident.Operator
		sub  ident.SubOperator
		site ident.Site
		acdc ACDC
	}
	at := SlotOf(now)
	var out []Look
	found := map[key]int{}
	for _, o := range owners {
		out = append(out, Look{Operator: o.Operator, Sub: o.Sub, At: at, Looks: 1})
	}
	for _, x := range all {
		if !x.Fresh(now) {
			continue
		}
		k := key{x.Operator, x.Sub, x.Site, x.ACDC}
		i, ok := found[k]
		if !ok {
			i = len(out)
			found[k] = i
			out = append(out, Look{Operator: x.Operator, Sub: x.Sub, At: at, Site: x.Site, ACDC: x.ACDC, Looks: 1})
		}
		out[i].Watts += int64(x.Power)
	}
	return out
}

// Slot is a point of the curve.
type Slot struct {
	At    time.Time
	Watts int64 // of all looks
	Looks int64 // none: nobody looked
}

// Mean is the power in the slot; false where nobody looked.
func (s Slot) Mean() (unit.W, bool) {
	if s.Looks == 0 {
		return 0, false
	}
	return unit.W(divide(s.Watts, s.Looks)), true
}

// Curve fills the time between two instants with slots, gaps as gaps, and finds the
// highest mean since an instant.
func Curve(slots []Slot, from, to, since time.Time) (curve []Slot, peak Slot) {
	have := map[time.Time]Slot{}
	for _, s := range slots {
		have[s.At] = s
	}
	best := unit.W(0)
	for at := SlotOf(from); at.Before(to); at = at.Add(SlotLength) {
		s, ok := have[at]
		if !ok {
			s = Slot{At: at}
		}
		curve = append(curve, s)
		if w, ok := s.Mean(); ok && !at.Before(since) && (peak.Looks == 0 || w > best) {
			peak, best = s, w
		}
	}
	return curve, peak
}

// Metered is a sample of a past session, for curves of the time before this server
// looked.
type Metered struct {
	Session ident.Session
	Sub     ident.SubOperator
	Site    ident.Site
	ACDC    ACDC
	At      time.Time
	Power   unit.W
}

// Spread turns samples, by session and time, into looks: a value holds until the next
// sample of its session, at most for longest, and gives each slot its share. The sums
// are watt-seconds, and a slot has as many looks as seconds.
func Spread(op ident.Operator, samples []Metered, longest time.Duration) []Look {
	type key struct {
		sub  ident.SubOperator
		site ident.Site
		acdc ACDC
		at   time.Time
	}
	sums := map[key]int64{}
	var order []key
	for i := 0; i+1 < len(samples); i++ {
		a, b := samples[i], samples[i+1]
		if a.Session != b.Session {
			continue
		}
		end := b.At
		if most := a.At.Add(longest); end.After(most) {
			end = most
		}
		for at := a.At; at.Before(end); {
			slot := SlotOf(at)
			until := slot.Add(SlotLength)
			if end.Before(until) {
				until = end
			}
			k := key{a.Sub, a.Site, a.ACDC, slot}
			if _, ok := sums[k]; !ok {
				order = append(order, k)
			}
			sums[k] += int64(a.Power) * int64(until.Sub(at)/time.Second)
			at = until
		}
	}
	out := make([]Look, len(order))
	for i, k := range order {
		out[i] = Look{Operator: op, Sub: k.sub, At: k.at, Site: k.site, ACDC: k.acdc, Watts: sums[k] / int64(SlotLength/time.Second), Looks: 1}
	}
	return out
}
