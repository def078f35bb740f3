package session

import "time"

// meterSilent is how long a charging session's meter may say nothing at least before
// somebody should know; a meter that reports seldom gets three of its intervals.
const meterSilent = 5 * time.Minute

// silentAfter is when the meter of the session counts as silent.
func (m *machine) silentAfter() time.Duration { return max(meterSilent, 3*m.gap()) }

// fallsSilent reports whether the timer that runs now is one of the first that find the
// meter silent. It comes again after each gap.
func (m *machine) fallsSilent() bool {
	quiet, after := m.silence(), m.silentAfter()
	return m.s.Phase == Charging && quiet >= after && quiet < after+2*m.gap()
}

// MeterSilent reports whether the session charges and its meter says nothing for longer
// than it should.
func (s *State) MeterSilent(now time.Time) bool {
	m := machine{Env: Env{Now: now}, s: *s}
	return s.Phase == Charging && m.silence() >= m.silentAfter()
}
