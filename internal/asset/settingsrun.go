package asset

import (
	"context"
	"time"

	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
)

// settingsAtOnce is how many points one run looks at: a fleet is read at that pace.
const settingsAtOnce = 50

// RunSettings looks at the points that are due: it asks them for their settings, has them
// restart, or notes that they are away. It tells how many it looked at.
func (s *Service) RunSettings(ctx context.Context) (n int, err error) {
	due, err := one(ctx, s.read, authz.Everything("settings of charge points"), func(tx Tx) ([]PointSettings, error) {
		return tx.DueSettings(tx.Now(), settingsAtOnce)
	})
	if err != nil {
		return 0, err
	}
	for _, g := range due {
		sc := authz.ForSystem(g.Operator, "settings of charge points")
		if err := s.write(ctx, sc, func(tx Tx) error { return s.lookAtSettings(tx, g.Point) }); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

func (s *Service) lookAtSettings(tx Tx, id ident.ChargePoint) error {
	p, err := tx.LockPoint(id)
	if fault.Is(err, fault.Missing) {
		return nil
	}
	if err != nil {
		return err
	}
	g, there, err := tx.SettingsOf(id)
	if err != nil || !there || g.DueAt.IsZero() || tx.Now().Before(g.DueAt) {
		return err
	}
	active, err := tx.ActiveTemplates(p.Operator)
	if err != nil {
		return err
	}
	t, found := templateFor(active, p)
	if !found || p.Status != Valid {
		g.Template, g.Revision, g.Phase, g.Cause, g.Settings, g.DueAt = ident.Template{}, 0, SettingsNone, "", nil, time.Time{}
		return tx.SaveSettings(p, g)
	}
	g = g.under(t, g.Cause == CauseForce)
	known, err := capabilityFor(tx, p)
	if err != nil {
		return err
	}
	switch now := tx.Now(); {
	case known.NeverProbe:
		g.Phase, g.Cause, g.DueAt = SettingsNeverAsked, "", tomorrow(id, now)
	case g.Phase == SettingsReading: // it did not answer
		g.Phase, g.Cause, g.DueAt = SettingsIdle, "", now.Add(settingsRetry)
	case !p.Online(now):
		g.Phase, g.DueAt = SettingsWaiting, time.Time{} // until it starts
		if now.Sub(p.LastSeenAt) < settingsForgotten {
			g.DueAt = now.Add(settingsAway)
		}
	case g.Phase == SettingsRestart:
		err = s.restartFor(tx, p, t, &g)
	default:
		switch g.Phase {
		case SettingsApplying, SettingsRestarting:
			g.Cause = CauseVerify
		case SettingsIdle, SettingsNone, SettingsNeverAsked:
			g.Cause = CauseCheck
		}
		err = ask(tx, p, t, &g)
	}
	if err != nil {
		return err
	}
	return tx.SaveSettings(p, g)
}

// ask asks a point for all of its settings: by name some devices hang up over one that they
// do not have (behaviour 21).
func ask(tx Tx, p ChargePoint, t Template, g *PointSettings) error {
	sent, err := settingsCommand(tx, p, t, GetConfig{})
	switch {
	case err != nil:
		return err
	case !sent:
		g.DueAt = tx.Now().Add(settingsRetry)
	default:
		g.Phase, g.DueAt = SettingsReading, tx.Now().Add(settingsWithin)
	}
	return nil
}

// settingsCommand queues a command of the template's; what the queue refuses is no error.
func settingsCommand(tx Tx, p ChargePoint, t Template, a Args) (sent bool, err error) {
	c := CommandOf(a)
	c.Actor, c.Reason = ActorOf(authz.ForSystem(p.Operator, "settings of charge points")), "template "+t.Name
	_, err = Enqueue(tx, p, c)
	if f := fault.Of(err); err != nil && (f.Kind == fault.Unsupported || f.Kind == fault.Limit || f.Kind == fault.Unavailable && f.Code == "charge_point_offline") {
		return false, nil
	}
	return err == nil, err
}

// restartFor has the point restart once nothing charges, and never twice for a revision.
func (s *Service) restartFor(tx Tx, p ChargePoint, t Template, g *PointSettings) error {
	now := tx.Now()
	if g.RestartedTemplate == t.ID && g.RestartedRevision == t.Revision {
		g.Phase, g.Cause, g.DueAt = SettingsIdle, "", tomorrow(p.ID, now)
		return nil
	}
	if err := s.unblocked(tx, p.ID); err != nil {
		if !fault.Is(err, fault.Conflict) {
			return err
		}
		g.DueAt = now.Add(settingsIdleEvery)
		return nil
	}
	sent, err := settingsCommand(tx, p, t, Reset{})
	if err != nil {
		return err
	}
	if !sent {
		g.DueAt = now.Add(settingsRetry)
		return nil
	}
	g.RestartedTemplate, g.RestartedRevision = t.ID, t.Revision
	g.Phase, g.Cause, g.DueAt = SettingsRestarting, CauseVerify, now.Add(settingsRestartWithin)
	return nil
}

// bootQuiet is how soon after a start another is no reason to look again: some devices
// send the same boot every few seconds (behaviour 22).
const bootQuiet = 10 * time.Minute

// SettingsBooted has a point that started compared with its template and given what
// differs, or, after a restart for it, looked at whether it took it.
func SettingsBooted(tx Tx, op ident.Operator, id ident.ChargePoint) error {
	active, err := tx.ActiveTemplates(op)
	if err != nil || len(active) == 0 {
		return err
	}
	p, err := tx.LockPoint(id)
	if fault.Is(err, fault.Missing) {
		return nil
	}
	if err != nil {
		return err
	}
	g, there, err := tx.SettingsOf(p.ID)
	if err != nil {
		return err
	}
	now := tx.Now()
	switch {
	case !there:
		g = PointSettings{Point: p.ID, Operator: p.Operator, Sub: p.Sub, Cause: CauseApply}
	case g.Phase == SettingsRestarting:
		g.Cause = CauseVerify
	case g.Phase == SettingsApplying, g.Phase == SettingsRestart, g.Phase == SettingsReading && g.Cause != CauseCheck:
		return nil // it is being looked at
	case g.Phase == SettingsWaiting && g.Cause != CauseCheck: // it was away
	case now.Sub(g.StartedAt) < bootQuiet:
		return nil
	default:
		g.Cause = CauseApply
	}
	g.Phase, g.StartedAt, g.DueAt = SettingsWaiting, now, now.Add(settingsSoon)
	return tx.SaveSettings(p, g)
}

// settingsAnswered goes on with a comparison after the device answered to a command about
// its settings, ours or somebody's.
func settingsAnswered(tx Tx, c Command, a Answer) error {
	if c.Type != CommandGetConfig && c.Type != CommandChangeConfig {
		return nil
	}
	g, there, err := tx.SettingsOf(c.Point)
	if err != nil || !there || g.Template.IsZero() {
		return err
	}
	p, err := tx.LockPoint(c.Point)
	if err != nil {
		return err
	}
	args, err := c.Arguments()
	if err != nil {
		return err
	}
	active, err := tx.ActiveTemplates(p.Operator)
	if err != nil {
		return err
	}
	t, found := templateFor(active, p)
	if !found || t.ID != g.Template || t.Revision != g.Revision { // it has changed meanwhile: from the beginning
		g.Phase, g.DueAt = SettingsWaiting, tx.Now()
		return tx.SaveSettings(p, g)
	}
	switch args := args.(type) {
	case GetConfig:
		if len(args.Keys) > 0 && a.State != CommandAccepted {
			return nil
		}
		err = readAnswered(tx, p, t, &g, a, len(args.Keys) == 0)
	case ChangeConfig:
		changeAnswered(tx, &g, args, a)
	}
	if err != nil {
		return err
	}
	return tx.SaveSettings(p, g)
}

// readAnswered compares what the device has, and sends what is to be sent.
func readAnswered(tx Tx, p ChargePoint, t Template, g *PointSettings, a Answer, all bool) error {
	now := tx.Now()
	ours := g.Phase == SettingsReading && all
	if a.State != CommandAccepted {
		if ours {
			g.Phase, g.Cause, g.DueAt = SettingsIdle, "", now.Add(settingsRetry)
			if a.State == CommandNotSupported {
				g.DueAt = tomorrow(p.ID, now)
			}
		}
		return nil
	}
	if g.Phase == SettingsApplying || g.Phase == SettingsRestart || g.Phase == SettingsRestarting {
		return nil // what it says now is about to change
	}
	cfg, err := tx.ConfigurationOf(p.ID)
	if err != nil {
		return err
	}
	known, err := capabilityFor(tx, p)
	if err != nil {
		return err
	}
	cause := g.Cause
	if !ours {
		g.Cause = CauseCheck
	}
	*g = g.compared(cfg, known, now)
	if g.Cause = cause; !ours {
		return nil
	}
	if cause == CauseApply || cause == CauseForce {
		for _, i := range g.missing() {
			s := &g.Settings[i]
			sent, err := settingsCommand(tx, p, t, ChangeConfig{Key: s.Key, Value: s.Value})
			if err != nil {
				return err
			}
			if s.State = SettingFailed; sent {
				s.State, s.At = SettingSent, now
			}
		}
		if g.has(SettingSent) {
			g.Phase, g.DueAt = SettingsApplying, now.Add(settingsWithin)
			return nil
		}
	}
	g.Phase, g.Cause, g.DueAt = SettingsIdle, "", tomorrow(p.ID, now)
	return nil
}

// changeAnswered notes what became of one setting; after the last of a round the device
// restarts where it has to, or is read again: some say yes and do nothing (behaviour 85).
func changeAnswered(tx Tx, g *PointSettings, args ChangeConfig, a Answer) {
	now := tx.Now()
	*g = g.answered(args, a, now)
	if g.Phase != SettingsApplying || g.has(SettingSent) {
		return
	}
	switch {
	case g.has(SettingRestart):
		g.Phase, g.DueAt = SettingsRestart, now
	case g.has(SettingTaken):
		g.Phase, g.Cause, g.DueAt = SettingsWaiting, CauseVerify, now.Add(settingsSoon)
	default:
		g.Phase, g.Cause, g.DueAt = SettingsIdle, "", tomorrow(g.Point, now)
	}
}

// Settings is how a point stands to its template, and the template; both zero where none
// is for it.
func (s *Service) Settings(ctx context.Context, sc authz.Scope, id ident.ChargePoint) (g PointSettings, t Template, err error) {
	err = s.read(ctx, sc, func(tx Tx) error {
		if _, err := tx.PointByID(id); err != nil {
			return err
		}
		var there bool
		if g, there, err = tx.SettingsOf(id); err != nil || !there || g.Template.IsZero() {
			return err
		}
		if t, err = tx.TemplateByID(g.Template); fault.Is(err, fault.Missing) {
			return nil
		}
		return err
	})
	return g, t, err
}

// ApplySettings has a point compared with its template at once and given what differs, also
// what it was given in vain before.
func (s *Service) ApplySettings(ctx context.Context, sc authz.Scope, id ident.ChargePoint, reason string) (PointSettings, error) {
	var bad flaws
	bad.text("/reason", reason, 1, 200)
	if err := bad.err(); err != nil {
		return PointSettings{}, err
	}
	return one(ctx, s.write, sc, func(tx Tx) (PointSettings, error) {
		p, err := tx.LockPoint(id)
		if err != nil {
			return PointSettings{}, err
		}
		active, err := tx.ActiveTemplates(p.Operator)
		if err != nil {
			return PointSettings{}, err
		}
		t, found := templateFor(active, p)
		switch known, err := capabilityFor(tx, p); {
		case err != nil:
			return PointSettings{}, err
		case !found:
			return PointSettings{}, fault.New(fault.Conflict, "no_template", "No active template is for %s.", p.Name)
		case !p.Online(tx.Now()):
			return PointSettings{}, fault.New(fault.Unavailable, "charge_point_offline", "%s is offline. It gets its settings when it starts.", p.Name)
		case known.NeverProbe:
			return PointSettings{}, known.allows(GetConfig{})
		}
		g, there, err := tx.SettingsOf(id)
		if err != nil {
			return g, err
		}
		if !there {
			g = PointSettings{Point: p.ID, Operator: p.Operator, Sub: p.Sub}
		}
		g = g.under(t, true)
		g.Phase, g.Cause, g.DueAt = SettingsWaiting, CauseForce, tx.Now()
		if err := tx.SaveSettings(p, g); err != nil {
			return g, err
		}
		return g, tx.Audit("charge_point.settings_applied", id.String(), nil, map[string]any{"template": t.Name, "revision": t.Revision, "reason": cut(reason)})
	})
}
