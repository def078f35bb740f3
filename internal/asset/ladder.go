package asset

import (
	"slices"

	"ccms/internal/fault"
)

// The ladder of a charging profile that was refused: what models are known to want
// (behaviours 70 to 73), each tried once and by itself. What passes is remembered of the
// model.

// nextTry is what to try after the profile was refused with the quirks that are known;
// "" where nothing is left.
func (a SetProfile) nextTry(q ProfileQuirks, connectors int, alternating bool) string {
	p := a.Profile
	constant := len(p.Schedule.Periods) == 1 && p.Schedule.Duration == 0
	rungs := []struct {
		try   string
		sense bool
	}{
		{TryConnectorOne, a.Connector == 0 && connectors == 1 && p.Purpose == ByDefault && !q.ConnectorOne},
		{TryAbsolute, p.Kind == Relative && constant && q.Kind == ""},
		{TryRelative, p.Kind == Absolute && constant && p.Purpose != ForPoint && p.Schedule.Start.IsZero() && q.Kind == ""},
		{TryStackZero, p.Stack > 0 && !q.StackZero && p.ValidTo.IsZero() && p.Schedule.Duration == 0},
		{TryWatts, p.Schedule.Unit == Amperes && q.Unit == ""},
		{TryAmperes, p.Schedule.Unit == Watts && q.Unit == "" && alternating},
	}
	after := a.Try == ""
	for _, r := range rungs {
		switch {
		case after && r.sense:
			return r.try
		case r.try == a.Try:
			after = true
		}
	}
	return ""
}

// climb sends a charging profile that was refused again, in the next form that it may want.
func climb(tx Tx, c Command, a Answer) error {
	if c.Type != CommandSetProfile || a.State != CommandRejected {
		return nil
	}
	args, err := c.Arguments()
	if err != nil {
		return err
	}
	p, err := tx.LockPoint(c.Point)
	if err != nil {
		return err
	}
	known, err := capabilityFor(tx, p)
	if err != nil {
		return err
	}
	cs, err := tx.ConnectorsOf(p.ID)
	if err != nil {
		return err
	}
	cs = slices.DeleteFunc(cs, func(c Connector) bool { return c.Number == 0 })
	set := args.(SetProfile)
	if set.Try = set.nextTry(known.Profile, len(cs), p.Type.Alternating()); set.Try == "" || p.Status != Valid || !p.Online(tx.Now()) {
		return nil
	}
	again := CommandOf(set)
	again.Session, again.Actor, again.Reason = c.Session, c.Actor, "again, as "+set.Try
	if n, err := tx.CountPendingCommands(p.ID); err != nil || n >= MaxQueue {
		return err
	}
	_, err = Enqueue(tx, p, again)
	if fault.Is(err, fault.Unsupported) || fault.Is(err, fault.Invalid) {
		return nil // this form cannot be sent; the refusal stands
	}
	return err
}
