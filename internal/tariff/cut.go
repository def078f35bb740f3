package tariff

import "time"

// forever is later than any cut.
var forever = time.Unix(1<<40, 0).UTC()

// span is a stretch of time in which the same components apply.
type span struct {
	from, to time.Time // [from, to)
	active   []int     // per layer the number of the component that applies, −1 for none
}

func (s *span) covers(t time.Time) bool {
	return s.active != nil && !t.Before(s.from) && t.Before(s.to)
}

// find fills s for basis b at t: inside each layer the first element that matches
// and prices b. It ends at the next band edge, local midnight (where weekdays count)
// or change of the zone's offset, whichever is first. Within one offset local time
// is UTC plus a constant, so a wall time that a change of the clock skips has no
// edge and one that it repeats has two: both passes match (ocpi/ocpi#534).
func (p *Plan) find(s *span, b Basis, t time.Time, loc *time.Location) {
	if s.active == nil {
		s.active = make([]int, len(p.Layers))
	}
	s.from, s.to = t, forever
	sod, day, zoned := 0, time.Sunday, false
	n := 0
	for i := range p.Layers {
		s.active[i] = -1
		for j := range p.Layers[i].Elements {
			e := &p.Layers[i].Elements[j]
			for k := range e.Components {
				if e.Components[k].Basis != b {
					continue
				}
				if !e.Cond.always() {
					if !zoned {
						sod, day, s.to = localTime(t, loc)
						zoned = true
					}
					s.until(t, sod, e.Cond)
				}
				if s.active[i] < 0 && (e.Cond.always() || e.Cond.holds(sod, day)) {
					s.active[i] = n + k
				}
				break
			}
			n += len(e.Components)
		}
	}
}

// localTime is the local second of the day and weekday of t, and when the zone's
// offset changes next.
func localTime(t time.Time, loc *time.Location) (sod int, day time.Weekday, change time.Time) {
	l := t.In(loc)
	h, m, sec := l.Clock()
	change = forever
	if _, end := l.ZoneBounds(); !end.IsZero() {
		change = end
	}
	return h*3600 + m*60 + sec, l.Weekday(), change
}

// until moves the end of s to the first edge of c after t.
func (s *span) until(t time.Time, sod int, c Cond) {
	edge := func(at Clock) {
		d := (int(at)*60 - sod) % 86400
		if d <= 0 {
			d += 86400
		}
		if x := time.Unix(t.Unix()+int64(d), 0).UTC(); x.Before(s.to) {
			s.to = x
		}
	}
	if c.From != c.To {
		edge(c.From)
		edge(c.To)
	}
	if c.Days != 0 && c.Days != everyDay {
		edge(0)
	}
}
