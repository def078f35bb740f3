package csmstest

import (
	"fmt"
	"slices"
	"strings"

	"ccms/internal/authz"
	"ccms/internal/ident"
	"ccms/internal/operator"
	"ccms/internal/session"
	"ccms/internal/unit"
	"ccms/internal/upkeep"
)

// Session is what the tests look at.
type Session struct {
	session.Row
	world *World
}

// Session finds a session by its transactionId.
func (w *World) Session(number int64) *Session {
	w.Helper()
	l, err := w.App.Sessions.List(w.Context(), w.Scope, session.Filter{OCPPID: number}, operator.Page{})
	w.OK(err)
	if len(l.Items) != 1 {
		w.Fatalf("%d sessions have the number %d", len(l.Items), number)
	}
	return &Session{l.Items[0], w}
}

// SessionByID reads a session.
func (w *World) SessionByID(id ident.Session) *Session {
	w.Helper()
	r, err := w.App.Sessions.Get(w.Context(), w.Scope, id)
	w.OK(err)
	return &Session{r, w}
}

// Sessions are those of the point, the oldest first.
func (p *Point) Sessions() (out []*Session) {
	p.Helper()
	l, err := p.App.Sessions.List(p.Context(), p.Scope, session.Filter{Point: p.ID}, operator.Page{Limit: operator.MaxLimit})
	p.OK(err)
	if l.Next != "" {
		p.Fatal("more sessions than one page holds")
	}
	for _, r := range slices.Backward(l.Items) {
		out = append(out, &Session{r, p.World})
	}
	return out
}

// Only is the point's only session.
func (p *Point) Only() *Session {
	p.Helper()
	all := p.Sessions()
	if len(all) != 1 {
		p.Fatalf("the point has %d sessions, want 1: %v", len(all), all)
	}
	return all[0]
}

// Attempts are the tries to start at the point, the oldest first.
func (p *Point) Attempts() []session.AttemptRow {
	p.Helper()
	l, err := p.App.Sessions.Attempts(p.Context(), p.Scope, session.AttemptFilter{Point: p.ID}, operator.Page{Limit: operator.MaxLimit})
	p.OK(err)
	slices.Reverse(l.Items)
	return l.Items
}

// Is fails the test unless the session has this phase and record state.
func (s *Session) Is(p session.Phase, record string) *Session {
	s.world.Helper()
	if s.Phase != p || string(s.RecordState()) != record {
		s.world.Errorf("session %d is %s, %s; want %s, %s (flags %v)", s.OCPPID, s.Phase, s.RecordState(), p, record, s.Flags)
	}
	return s
}

// Delivered fails the test unless the session has this energy.
func (s *Session) Delivered(e unit.Wh) *Session {
	s.world.Helper()
	if s.Energy != e {
		s.world.Errorf("session %d has %d Wh, want %d", s.OCPPID, s.Energy, e)
	}
	return s
}

// Total fails the test unless the bill comes to this; "" means no bill.
func (s *Session) Total(amount string) *Session {
	s.world.Helper()
	got := ""
	if s.Bill != nil {
		got = s.Bill.Total.Decimal()
	}
	if got != amount {
		s.world.Errorf("the bill of session %d comes to %q, want %q", s.OCPPID, got, amount)
	}
	return s
}

// Lines fails the test unless these are the bill's lines: "ELECTRICITY=5.53 SERVICE=1.84".
func (s *Session) Lines(want string) *Session {
	s.world.Helper()
	var got []string
	if s.Bill != nil {
		for _, l := range s.Bill.Lines {
			got = append(got, string(l.Kind)+"="+l.Amount.Decimal())
		}
	}
	if g := strings.Join(got, " "); g != want {
		s.world.Errorf("the lines of session %d are %q, want %q", s.OCPPID, g, want)
	}
	return s
}

// Flagged fails the test unless the session has exactly these flags, its bill's too.
func (s *Session) Flagged(want ...string) *Session {
	s.world.Helper()
	var got []string
	for _, f := range s.Flags {
		got = append(got, string(f))
	}
	if s.Bill != nil {
		for _, f := range s.Bill.Flags {
			got = append(got, string(f))
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		s.world.Errorf("session %d is flagged %v, want %v", s.OCPPID, got, want)
	}
	return s
}

// Samples are the readings kept of the session, in time order.
func (s *Session) Samples() []session.Sample {
	s.world.Helper()
	out, err := s.world.App.Sessions.Samples(s.world.Context(), s.world.Scope, s.ID, 1000)
	s.world.OK(err)
	return out
}

// Reports are the raw frames of the session that money hangs on, as received.
func (s *Session) Reports() (out []session.Frame) {
	s.world.Helper()
	frames, err := s.world.App.Sessions.Frames(s.world.Context(), s.world.Scope, s.ID, 1000)
	s.world.OK(err)
	for _, f := range frames {
		switch f.Action {
		case "StartTransaction", "MeterValues", "StopTransaction":
			if f.Inbound {
				out = append(out, f)
			}
		}
	}
	return out
}

// Warnings are those that the filter finds, the newest event first.
func (w *World) Warnings(f upkeep.Filter) []upkeep.Row {
	w.Helper()
	l, err := w.App.Upkeep.List(w.Context(), w.Scope, f, operator.Page{Limit: operator.MaxLimit})
	w.OK(err)
	return l.Items
}

// Warned waits until just these warnings are live, as "TYPE code level connector ×times",
// the newest event first; what facts tell arrives a moment later.
func (w *World) Warned(want ...string) (rows []upkeep.Row) {
	w.Helper()
	var got []string
	w.eventually(func() bool {
		w.Timers()
		rows, got = w.Warnings(upkeep.Filter{States: []upkeep.State{upkeep.Open, upkeep.Acknowledged}, Top: true}), nil
		for _, r := range rows {
			got = append(got, strings.Join(strings.Fields(fmt.Sprintf("%s %s %s %d ×%d", r.Type, r.Code, r.Level, r.Connector, r.Count)), " "))
		}
		return slices.Equal(got, want)
	}, func() { w.Fatalf("the live warnings are %q, want %q", got, want) })
	return rows
}

// InScope reads a session in the scope of a sub-operator's staff.
func (w *World) InScope(sc authz.Scope, id ident.Session) (session.Row, error) {
	return w.App.Sessions.Get(w.Context(), sc, id)
}

// wh is energy of a table.
func (w *World) wh(n int) unit.Wh { return unit.Wh(n) }
