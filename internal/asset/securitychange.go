package asset

import (
	"context"
	"fmt"
	"strings"
	"time"

	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
)

// ChangeKind is what of a charge point's security is changed over its connection.
type ChangeKind string

// The kinds of change.
const (
	ChangeOfKey     ChangeKind = "key"
	ChangeOfProfile ChangeKind = "profile"
)

// ChangeState is how far a change got.
type ChangeState string

// The states of a change. The last three are final.
const (
	ChangeAsked   ChangeState = "asked"   // the command waits or is on its way
	ChangeTaken   ChangeState = "taken"   // it said yes, and has not come back yet
	ChangeRestart ChangeState = "restart" // it said yes, once it has started again
	ChangeUnclear ChangeState = "unclear" // no answer: it may have taken it or not
	ChangeDone    ChangeState = "done"    // it came back with what is new
	ChangeRefused ChangeState = "refused" // it said no, or was never asked
	ChangeBack    ChangeState = "rolled_back"
)

// Final reports whether the state never changes again.
func (s ChangeState) Final() bool { return s == ChangeDone || s == ChangeRefused || s == ChangeBack }

// SecurityChange is a new key, or a higher profile, for a point that is asked for it by
// ChangeConfiguration. Until the point has come back with what is new, what was holds:
// nothing is lost by a change that fails.
type SecurityChange struct {
	ID        ident.SecurityChange
	Operator  ident.Operator
	Sub       ident.SubOperator
	Point     ident.ChargePoint
	Kind      ChangeKind
	From, To  SecurityProfile // of the profile
	Keys      KeyMACs         // of the new key
	State     ChangeState
	Command   ident.Command
	Detail    string // how it ended, in words
	Actor     string
	Reason    string
	CreatedAt time.Time
	TakenAt   time.Time
	DueAt     time.Time // when to look at it; zero: it is waited for
	EndedAt   time.Time
	Version   int64
}

const (
	// comeBackWithin is how long a point may stay on its connection after it said yes; it
	// should leave it at once (whitepaper A01, A05), and is sent away then.
	comeBackWithin = 30 * time.Second
	// startWithin is how long a point that came back may take to boot, where the change
	// needs a restart.
	startWithin = 5 * time.Minute
)

func (c SecurityChange) what() string {
	if c.Kind == ChangeOfKey {
		return "the new key"
	}
	return fmt.Sprintf("security profile %d", c.To)
}

func (c SecurityChange) end(s ChangeState, detail string, at time.Time) SecurityChange {
	c.State, c.Detail, c.EndedAt, c.DueAt = s, detail, at, time.Time{}
	return c
}

// answered is the change once its command has ended.
func (c SecurityChange) answered(cmd Command, at time.Time) SecurityChange {
	switch {
	case c.State != ChangeAsked:
	case cmd.State == CommandAccepted && cmd.Outcome == OutcomeReboot:
		c.State, c.TakenAt = ChangeRestart, at
	case cmd.State == CommandAccepted:
		c.State, c.TakenAt, c.DueAt = ChangeTaken, at, at.Add(comeBackWithin)
	case cmd.State == CommandRejected || cmd.State == CommandNotSupported || cmd.SentAt.IsZero():
		return c.end(ChangeRefused, cmd.ErrorDetail, at)
	default: // it was sent, and nobody knows what became of it
		c.State, c.TakenAt, c.DueAt = ChangeUnclear, at, at.Add(comeBackWithin)
	}
	return c
}

// meets is the change once the point has come with what a shows.
func (c SecurityChange) meets(a Admission, at time.Time) SecurityChange {
	isNew, isOld := a.NewKey, a.OldKey
	if c.Kind == ChangeOfProfile {
		isNew, isOld = a.Met >= c.To, a.Met < c.To
	}
	switch {
	case isNew: // whatever it answered
		return c.end(ChangeDone, "It came back with "+c.what()+".", at)
	case !isOld, c.State == ChangeAsked:
	case c.State == ChangeRestart:
		c.DueAt = at.Add(startWithin) // it is seen then whether it started again
	default:
		return c.end(ChangeBack, "It came back without "+c.what()+". What was before holds.", at)
	}
	return c
}

// changeMeets applies what a point showed to the change on its way.
func changeMeets(tx Tx, p ChargePoint, sec Security, c SecurityChange, a Admission) (Security, error) {
	next := c.meets(a, tx.Now())
	if next.State == ChangeDone {
		if c.Kind == ChangeOfKey {
			p.Keys = c.Keys
			if err := tx.SavePoint(p, p.Version); err != nil {
				return sec, err
			}
		} else {
			sec.Profile = max(sec.Profile, c.To) // never lower by this way
		}
	}
	return sec, saveChange(tx, p, c, next)
}

