package session

import (
	"bytes"
	"slices"
	"time"

	"ccms/internal/ident"
)

// BILL-R16: of two sessions at once on a connector nobody knows what the cable of which
// took. The stop of the one that began first shows it; then both wait for a person.

// mostRivals is how many sessions a stop can put in doubt.
const mostRivals = 20

// overlaps reports whether the session, ended at end, went on in spite of another that had
// begun on its connector. Times that were corrected prove nothing; nor do those of sessions
// that were told one after the other, for a clock may have been set back.
func (s *State) overlaps(end time.Time) bool {
	rival := s.Inner.RivalAt
	return !rival.IsZero() && end.After(rival.Add(orderSlack)) && !s.Has(FlagClock) && !s.Has(FlagUntimed)
}

// Overlapped says that another session on the connector, which began before, ended after
// this one had begun.
type Overlapped struct{}

func (Overlapped) apply(m *machine) {
	s := &m.s
	if s.Has(FlagOverlap) || s.Has(FlagReviewed) || !s.Phase.Open() && s.Phase != Idle && s.Phase != Completed && s.Phase != Abnormal {
		return
	}
	s.flag(FlagOverlap)
	switch s.Phase {
	case Idle: // a doubtful bill does not wait for the unplug
		m.settle()
	case Completed: // what was taken stays until a person says otherwise
		s.Phase = Abnormal
		m.fact = "session.abnormal"
	}
}

// rivals are the sessions that began on the connector while st went on until end, in the
// order in which they are written.
func (s *Service) rivals(tx Tx, st State, end time.Time) ([]State, error) {
	if !st.overlaps(end) {
		return nil, nil
	}
	began, err := tx.SessionsBegan(st.Point, st.Connector, st.Inner.RivalAt, end.Add(-orderSlack), mostRivals)
	return slices.DeleteFunc(began, func(r State) bool { return r.ID == st.ID }), err
}

// lockPayers locks the accounts of all that a stop may settle, always in the same order:
// two stops at different points may mean the same two accounts.
func lockPayers(tx Tx, sessions ...State) error {
	var accounts []ident.Account
	for _, st := range sessions {
		if !st.Wallet.IsZero() {
			accounts = append(accounts, st.Wallet)
		}
	}
	slices.SortFunc(accounts, func(a, b ident.Account) int { return bytes.Compare(a.Bytes(), b.Bytes()) })
	for _, a := range slices.Compact(accounts) {
		if _, err := tx.LockAccount(a); err != nil {
			return err
		}
	}
	return nil
}
