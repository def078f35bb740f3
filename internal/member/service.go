package member

import (
	"context"

	"ccms/internal/authz"
	"ccms/internal/fact"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/operator"
)

// The facts of this package. Their payloads hold ids, never personal data.
const (
	FactDriverCreated fact.Kind = "driver.created"
	FactDriverChanged fact.Kind = "driver.changed"
	FactTokenCreated  fact.Kind = "token.created"
	FactTokenChanged  fact.Kind = "token.changed"
)

// DriverFact is the payload of the driver facts.
type DriverFact struct {
	Driver ident.Driver `json:"driver_id"`
	Status DriverStatus `json:"status"`
}

// TokenFact is the payload of the token facts.
type TokenFact struct {
	Token  ident.Token  `json:"token_id"`
	Driver ident.Driver `json:"driver_id"`
	Status TokenStatus  `json:"status"`
}

// Options of a Service.
type Options struct {
	// OpenAccount opens the wallet of a new driver in the same transaction. Package
	// ledger comes later in the order, so cmd assigns it.
	OpenAccount func(Tx, Driver) (ident.Account, error)
	// Blockers refuses to close a driver with a running session, a debt or a balance
	// (USR-R2); nil blocks nothing.
	Blockers func(Tx, Driver) error
	// GroupPriced says whether plans are assigned to a group. Package tariff comes later in
	// the order, so cmd assigns it; nil says no.
	GroupPriced func(Tx, ident.Group) (bool, error)
}

// Service is what doors call.
type Service struct {
	write, read Run
	opt         Options
}

// New makes the service. write joins the group commit, read is a snapshot.
func New(write, read Run, o Options) *Service { return &Service{write: write, read: read, opt: o} }

func one[T any](ctx context.Context, run Run, sc authz.Scope, fn func(Tx) (T, error)) (T, error) {
	var out T
	err := run(ctx, sc, func(tx Tx) (err error) {
		out, err = fn(tx)
		return err
	})
	if err != nil {
		var none T
		return none, err
	}
	return out, nil
}

// CreateDriver makes a driver with a charging account and its wallet.
func (s *Service) CreateDriver(ctx context.Context, sc authz.Scope, d Driver) (Driver, error) {
	d, err := d.checked()
	if err != nil {
		return Driver{}, err
	}
	if d.Operator, d.Sub, err = owner(sc, d.Sub); err != nil {
		return Driver{}, err
	}
	return one(ctx, s.write, sc, func(tx Tx) (Driver, error) {
		d := d
		if !d.Sub.IsZero() && sc.Sub().IsZero() {
			if _, err := tx.SubOperatorByID(d.Sub); err != nil {
				return d, missingField(err, "/sub_operator_id", "sub-operator")
			}
		}
		if err := joins(tx, d); err != nil {
			return d, err
		}
		d.ID, d.Version = ident.New[ident.Driver](tx.Now()), 1
		n, err := tx.NextChargingAccount()
		if err != nil {
			return d, err
		}
		if d.ChargingAccount, err = ChargingAccount(n); err != nil {
			return d, err
		}
		if d.Wallet, err = s.opt.OpenAccount(tx, d); err != nil {
			return d, err
		}
		if err := tx.InsertDriver(d); err != nil {
			return d, err
		}
		if err := tx.Audit("driver.created", d.ID.String(), nil, d); err != nil {
			return d, err
		}
		return d, recordDriver(tx, FactDriverCreated, d)
	})
}

// Driver is one driver.
func (s *Service) Driver(ctx context.Context, sc authz.Scope, id ident.Driver) (Driver, error) {
	return one(ctx, s.read, sc, func(tx Tx) (Driver, error) { return tx.DriverByID(id) })
}

// Drivers lists drivers.
func (s *Service) Drivers(ctx context.Context, sc authz.Scope, f DriverFilter, p operator.Page) (operator.List[Driver], error) {
	return one(ctx, s.read, sc, func(tx Tx) (operator.List[Driver], error) { return tx.ListDrivers(f, p) })
}

// UpdateDriver changes a driver that has this version. The charging account and the
// wallet never change.
func (s *Service) UpdateDriver(ctx context.Context, sc authz.Scope, id ident.Driver, c DriverChange, version int64) (Driver, error) {
	return one(ctx, s.write, sc, func(tx Tx) (Driver, error) {
		before, err := tx.DriverByID(id)
		if err != nil {
			return before, err
		}
		if before.Version != version { // says so before it complains about a state nobody saw
			return before, fault.Stale(before.Version, version)
		}
		after, err := before.apply(c)
		if err != nil {
			return before, err
		}
		if after.Group != before.Group {
			if err := joins(tx, after); err != nil {
				return before, err
			}
		}
		if after.Status == DriverClosed && s.opt.Blockers != nil {
			if err := s.opt.Blockers(tx, before); err != nil {
				return before, err
			}
		}
		if err := tx.SaveDriver(after, version); err != nil {
			return before, err
		}
		after.Version = version + 1
		if err := tx.Audit("driver.changed", id.String(), before, after); err != nil {
			return before, err
		}
		return after, recordDriver(tx, FactDriverChanged, after)
	})
}

