package asset

import (
	"context"
	"time"

	"ccms/internal/authz"
	"ccms/internal/fact"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/operator"
)

// Knocked is the payload of FactKnocked: somebody wanted in with an identity that is
// not registered, or whose charge point is out of use.
type Knocked struct {
	Identity string            `json:"identity"`
	Point    ident.ChargePoint `json:"charge_point_id,omitzero"`
}

// StrangerSettled is the payload of FactStrangerSettled: staff decided about a stranger.
type StrangerSettled struct {
	Identity string `json:"identity"`
}

// Knock is a handshake with an identity that is not registered.
type Knock struct {
	Identity string
	Code     string // of the operator, where the path names one; "" where not
	Address  string
	Password string // of Basic, where its user is the identity
	At       time.Time
}

// Welcome is what a stranger gets.
type Welcome struct {
	Admit    bool // it may say who it is
	Told     bool // staff are told of it
	Stranger ident.Stranger
	Operator ident.Operator
}

// Knocked takes a stranger into the inbox of the operator that the path names by its code,
// else of the only operator there is; where several share the platform and the path names
// none, nobody can say whose it is, and nothing is kept. Where the operator lets no
// strangers knock, or wants to hear no more of this one, it is not admitted. The caller
// bounds how often it asks.
func (s *Service) Knocked(ctx context.Context, k Knock) (Welcome, error) {
	if !ident.ValidIdentity(k.Identity) {
		return Welcome{}, nil
	}
	return one(ctx, s.write, authz.Everything("an unknown charge point knocks"), func(tx Tx) (Welcome, error) {
		p, err := tx.PointByIdentity(k.Identity)
		switch {
		case err == nil && p.Status == Valid: // registered a moment ago
			return Welcome{}, nil
		case err == nil:
			return Welcome{Told: true, Operator: p.Operator}, recordKnock(tx, p.Operator, p, k)
		case !fault.Is(err, fault.Missing):
			return Welcome{}, err
		}
		op, found, err := strangersOperator(tx, k.Code)
		if err != nil || !found {
			return Welcome{}, err
		}
		w := Welcome{Operator: op}
		settings, err := tx.OnboardingOf(op)
		if err != nil {
			return w, err
		}
		if !settings.Knock {
			w.Told = true
			return w, recordKnock(tx, op, ChargePoint{}, k)
		}
		st, err := s.meet(tx, op, k)
		if err != nil {
			return w, err
		}
		w.Admit, w.Stranger = !st.Ignored, st.ID
		if w.Told = !st.Ignored && st.ToldAt.Equal(k.At); w.Told {
			return w, recordKnock(tx, op, ChargePoint{}, k)
		}
		return w, nil
	})
}

func recordKnock(tx Tx, op ident.Operator, p ChargePoint, k Knock) error {
	return tx.Record(fact.Fact{Kind: FactKnocked, Version: 1, Operator: op, Sub: p.Sub, Object: p.ID.String(), At: k.At,
		Payload: Knocked{Identity: k.Identity, Point: p.ID}})
}

// strangersOperator is whose inbox it is.
func strangersOperator(tx Tx, code string) (ident.Operator, bool, error) {
	if code == "" {
		return tx.SoleOperator()
	}
	return tx.OperatorByCode(code)
}

// meet writes the handshake down, and makes room for a newcomer.
func (s *Service) meet(tx Tx, op ident.Operator, k Knock) (Stranger, error) {
	st, known, err := tx.LockStranger(op, k.Identity)
	if err != nil {
		return st, err
	}
	if !known {
		n, err := tx.CountStrangers(op)
		if err != nil {
			return st, err
		}
		if n >= MaxStrangers {
			if err := tx.EvictStranger(op); err != nil {
				return st, err
			}
		}
		st = Stranger{ID: ident.New[ident.Stranger](k.At), Operator: op, Identity: k.Identity, FirstAt: k.At}
	}
	st = st.knocked(k.Address, presentedKey(s.opt.MAC, k.Password), k.At)
	if !st.Ignored && k.At.Sub(st.ToldAt) >= strangerToldEvery {
		st.ToldAt = k.At
	}
	return tx.SaveStranger(st)
}

// StrangerBooted keeps what a stranger tells of itself. It reports whether there is still
// somebody to tell: not after it was adopted, ignored or forgotten.
func (s *Service) StrangerBooted(ctx context.Context, sc authz.Scope, id ident.Stranger, r BootReport) (stays bool, err error) {
	err = s.write(ctx, sc, func(tx Tx) error {
		st, err := tx.StrangerByID(id)
		if stays = err == nil && !st.Ignored; fault.Is(err, fault.Missing) {
			return nil
		}
		if err != nil || !stays {
			return err
		}
		next, worth := st.booted(r)
		if !worth {
			return nil
		}
		_, err = tx.SaveStranger(next)
		return err
	})
	return stays, err
}

