package asset

import (
	"context"
	"strings"
	"time"

	"ccms/internal/authz"
	"ccms/internal/fact"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/operator"
)

// Seen takes note of a frame or pong on an open socket.
func (s *Service) Seen(ctx context.Context, sc authz.Scope, id ident.ChargePoint) error {
	return s.write(ctx, sc, func(tx Tx) error { return Seen(tx, id, tx.Now()) })
}

// DeviceUnresponsive is the payload of the fact that a model left two different commands
// in a row unanswered (order rule 5 of a connection).
type DeviceUnresponsive struct {
	Point    ident.ChargePoint `json:"charge_point_id"`
	Vendor   string            `json:"vendor"`
	Model    string            `json:"model"`
	Firmware string            `json:"firmware"`
	Actions  []string          `json:"actions"`
}

// Unresponsive flags the model of a point that left these actions unanswered.
func (s *Service) Unresponsive(ctx context.Context, sc authz.Scope, id ident.ChargePoint, actions ...string) error {
	return s.write(ctx, sc, func(tx Tx) error {
		p, err := tx.PointByID(id)
		if err != nil {
			return err
		}
		at := tx.Now()
		if err := learned(tx, p, func(l *Learned) {
			for _, a := range actions {
				note(&l.Unanswered, a, 1, id, at)
			}
		}); err != nil {
			return err
		}
		return tx.Record(fact.Fact{Kind: FactUnresponsive, Version: 1, Operator: p.Operator, Sub: p.Sub, Object: id.String(), At: tx.Now(),
			Payload: DeviceUnresponsive{Point: id, Vendor: p.Vendor, Model: p.Model, Firmware: p.Firmware, Actions: actions}})
	})
}

// Request queues a command. Starting and stopping belong to package session, which has
// more to do than to send.
func (s *Service) Request(ctx context.Context, sc authz.Scope, id ident.ChargePoint, a Args, reason string) (Command, error) {
	return s.RequestLater(ctx, sc, id, a, reason, 0)
}

// RequestLater is Request for a point that may be offline: the command waits so long
// for it to come online (LIVE-R3).
func (s *Service) RequestLater(ctx context.Context, sc authz.Scope, id ident.ChargePoint, a Args, reason string, wait time.Duration) (Command, error) {
	if err := Askable(a, reason, wait); err != nil {
		return Command{}, err
	}
	return one(ctx, s.write, sc, func(tx Tx) (Command, error) {
		p, err := tx.LockPoint(id) // for the limit of its queue
		if err != nil {
			return Command{}, err
		}
		c := CommandOf(a)
		c.Actor, c.Reason = ActorOf(sc), cut(reason)
		if wait > 0 {
			c.WaitsUntil = tx.Now().Add(wait)
		}
		return Enqueue(tx, p, c)
	})
}

// Askable refuses what cannot be asked for by itself: what belongs to package session,
// what is serious without a reason, what waits too long.
func Askable(a Args, reason string, wait time.Duration) error {
	switch a.(type) {
	case RemoteStart, RemoteStop:
		return fault.New(fault.Internal, "command_type", "%T is not for Request", a)
	}
	if err := a.check(); err != nil {
		return err
	}
	switch x := a.(type) {
	case ChangeConfig:
		if err := ownsSetting(x.Key); err != nil {
			return err
		}
	case CertificateSigned:
		return fault.New(fault.Unsupported, "command_unsupported", "A certificate is brought to its charge point when it is signed. Nothing was sent.")
	}
	if Serious(a) && strings.TrimSpace(cut(reason)) == "" {
		return fault.BadInput("/reason", "must say why, in at most 200 letters")
	}
	if wait < 0 || wait > MaxWait {
		return fault.BadInput("/queue_until_online_s", "must be between 0 and 86400 seconds")
	}
	return nil
}