// replaceKey gives the point another key by a decision of staff; the caller saves the
// point. A key that is on its way to it ends too, else whoever has that one comes in with
// it and puts it in the place of the one that staff decided on.
func replaceKey(tx Tx, p *ChargePoint, macs KeyMACs, why string) error {
	p.Keys = macs
	c, open, err := tx.OpenSecurityChange(p.ID)
	if err != nil || !open || c.Kind != ChangeOfKey {
		return err
	}
	if err := saveChange(tx, *p, c, c.end(ChangeBack, why, tx.Now())); err != nil {
		return err
	}
	cmd, err := tx.CommandByID(c.Command)
	if err != nil || cmd.State != CommandQueued {
		return err
	}
	_, err = Answered(tx, cmd.ID, Answer{State: CommandFailed, Detail: why + " Nothing was sent."})
	return err
}

// saveChange stores what became of a change, and tells of its end.
func saveChange(tx Tx, p ChargePoint, c, next SecurityChange) error {
	if next.State == c.State && next.DueAt.Equal(c.DueAt) {
		return nil
	}
	if err := tx.SaveSecurityChange(next, c.Version); err != nil || !next.State.Final() {
		return err
	}
	if err := tx.Audit("charge_point.security_change", p.ID.String(), map[string]any{"kind": c.Kind, "state": c.State},
		map[string]any{"kind": c.Kind, "state": next.State, "detail": next.Detail, "profile": int(next.To)}); err != nil {
		return err
	}
	kind := KindChanged
	if next.State != ChangeDone {
		kind = KindRolledBack
	}
	return noteSecurity(tx, p, kind, next.Detail)
}

// The settings by which a change is made (OCPP 1.6 security whitepaper §2.3).
const (
	keyOfKey     = "AuthorizationKey"
	keyOfProfile = "SecurityProfile"
)

// ownsSetting refuses a setting that a change of security is for: set by itself it would
// shut the point out.
func ownsSetting(key string) error {
	switch {
	case SameKey(key, keyOfKey):
		return fault.New(fault.Conflict, "use_key_change", "The key is changed on the page of the charge point, under Security: there both keys are taken until it has come back with the new one. Nothing was sent.").
			At("/key", "is changed under Security")
	case SameKey(key, keyOfProfile):
		return fault.New(fault.Conflict, "use_profile_upgrade", "The security profile is raised on the page of the charge point, under Security, and never lowered. Nothing was sent.").
			At("/key", "is changed under Security")
	}
	return nil
}

// ChangeKey gives the point a new key over its connection. Both keys are taken until it has
// come back with the new one; it goes back to the old one by itself where the point
// refuses or comes back with that.
func (s *Service) ChangeKey(ctx context.Context, sc authz.Scope, id ident.ChargePoint, reason string) (SecurityChange, error) {
	key := newKey()
	macs, err := macKey(s.opt.MAC, key)
	if err != nil {
		return SecurityChange{}, err
	}
	return s.change(ctx, sc, id, reason, func(_ Tx, _ ChargePoint, sec Security, _ SecuritySettings) (SecurityChange, Args, error) {
		if sec.Met == ByCertificate {
			return SecurityChange{}, nil, fault.New(fault.Conflict, "key_not_used", "The charge point comes with its certificate and uses no key: nobody could see whether it took a new one. Nothing was sent.")
		}
		return SecurityChange{Kind: ChangeOfKey, Keys: macs}, ChangeConfig{Key: keyOfKey, Value: key}, nil
	})
}

// RaiseProfile has the point use a higher security profile. rootKnown says that somebody
// knows that the point trusts our certificate, where we have not installed it ourselves.
func (s *Service) RaiseProfile(ctx context.Context, sc authz.Scope, id ident.ChargePoint, to SecurityProfile, rootKnown bool, reason string) (SecurityChange, error) {
	if to < ByKeyOverTLS || to > ByCertificate {
		return SecurityChange{}, fault.BadInput("/to", "must be 2 or 3")
	}
	return s.change(ctx, sc, id, reason, func(tx Tx, p ChargePoint, sec Security, _ SecuritySettings) (SecurityChange, Args, error) {
		from := max(sec.Profile, sec.Met)
		if err := s.mayRaise(tx, p, sec, from, to, rootKnown); err != nil {
			return SecurityChange{}, nil, err
		}
		return SecurityChange{Kind: ChangeOfProfile, From: from, To: to}, ChangeConfig{Key: keyOfProfile, Value: fmt.Sprint(int(to))}, nil
	})
}

