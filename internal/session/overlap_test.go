package session

import (
	"testing"
	"time"
)

// BILL-R16: whichever way the second stands when the first one's stop comes, it waits for a
// person, and a word of the same again changes nothing.
func TestBILL_R16_TheSecondInEveryPhase(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		was, next Phase
		flagged   bool
		fact      string
	}{
		{Charging, Charging, true, ""},
		{OfflineRunning, OfflineRunning, true, ""},
		{Idle, Abnormal, true, "session.abnormal"},
		{Completed, Abnormal, true, "session.abnormal"},
		{Abnormal, Abnormal, true, ""},
		{Starting, Starting, false, ""},
		{Rejected, Rejected, false, ""},
		{FailedToStart, FailedToStart, false, ""},
	} {
		st := State{Phase: c.was, StartedAt: now.Add(-time.Hour), EndedAt: now, MeterStop: 100}
		st.RealStop = c.was == Idle || c.was == Completed || c.was == Abnormal
		out := Apply(st, Overlapped{}, Env{Now: now})
		if out.Next.Phase != c.next || out.Next.Has(FlagOverlap) != c.flagged || out.Fact != c.fact {
			t.Errorf("%s becomes %s with %v, and %q is told", c.was, out.Next.Phase, out.Next.Flags, out.Fact)
		}
		if again := Apply(out.Next, Overlapped{}, Env{Now: now}); again.Fact != "" || again.Next.Phase != c.next {
			t.Errorf("%s, told again: %+v", c.was, again)
		}
	}
}