// StrangerHeld keeps a start or a stop of a stranger for its adoption. Nobody acknowledges
// it: the device sends it again. The same message again is kept once.
func (s *Service) StrangerHeld(ctx context.Context, sc authz.Scope, r HeldReport) error {
	if len(r.Raw) > MaxHeldBytes {
		return nil
	}
	return s.write(ctx, sc, func(tx Tx) error {
		st, err := tx.StrangerByID(r.Stranger)
		if fault.Is(err, fault.Missing) {
			return nil
		}
		if err != nil || st.Ignored || st.Held >= MaxHeld {
			return err
		}
		have, err := tx.HeldReports(st.ID)
		if err != nil {
			return err
		}
		for _, h := range have {
			if h.Action == r.Action && h.MessageID == r.MessageID {
				return nil
			}
		}
		r.Number = len(have) + 1
		if err := tx.InsertHeldReport(st, r); err != nil {
			return err
		}
		st.Held, st.LastAt = r.Number, r.ReceivedAt
		_, err = tx.SaveStranger(st)
		return err
	})
}

// Onboarding is how an operator takes new charge points in.
type Onboarding struct {
	Operator ident.Operator
	// Knock lets charge points that nobody registered say who they are; off, they get 404.
	Knock bool
}

// Onboarding is the operator's.
func (s *Service) Onboarding(ctx context.Context, sc authz.Scope) (Onboarding, error) {
	return one(ctx, s.read, sc, func(tx Tx) (Onboarding, error) { return tx.OnboardingOf(sc.Operator()) })
}

// SetOnboarding changes it.
func (s *Service) SetOnboarding(ctx context.Context, sc authz.Scope, knock bool) (Onboarding, error) {
	if err := wholeOperator(sc); err != nil {
		return Onboarding{}, err
	}
	return one(ctx, s.write, sc, func(tx Tx) (Onboarding, error) {
		before, err := tx.OnboardingOf(sc.Operator())
		if err != nil {
			return before, err
		}
		after := Onboarding{Operator: sc.Operator(), Knock: knock}
		if err := tx.SaveOnboarding(after); err != nil {
			return before, err
		}
		return after, tx.Audit("onboarding.changed", sc.Operator().String(), before, after)
	})
}

// StrangerFilter narrows the inbox.
type StrangerFilter struct {
	Identity string // how it begins
	Ignored  *bool
}

// Strangers lists the inbox, who knocked last first.
func (s *Service) Strangers(ctx context.Context, sc authz.Scope, f StrangerFilter, p operator.Page) (operator.List[Stranger], error) {
	return one(ctx, s.read, sc, func(tx Tx) (operator.List[Stranger], error) { return tx.ListStrangers(f, p) })
}

// Stranger is one of the inbox, with the starts and stops that wait for its adoption.
func (s *Service) Stranger(ctx context.Context, sc authz.Scope, id ident.Stranger) (st Stranger, held []HeldReport, err error) {
	err = s.read(ctx, sc, func(tx Tx) (err error) {
		if st, err = tx.StrangerByID(id); err == nil {
			held, err = tx.HeldReports(id)
		}
		return err
	})
	return st, held, err
}

// IgnoreStranger says whether staff want to hear of a stranger.
func (s *Service) IgnoreStranger(ctx context.Context, sc authz.Scope, id ident.Stranger, ignored bool) (Stranger, error) {
	st, err := one(ctx, s.write, sc, func(tx Tx) (Stranger, error) {
		before, err := tx.StrangerByID(id)
		if err != nil || before.Ignored == ignored {
			return before, err
		}
		after := before
		after.Ignored = ignored
		if after, err = tx.SaveStranger(after); err != nil {
			return before, err
		}
		if ignored {
			if err := recordSettled(tx, after); err != nil {
				return before, err
			}
		}
		return after, tx.Audit("unknown_charge_point.ignored", id.String(), before, after)
	})
	if err == nil && ignored {
		s.settled(st.Identity)
	}
	return st, err
}

// ForgetStranger takes a stranger out of the inbox; if it knocks again it is a new one.
func (s *Service) ForgetStranger(ctx context.Context, sc authz.Scope, id ident.Stranger) error {
	st, err := one(ctx, s.write, sc, func(tx Tx) (Stranger, error) {
		st, err := tx.StrangerByID(id)
		if err != nil {
			return st, err
		}
		if err := tx.DeleteStranger(id); err != nil {
			return st, err
		}
		if err := recordSettled(tx, st); err != nil {
			return st, err
		}
		return st, tx.Audit("unknown_charge_point.forgotten", id.String(), st, nil)
	})
	if err == nil {
		s.settled(st.Identity)
	}
	return err
}

func recordSettled(tx Tx, st Stranger) error {
	return tx.Record(fact.Fact{Kind: FactStrangerSettled, Version: 1, Operator: st.Operator, Object: st.ID.String(), At: tx.Now(),
		Payload: StrangerSettled{Identity: st.Identity}})
}

func (s *Service) settled(identity string) {
	if s.opt.Settled != nil {
		s.opt.Settled(identity)
	}
}