// Refresh asks the point for its status and its meter values (product §3.2.2); a
// connector of 0 asks the whole point for its status only.
func (s *Service) Refresh(ctx context.Context, sc authz.Scope, id ident.ChargePoint, connector int, about ident.Session) ([]Command, error) {
	return one(ctx, s.write, sc, func(tx Tx) ([]Command, error) {
		p, err := tx.LockPoint(id) // for the limit of its queue
		if err != nil {
			return nil, err
		}
		messages := []string{"StatusNotification", "MeterValues"}
		if connector == 0 {
			messages = messages[:1]
		}
		var out []Command
		for _, m := range messages {
			c := CommandOf(Trigger{Message: m, Connector: connector})
			c.Session, c.Actor, c.Reason = about, ActorOf(sc), "refresh"
			if c, err = Enqueue(tx, p, c); err != nil {
				return nil, err
			}
			out = append(out, c)
		}
		return out, nil
	})
}

// ActorOf says who asks, as commands keep it.
func ActorOf(sc authz.Scope) string {
	switch {
	case !sc.Actor.Staff.IsZero():
		return sc.Actor.Staff.String()
	case !sc.Actor.Point.IsZero():
		return sc.Actor.Point.String()
	}
	return "system: " + sc.Actor.Reason
}

// Queued lists the commands that wait for the point and are still in time, in the order
// to send them.
func (s *Service) Queued(ctx context.Context, sc authz.Scope, id ident.ChargePoint) ([]Command, error) {
	return one(ctx, s.read, sc, func(tx Tx) ([]Command, error) {
		pending, err := tx.PendingCommands(id)
		var out []Command
		for _, c := range pending {
			if c.State == CommandQueued && !c.late(tx.Now()) {
				out = append(out, c)
			}
		}
		return out, err
	})
}

// Sent is MarkSent in its own transaction: call it before the frame goes out.
func (s *Service) Sent(ctx context.Context, sc authz.Scope, id ident.Command) error {
	return s.write(ctx, sc, func(tx Tx) error { return MarkSent(tx, id, tx.Now()) })
}

// Unsent is MarkUnsent in its own transaction, for a frame that certainly did not go out.
func (s *Service) Unsent(ctx context.Context, sc authz.Scope, id ident.Command) error {
	return s.write(ctx, sc, func(tx Tx) error { return MarkUnsent(tx, id) })
}

// Command is one command.
func (s *Service) Command(ctx context.Context, sc authz.Scope, id ident.Command) (Command, error) {
	return one(ctx, s.read, sc, func(tx Tx) (Command, error) { return tx.CommandByID(id) })
}

// Configuration is what is known of a point's settings, and the point.
func (s *Service) Configuration(ctx context.Context, sc authz.Scope, id ident.ChargePoint) (p ChargePoint, cfg Configuration, err error) {
	err = s.read(ctx, sc, func(tx Tx) (err error) {
		if p, err = tx.PointByID(id); err != nil {
			return err
		}
		cfg, err = tx.ConfigurationOf(id)
		return err
	})
	return p, cfg, err
}

// Commands lists commands, newest first.
func (s *Service) Commands(ctx context.Context, sc authz.Scope, f CommandFilter, p operator.Page) (operator.List[Command], error) {
	return one(ctx, s.read, sc, func(tx Tx) (operator.List[Command], error) { return tx.ListCommands(f, p) })
}

// Expired ends a command that nobody answered in time, or whose point went offline
// before it was sent, and tells whether it did.
func Expired(tx Tx, id ident.Command) (Command, bool, error) {
	c, err := tx.CommandByID(id)
	if err != nil {
		return c, false, err
	}
	p, err := tx.PointByID(c.Point)
	if err != nil {
		return c, false, err
	}
	next, changed := c.due(p.Online(tx.Now()), tx.Now())
	if !changed {
		return c, false, nil
	}
	if next, err = end(tx, c, next, nil); err == nil {
		err = securityEnded(tx, next, Answer{})
	}
	return next, err == nil, err
}
