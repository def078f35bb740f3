package session

import (
	"fmt"
	"time"

	"ccms/internal/asset"
	"ccms/internal/ident"
	"ccms/internal/operator"
	"ccms/internal/unit"
)

// A limit of 0 pauses a charge, where the charge point does what it accepted (behaviour
// 75). The meter shows it: nobody asks for anything that would not be told anyway.

const (
	// zeroWithin is how long a car may take to let go: IEC 61851 gives it seconds, and what
	// a charge point tells may be the mean of its last minute.
	zeroWithin = 2 * time.Minute
	// zeroSpan is over how long at least energy tells power, where no power is told.
	zeroSpan  = time.Minute
	zeroLeast = unit.Wh(20)
)

// ZeroSeen is what was seen of a limit of 0.
type ZeroSeen struct {
	Command ident.Command
	Flows   bool
	Text    string // what was drawn, or why nothing more is watched
}

// note tells it of the command. That nothing flows has to be seen of all sessions that it
// stops.
func (z ZeroSeen) note(tx Tx, of State) error {
	if z.Flows {
		return asset.ZeroIgnored(tx, of.Point, z.Command, z.Text)
	}
	live, err := tx.LiveSessions(of.Point)
	if err != nil {
		return err
	}
	for _, st := range live {
		if st.ID != of.ID && st.Inner.ZeroCommand == z.Command {
			return nil
		}
	}
	return asset.Effect(tx, z.Command, z.Text)
}

// ZeroSet says that a charging profile which allows the session nothing was accepted.
type ZeroSet struct {
	At      time.Time
	Command ident.Command
}

func (e ZeroSet) apply(m *machine) {
	if m.s.Phase.Open() {
		m.s.Inner.ZeroCommand, m.s.Inner.ZeroAt = e.Command, e.At
	}
}

// ZeroOver says that what holds now is no longer that profile alone.
type ZeroOver struct{ Why string }

func (e ZeroOver) apply(m *machine) { m.zeroOver(e.Why) }

func (m *machine) zeroOver(why string) {
	in := &m.s.Inner
	if !in.ZeroCommand.IsZero() {
		m.then.Zero = &ZeroSeen{Command: in.ZeroCommand, Text: why}
	}
	in.ZeroCommand, in.ZeroAt, in.ZeroFrom, in.ZeroEnergy = ident.Command{}, time.Time{}, time.Time{}, 0
}

// zero looks whether power still flows though 0 holds.
func (m *machine) zero(r Reading) {
	s, in := &m.s, &m.s.Inner
	if in.ZeroCommand.IsZero() || !r.At.After(in.ZeroAt) {
		return
	}
	power := r.Power
	switch settled := r.At.Sub(in.ZeroAt) >= zeroWithin; {
	case r.Has&HasPower != 0 && power <= idlePower:
		m.zeroOver("The charge point lets nothing flow.")
		return
	case !settled:
		return
	case r.Has&HasPower != 0:
	case r.Has&HasEnergy == 0:
		return
	case in.ZeroFrom.IsZero():
		in.ZeroFrom, in.ZeroEnergy = r.At, s.Energy
		return
	default:
		span, by := r.At.Sub(in.ZeroFrom), s.Energy-in.ZeroEnergy
		if span < zeroSpan {
			return
		}
		if power = unit.W(int64(by) * 3600 / int64(span/time.Second)); by < zeroLeast || power <= idlePower {
			m.zeroOver("The charge point lets nothing flow.")
			return
		}
	}
	cmd := in.ZeroCommand
	m.zeroOver("")
	m.then.Zero = &ZeroSeen{Command: cmd, Flows: true, Text: fmt.Sprintf("the car draws %d W", power)}
}

// profileAnswered has the sessions watched that a profile with a limit of 0 allows nothing
// now. Where there is none, that it was accepted is all there is to see.
func (s *Service) profileAnswered(tx Tx, cmd asset.Command) error {
	if cmd.State != asset.CommandAccepted {
		return nil
	}
	live, err := tx.LiveSessions(cmd.Point)
	if err != nil {
		return err
	}
	for i := range live {
		if of := live[i].Inner.ZeroCommand; of.IsZero() || of == cmd.ID {
			continue
		}
		if live[i], err = s.step(tx, live[i], ZeroOver{"Another profile followed before it could be seen."}); err != nil {
			return err
		}
	}
	if cmd.EffectState != asset.EffectPending {
		return nil
	}
	args, err := cmd.Arguments()
	if err != nil {
		return err
	}
	watched := false
	for _, st := range live {
		stops, err := stoppedBy(tx, st, args.(asset.SetProfile))
		if err != nil {
			return err
		}
		if !stops {
			continue
		}
		watched = true
		if _, err := s.step(tx, st, ZeroSet{At: tx.Now(), Command: cmd.ID}); err != nil {
			return err
		}
	}
	if watched {
		return nil
	}
	return asset.Effect(tx, cmd.ID, asset.ProfileKept)
}

// stoppedBy reports whether the profile is sure to allow the session nothing now. One for
// charges to come says nothing of those that run (OCPP 1.6 §3.13.1), and one for this
// charge not, where another of a higher level was given.
func stoppedBy(tx Tx, st State, a asset.SetProfile) (bool, error) {
	p, now := a.Profile, tx.Now()
	if !st.Phase.Open() || !p.StopsAt(now, now, st.StartedAt) {
		return false, nil
	}
	switch p.Purpose {
	case asset.ForPoint:
		return true, nil
	case asset.ForSession:
		if p.OCPPID != st.wireID() {
			return false, nil
		}
	default:
		return false, nil
	}
	given, err := tx.ListCommands(asset.CommandFilter{Point: st.Point, Type: asset.CommandSetProfile, State: asset.CommandAccepted}, operator.Page{})
	if err != nil {
		return false, err
	}
	for _, c := range given.Items {
		args, err := c.Arguments()
		if err != nil {
			return false, err
		}
		o := args.(asset.SetProfile).Profile
		if o.Purpose == p.Purpose && o.OCPPID == p.OCPPID && o.ID != p.ID && o.Stack > p.Stack {
			return false, nil
		}
	}
	return true, nil
}
