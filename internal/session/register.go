package session

import (
	"time"

	"ccms/internal/asset"
	"ccms/internal/tariff"
	"ccms/internal/unit"
)

// A register has more than one source: the start and the stop tell it, and so do the
// meter values between them. Charge points need not mean the same register in both, nor
// the same one at the start and at the end. What follows tells them apart before
// anything is billed (BILL-R1, R2, R18; behaviours 54, 56 to 60).

const (
	registerSlack unit.Wh = 2      // the step back that meters make by rounding (BILL-R1)
	baseSlack     unit.Wh = 100    // a start below the last register by more is suspect (BILL-R18)
	totalSlack    unit.Wh = 500    // of a whole session (BILL-R2)
	stepSlack     unit.Wh = 2000   // of one step: there are registers in whole kWh
	wholeKWh      unit.Wh = 1000   // what a register in whole kWh may be off
	unitLeast     unit.Wh = 10_000 // from here on a register in Wh and one in kWh are told apart
)

// What a connector gives at most where nobody has said: more than AC boxes and most of
// the others do.
const (
	unknownAC unit.W = 44_000
	unknownDC unit.W = 400_000
)

// leastPower is below any connector there is; what is less was typed in kilowatts, and
// tells as little as nothing.
const leastPower unit.W = 1000

const (
	// untimedSpan is how long a session may have lasted whose times nobody knows.
	untimedSpan = 24 * time.Hour
	longest     = 366 * 24 * time.Hour // beyond, nothing is implausible for its time
)

// most is what the connector can have given within d (BILL-R2): rated current times
// phases times 253 V, which is the rated power times 253/230, or of direct current the
// nameplate times 1.05; and a tenth more. Where the times were corrected they are only
// as close as their neighbours.
func (s *State) most(d time.Duration) unit.Wh {
	switch {
	case s.Has(FlagUntimed):
		d = max(d, untimedSpan)
	case s.Has(FlagClock):
		d = max(d, 0) + neighbours
	}
	power, margin := s.MaxPower, int64(1210)
	if s.Inner.Direct {
		margin = 1155
	}
	switch {
	case power >= leastPower:
	case s.Inner.Direct:
		power = unknownDC
	default:
		power = unknownAC
	}
	seconds := int64(min(max(d, 0), longest)/time.Second) + 1
	return unit.Wh(int64(power) * margin / 1000 * seconds / 3600)
}

// advance counts a register reading into the session's energy. The filter is monotone:
// a step back of up to 2 Wh is ignored, a larger one starts a new stretch of the meter
// and makes the session suspect (BILL-R1, behaviour 57). So does a step that the
// connector cannot have given; it is not counted (BILL-R2, behaviour 58).
//
// The first meter value may be of another register than the start's (behaviour 56):
// then the two go apart, and the stop shows whose they were. last marks the stop.
func (s *State) advance(r Register, last bool) {
	in := &s.Inner
	first, since := in.LastAt.IsZero(), in.LastAt
	if first {
		since = s.StartedAt
	}
	if first && s.Has(FlagMeterBase) && r.Value >= in.Before-baseSlack {
		in.Apart, in.Register = true, r.Value // the start did not tell this register: count from here
		return
	}
	slack := registerSlack
	if in.Swapped {
		slack = wholeKWh
	}
	d, most := r.Value-in.Register, s.most(r.At.Sub(since))+stepSlack
	switch {
	case d >= 0 && d <= most:
		s.Energy += d
		in.Register = r.Value
	case d < 0 && d >= -slack:
		// the higher value stays the base, so that the Wh is not counted twice
	case first && !last:
		in.Apart = true
		if r.Value <= most { // it began with the session
			s.Energy += r.Value
		}
		in.Register = r.Value
	case d > 0:
		s.wrong(FlagImplausible)
		in.Register = r.Value
	default:
		s.wrong(FlagRegisterBack)
		in.Register = r.Value
	}
}

// wrong flags a session whose energy is not certain any more; what it cost until then is
// what may be taken without a person.
func (s *State) wrong(f Flag) {
	if !s.misread() {
		s.Inner.SafeCost = s.Cost.Minor
	}
	s.flag(f)
}

// misread reports whether the register went wrong in the course of the session.
func (s *State) misread() bool {
	return s.Has(FlagRegisterBack) || s.Has(FlagMeterBelow) || s.Has(FlagImplausible) || s.Has(FlagRegisters)
}

// swapped reports whether a sample's register is in the other unit than it says, kWh
// labelled Wh or the other way round (behaviour 54). The first value after a start shows
// it: only one of the two follows the start's register. Later ones are as that was.
func (s *State) swapped(m *Sample) bool {
	in := &s.Inner
	if m.Has&HasEnergy == 0 || m.Swapped == 0 || !in.LastAt.IsZero() || s.MeterStart < unitLeast || s.Has(FlagMeterBase) {
		return in.Swapped
	}
	follows := func(v unit.Wh) bool {
		d := v - s.MeterStart
		return d >= -wholeKWh && d <= s.most(m.At.Sub(s.StartedAt))+stepSlack
	}
	if as, other := follows(m.Energy), follows(m.Swapped); as != other {
		return other
	}
	return in.Swapped
}

