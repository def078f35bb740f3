package session

import "ccms/internal/unit"

// registerSlack is the step back that meters make by rounding (BILL-R1).
const registerSlack unit.Wh = 2

// advance counts a register reading into the session's energy. The filter is
// monotone: a step back of up to 2 Wh is ignored, a larger one starts a new
// segment of the meter and makes the session suspect (BILL-R1, behaviour 57).
func (s *State) advance(register unit.Wh) {
	switch d := register - s.Inner.Register; {
	case d >= 0:
		s.Energy += d
		s.Inner.Register = register
	case d >= -registerSlack:
		// the higher value stays the base, so that the Wh is not counted twice
	default:
		if !s.Suspect() {
			s.Inner.SafeCost = s.Cost.Minor
		}
		s.flag(FlagRegisterBack)
		s.Inner.Register = register
	}
}

// Cumulate is the same filter over a whole session: the cumulative energy at each
// register in time order, and whether the meter stepped back.
func Cumulate(start unit.Wh, registers []unit.Wh) (energy []unit.Wh, back bool) {
	s := State{Inner: Inner{Register: start}}
	energy = make([]unit.Wh, len(registers))
	for i, r := range registers {
		s.advance(r)
		energy[i] = s.Energy
	}
	return energy, s.Has(FlagRegisterBack)
}