func recordDriver(tx Tx, k fact.Kind, d Driver) error {
	return tx.Record(fact.Fact{Kind: k, Version: 1, Operator: d.Operator, Sub: d.Sub, Object: d.ID.String(), At: tx.Now(),
		Payload: DriverFact{Driver: d.ID, Status: d.Status}})
}

// CreateToken gives a driver a token. One that exists in any spelling is refused
// with fault.Conflict "token_exists", naming the charging account that has it where
// the caller may know (USR-A7).
func (s *Service) CreateToken(ctx context.Context, sc authz.Scope, t Token) (Holder, error) {
	t, err := t.checked()
	if err != nil {
		return Holder{}, err
	}
	return one(ctx, s.write, sc, func(tx Tx) (Holder, error) {
		t := t
		d, err := tx.DriverByID(t.Driver)
		if err != nil {
			return Holder{}, missingField(err, "/driver_id", "driver")
		}
		if d.Status == DriverClosed {
			return Holder{}, fault.New(fault.Conflict, "driver_closed", "This profile is closed and cannot be changed.")
		}
		t.ID, t.Version = ident.New[ident.Token](tx.Now()), 1
		t.Operator, t.Sub = d.Operator, d.Sub
		has, err := tx.TokenByUID(t.UID)
		if err != nil {
			return Holder{}, err
		}
		if has.Found {
			return Holder{}, TokenExists("This card is there already: it belongs to charging account %s.", has.Driver.ChargingAccount)
		}
		if err := tx.InsertToken(t); err != nil {
			return Holder{}, err
		}
		if err := tx.Audit("token.created", t.ID.String(), nil, t); err != nil {
			return Holder{}, err
		}
		return Holder{Token: t, Driver: d, Found: true}, recordToken(tx, FactTokenCreated, t)
	})
}

// TokenExists is the conflict of a second token with the same uid.
func TokenExists(detail string, args ...any) *fault.Error {
	return fault.New(fault.Conflict, "token_exists", detail, args...).At("/uid", "is there already")
}

// Token is one token with its driver.
func (s *Service) Token(ctx context.Context, sc authz.Scope, id ident.Token) (Holder, error) {
	return one(ctx, s.read, sc, func(tx Tx) (Holder, error) { return holder(tx, id) })
}

func holder(tx Tx, id ident.Token) (Holder, error) {
	t, err := tx.TokenByID(id)
	if err != nil {
		return Holder{}, err
	}
	d, err := tx.DriverByID(t.Driver)
	return Holder{Token: t, Driver: d, Found: true}, err
}

// Tokens lists tokens with their drivers.
func (s *Service) Tokens(ctx context.Context, sc authz.Scope, f TokenFilter, p operator.Page) (operator.List[Holder], error) {
	return one(ctx, s.read, sc, func(tx Tx) (operator.List[Holder], error) { return tx.ListTokens(f, p) })
}

// UpdateToken changes a token that has this version. It counts from the commit on.
func (s *Service) UpdateToken(ctx context.Context, sc authz.Scope, id ident.Token, c TokenChange, version int64) (Holder, error) {
	return one(ctx, s.write, sc, func(tx Tx) (Holder, error) {
		h, err := holder(tx, id)
		if err != nil {
			return h, err
		}
		after, err := h.Token.apply(c)
		if err != nil {
			return h, err
		}
		if err := tx.SaveToken(after, version); err != nil {
			return h, err
		}
		after.Version = version + 1
		if err := tx.Audit("token.changed", id.String(), h.Token, after); err != nil {
			return h, err
		}
		h.Token = after
		return h, recordToken(tx, FactTokenChanged, after)
	})
}

func recordToken(tx Tx, k fact.Kind, t Token) error {
	return tx.Record(fact.Fact{Kind: k, Version: 1, Operator: t.Operator, Sub: t.Sub, Object: t.ID.String(), At: tx.Now(),
		Payload: TokenFact{Token: t.ID, Driver: t.Driver, Status: t.Status}})
}

// owner is whom a new driver belongs to.
func owner(sc authz.Scope, sub ident.SubOperator) (ident.Operator, ident.SubOperator, error) {
	op := sc.Operator()
	switch {
	case op.IsZero():
		return op, sub, fault.New(fault.Denied, "operator_needed", "Enter an operator first.")
	case sc.Sub().IsZero():
		return op, sub, nil
	case !sub.IsZero() && sub != sc.Sub():
		return op, sub, fault.BadInput("/sub_operator_id", "there is no such sub-operator")
	}
	return op, sc.Sub(), nil
}

func missingField(err error, pointer, what string) error {
	if fault.Is(err, fault.Missing) {
		return fault.BadInput(pointer, "there is no such %s", what)
	}
	return err
}