// mayRaise refuses an upgrade that the point could not come back from.
func (s *Service) mayRaise(tx Tx, p ChargePoint, sec Security, from, to SecurityProfile, rootKnown bool) error {
	refuse := func(code, text string, args ...any) error { return fault.New(fault.Conflict, code, text, args...) }
	switch {
	case to <= from:
		return refuse("no_upgrade", "It has profile %d. A profile is only raised by this way; nothing was sent.", from)
	case !s.opt.TLS && sec.Met < ByKeyOverTLS:
		return refuse("no_tls", "This server takes no charge points by TLS: start it with --tls-addr, or put a proxy with TLS in front. Nothing was sent.")
	case sec.RootAt.IsZero() && len(sec.Installed) == 0 && sec.Met < ByKeyOverTLS && !rootKnown:
		return refuse("no_root", "Nothing is known of a root certificate on the charge point, without which it could not trust this server. Install it, read what is installed, or say that you know it. Nothing was sent.")
	case to < ByCertificate:
		return nil
	}
	certs, err := tx.CertificatesOf(p.ID, changesShown)
	if err != nil {
		return err
	}
	for _, c := range certs {
		if c.State == CertInstalled && tx.Now().Before(c.NotAfter) {
			return nil
		}
	}
	return refuse("no_certificate", "The charge point has no certificate of its own that is valid. Have it ask for one first. Nothing was sent.")
}

// change makes one change at a time of a point.
func (s *Service) change(ctx context.Context, sc authz.Scope, id ident.ChargePoint, reason string,
	make func(Tx, ChargePoint, Security, SecuritySettings) (SecurityChange, Args, error)) (SecurityChange, error) {
	if strings.TrimSpace(cut(reason)) == "" {
		return SecurityChange{}, fault.BadInput("/reason", "must say why, in at most 200 letters")
	}
	return one(ctx, s.write, sc, func(tx Tx) (SecurityChange, error) {
		p, err := tx.LockPoint(id)
		if err != nil {
			return SecurityChange{}, err
		}
		if _, open, err := tx.OpenSecurityChange(id); err != nil || open {
			if err == nil {
				err = fault.New(fault.Conflict, "change_in_progress", "A change of the key or the profile is on its way already. Wait until it has ended.")
			}
			return SecurityChange{}, err
		}
		sec, set, err := securityOf(tx, p)
		if err != nil {
			return SecurityChange{}, err
		}
		c, args, err := make(tx, p, sec, set)
		if err != nil {
			return c, err
		}
		cmd := CommandOf(args)
		cmd.Actor, cmd.Reason = ActorOf(sc), reason
		if cmd, err = Enqueue(tx, p, cmd); err != nil {
			return c, err
		}
		c.ID, c.Operator, c.Sub, c.Point = ident.New[ident.SecurityChange](tx.Now()), p.Operator, p.Sub, p.ID
		c.State, c.Command, c.Actor, c.Reason, c.CreatedAt, c.Version = ChangeAsked, cmd.ID, cmd.Actor, cmd.Reason, tx.Now(), 1
		return c, tx.InsertSecurityChange(c)
	})
}

// SweepChanges looks at changes that are due, and returns how many there were. A point that
// said yes and stays is sent away, so that it comes back with what is new.
func (s *Service) SweepChanges(ctx context.Context, now time.Time) (int, error) {
	due, err := one(ctx, s.read, authz.Everything("changes of security that are due"), func(tx Tx) ([]SecurityChange, error) {
		return tx.DueSecurityChanges(now, sweepSecurity)
	})
	if err != nil {
		return 0, err
	}
	for _, d := range due {
		stays := false
		if err := s.write(ctx, authz.ForSystem(d.Operator, "a change of security is due"), func(tx Tx) error {
			stays = false
			p, err := tx.LockPoint(d.Point)
			if err != nil {
				return err
			}
			c, open, err := tx.OpenSecurityChange(d.Point)
			if err != nil || !open || c.ID != d.ID || c.DueAt.IsZero() || c.DueAt.After(tx.Now()) {
				return err
			}
			next := c
			next.DueAt = time.Time{}
			switch {
			case c.State != ChangeRestart:
				stays = p.Open()
			case p.BootedAt.After(c.TakenAt):
				next = c.end(ChangeBack, "It started again and came back without "+c.what()+". What was before holds.", tx.Now())
			}
			return saveChange(tx, p, c, next)
		}); err != nil {
			return 0, err
		}
		if stays {
			s.drop(d.Point)
		}
	}
	return len(due), nil
}

// sweepSecurity is how many are looked at in one go.
const sweepSecurity = 100