// inUnit gives the sample its register in the unit that it is really in.
func (m *Sample) inUnit(swapped bool) {
	if swapped && m.Has&HasEnergy != 0 && m.Swapped != 0 {
		m.Energy = m.Swapped
	}
	m.Swapped = 0
}

// base judges the register of a start by what is known of the connector (BILL-R18): one
// below the last, or zero after one that was not, is suspect, unless the connector's
// meter was learned to begin again with each session.
func (s *State) base(k asset.Meter) {
	s.Inner.Swapped = k.Swapped
	if k.At.IsZero() || s.Has(FlagUntimed) {
		return
	}
	if s.StartedAt.Before(k.At.Add(-orderSlack)) {
		return // told late, or a clock was set back: what the register was then is not known
	}
	if s.MeterStart < k.Register-baseSlack || s.MeterStart == 0 && k.Register > 0 {
		s.Inner.Before = k.Register
		if !k.PerSession() {
			s.flag(FlagMeterBase)
		}
	}
}

// counted is a session counted again from its readings.
type counted struct {
	State
	points []tariff.Point
	// restarted: the register of starts and stops began again with this session, or a
	// little before.
	restarted bool
	otherUnit bool // the meter values are in the other unit than they were taken to be
}

// count counts the session's energy from its readings up to the end, in time order, and
// from its stop, if it had one that told its register.
func (s *State) count(regs []Register) counted {
	c := counted{State: State{StartedAt: s.StartedAt, EndedAt: s.EndedAt, MeterStart: s.MeterStart, MeterStop: s.MeterStop, MaxPower: s.MaxPower}}
	c.Inner = Inner{Register: s.MeterStart, Direct: s.Inner.Direct, Swapped: s.Inner.Swapped, Before: s.Inner.Before}
	for _, f := range []Flag{FlagClock, FlagUntimed} {
		if s.Has(f) {
			c.flag(f)
		}
	}
	// What the count before this one made of the flag is no reason to count otherwise.
	base := s.Inner.Base
	if !s.RealStop {
		base = s.Has(FlagMeterBase)
	}
	if base {
		c.flag(FlagMeterBase)
	}
	c.points = make([]tariff.Point, 0, len(regs)+1)
	first := unit.Wh(-1) // of the register that starts and stops tell
	for _, r := range regs {
		c.advance(r, false)
		c.Inner.LastAt = r.At
		c.points = append(c.points, tariff.Point{At: r.At, Energy: c.Energy})
		if first < 0 && !c.Inner.Apart {
			first = r.Value
		}
	}
	if s.RealStop && !s.Has(FlagMissingEnergy) {
		if c.Inner.Apart {
			c.reconcile(regs[0])
		} else {
			c.advance(Register{s.EndedAt, s.MeterStop}, true)
		}
		c.points = append(c.points, tariff.Point{At: s.EndedAt, Energy: c.Energy})
		if first < 0 && !c.Inner.Apart {
			first = s.MeterStop
		}
	}
	if base && first > 0 && first < s.Inner.Before-baseSlack {
		c.restarted = true
	}
	return c
}

// reconcile settles what a session is worth whose meter values are of another register
// than its start. Either the stop is of the start's register: then the two should agree,
// and the whole difference counts. Or it goes on from the last meter value: then it was
// the start that told something else (BILL-R18). Where neither holds, the lower counts
// and a person decides.
func (c *counted) reconcile(first Register) {
	by, lasted := c.MeterStop-c.MeterStart, c.EndedAt.Sub(c.StartedAt)
	fits := by >= -registerSlack && by <= c.most(lasted)+totalSlack
	by = max(by, 0)
	gaps := c.EndedAt.Sub(c.Inner.LastAt)
	if c.points[0].Energy != first.Value { // what flowed before it is not in it
		gaps += first.At.Sub(c.StartedAt)
	}
	unseen := c.most(gaps)
	agrees := func(e unit.Wh) bool {
		slack := totalSlack + e/100
		return by >= e-slack && by <= e+unseen+slack
	}
	to := func(e, times unit.Wh) {
		for i := range c.points {
			c.points[i].Energy = min(c.points[i].Energy*times, e)
		}
		c.Energy = e
	}
	more := c.MeterStop - c.Inner.Register
	goesOn := more >= -registerSlack && more <= c.most(c.EndedAt.Sub(c.Inner.LastAt))+stepSlack
	switch {
	case fits && agrees(c.Energy) && !(goesOn && c.Has(FlagMeterBase)):
		c.restarted = c.Has(FlagMeterBase)
		to(by, 1)
	case fits && c.Energy > 0 && c.Energy <= by && agrees(c.Energy*1000):
		c.otherUnit = true
		to(by, 1000)
	case goesOn:
		c.Energy += max(more, 0)
		c.flag(FlagMeterBase)
	default:
		c.flag(FlagRegisters)
		if c.MeterStop < c.MeterStart-registerSlack {
			c.flag(FlagRegisterBack)
		}
		if fits {
			to(min(by, c.Energy), 1)
		}
	}
}
