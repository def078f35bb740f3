package operator

import (
	"context"
	"time"

	"ccms/internal/authz"
	"ccms/internal/fact"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/money"
)

// Tx is what this package needs of a transaction. Save methods write where the row
// still has the version given and raise it by one; else they return fault.Stale,
// or NotFound where the row is out of sight.
type Tx interface {
	fact.Tx
	ClaimTx

	OperatorByID(ident.Operator) (Operator, error)
	OperatorPage(OperatorFilter, Page) (List[Operator], error)
	NextOperatorCode() (string, error)
	InsertOperator(Operator) error // conflict "code_taken"
	SaveOperator(Operator) error

	SubOperatorByID(ident.SubOperator) (SubOperator, error)
	SubOperatorPage(SubOperatorFilter, Page) (List[SubOperator], error)
	NextSubOperatorNo(ident.Operator) (int, error)
	InsertSubOperator(SubOperator) error
	SaveSubOperator(SubOperator) error

	StaffByID(ident.Staff) (Staff, error)
	StaffByLogin(login string) (Staff, bool, error)
	StaffPage(StaffFilter, Page) (List[Staff], error)
	InsertStaff(Staff) error // conflict "login_taken"
	SaveStaff(Staff) error
	// Leaders counts the valid staff of a role who belong to the whole operator,
	// and locks them against a change by somebody else.
	Leaders(ident.Operator, authz.Role) (int, error)

	InsertLogin(LoginSession) error
	LoginByHash([]byte) (LoginSession, bool, error)
	TouchLogin(hash []byte, at time.Time) error
	SaveActingIn(hash []byte, in ident.Operator) error
	DeleteLogin(hash []byte) error
	DeleteLoginsOf(ident.Staff) error

	InsertAPIToken(APIToken) error
	APITokenByHash([]byte) (APIToken, bool, error)
	APITokenByID(ident.APIToken) (APIToken, error)
	APITokenPage(ident.Staff, Page) (List[APIToken], error)
	TouchAPIToken(ident.APIToken, time.Time) error
	DeleteAPIToken(ident.APIToken) error

	// ThrottleTAT locks the bucket until the commit; one that is new was idle for long.
	ThrottleTAT(bucket []byte) (time.Time, error)
	// SaveThrottle writes a bucket that ThrottleTAT has locked.
	SaveThrottle(bucket []byte, tat time.Time) error

	KeptAnswer(RequestKey) (KeptAnswer, bool, error)
	SaveAnswer(RequestKey, Answer) error

	AuditPage(AuditFilter, Page) (List[AuditRow], error)

	DeskTx
	ExportTx

	// Forget deletes logins, throttles and answers that are over.
	ForgetLogins(now time.Time) (int, error)
	ForgetThrottles(now time.Time) (int, error)
	ForgetAnswers(before time.Time) (int, error)
}

// Run opens the one transaction of a call.
type Run func(context.Context, authz.Scope, func(Tx) error) error

// Options of a Service; zero fields take the defaults.
type Options struct {
	Cost        HashCost
	LoginRate   Rate
	AddressRate Rate
	// PlanExists says whether a plan may be the default of an operator; nil refuses
	// every plan. Package tariff comes later in the order, so cmd assigns it.
	PlanExists func(Tx, ident.Plan) error
}

// Service is what doors call.
type Service struct {
	write, read Run
	opt         Options
	dummy       string        // hash of no password, for logins that do not exist
	hashing     chan struct{} // one token per hash that may run: each takes memory
}

// New makes the service. write joins the group commit, read is a snapshot. Write
// must honour request keys; see Once.
func New(write, read Run, o Options) *Service {
	if o.Cost == (HashCost{}) {
		o.Cost = DefaultCost
	}
	if o.LoginRate == (Rate{}) {
		o.LoginRate = LoginRate
	}
	if o.AddressRate == (Rate{}) {
		o.AddressRate = AddressRate
	}
	return &Service{write: write, read: read, opt: o, dummy: hashPassword(o.Cost, newToken()), hashing: make(chan struct{}, 4)}
}

// CreateOperator makes an operator. The platform's staff and the system may.
func (s *Service) CreateOperator(ctx context.Context, sc authz.Scope, n NewOperator) (Operator, error) {
	if !sc.Platform() && !sc.All() {
		return Operator{}, fault.New(fault.Denied, "platform_only", "Only the platform can make operators.")
	}
	var out Operator
	err := s.write(ctx, sc, func(tx Tx) error {
		o := Operator{ID: ident.New[ident.Operator](tx.Now()), Name: clean(n.Name), Code: n.Code, Currency: n.Currency, TimeZone: n.TimeZone, Version: 1}
		if o.Code == "" {
			code, err := tx.NextOperatorCode()
			if err != nil {
				return err
			}
			o.Code = code
		}
		if err := o.check(); err != nil {
			return err
		}
		if err := tx.InsertOperator(o); err != nil {
			return err
		}
		out = o
		return tx.Audit("operator.created", o.ID.String(), nil, o)
	})
	return out, err
}

// Operators lists what the scope sees: all for the platform, else the own one.
func (s *Service) Operators(ctx context.Context, sc authz.Scope, f OperatorFilter, p Page) (List[Operator], error) {
	return one(ctx, s.read, sc, func(tx Tx) (List[Operator], error) { return tx.OperatorPage(f, p) })
}

// Operator is one operator.
func (s *Service) Operator(ctx context.Context, sc authz.Scope, id ident.Operator) (Operator, error) {
	return one(ctx, s.read, sc, func(tx Tx) (Operator, error) { return tx.OperatorByID(id) })
}

// UpdateOperator changes an operator that has the version.
func (s *Service) UpdateOperator(ctx context.Context, sc authz.Scope, id ident.Operator, version int64, c OperatorChange) (Operator, error) {
	return one(ctx, s.write, sc, func(tx Tx) (Operator, error) {
		before, err := tx.OperatorByID(id)
		if err != nil {
			return Operator{}, err
		}
		if before.Version != version {
			return Operator{}, fault.Stale(before.Version, version)
		}
		if c.DefaultPlan != nil && !c.DefaultPlan.IsZero() {
			if s.opt.PlanExists == nil || s.opt.PlanExists(tx, *c.DefaultPlan) != nil {
				return Operator{}, fault.BadInput("/default_plan_id", "is no plan of this operator")
			}
		}
		after, err := before.apply(c)
		if err != nil {
			return Operator{}, err
		}
		if err := tx.SaveOperator(after); err != nil {
			return Operator{}, err
		}
		after.Version++
		return after, tx.Audit("operator.changed", id.String(), before, after)
	})
}

// Audit lists what was done, newest first.
func (s *Service) Audit(ctx context.Context, sc authz.Scope, f AuditFilter, p Page) (List[AuditRow], error) {
	return one(ctx, s.read, sc, func(tx Tx) (List[AuditRow], error) { return tx.AuditPage(f, p) })
}

// Forget clears what is over: expired logins, idle throttles, answers older than a
// day. It runs every few minutes.
func (s *Service) Forget(ctx context.Context) error {
	return s.write(ctx, authz.Everything("forget expired logins and answers"), func(tx Tx) error {
		if _, err := tx.ForgetLogins(tx.Now()); err != nil {
			return err
		}
		if _, err := tx.ForgetThrottles(tx.Now()); err != nil {
			return err
		}
		_, err := tx.ForgetAnswers(tx.Now().Add(-AnswersLast))
		return err
	})
}

// AnswersLast is how long a request key is honoured.
const AnswersLast = 24 * time.Hour

// Kept looks up what is known about a request key. A key that came with another
// request is a conflict; so is one whose answer is not there.
func (s *Service) Kept(ctx context.Context, sc authz.Scope, k RequestKey) (Answer, bool, error) {
	var kept KeptAnswer
	var found bool
	err := s.read(ctx, sc, func(tx Tx) (err error) {
		kept, found, err = tx.KeptAnswer(k)
		return err
	})
	switch {
	case err != nil || !found:
		return Answer{}, false, err
	case !kept.Same:
		return Answer{}, false, ErrKeyReused()
	case !kept.Done:
		return Answer{}, false, ErrKeyInProgress()
	}
	return kept.Answer, true, nil
}

// Keep stores the answer to a request that claimed its key.
func (s *Service) Keep(ctx context.Context, sc authz.Scope, k RequestKey, a Answer) error {
	return s.write(ctx, sc, func(tx Tx) error { return tx.SaveAnswer(k, a) })
}

// DefaultCurrency and DefaultZone are what a new operator has when nobody says.
const (
	DefaultCurrency = money.Currency("EUR")
	DefaultZone     = "UTC"
)

// one runs fn in a transaction and returns what its last run gave.
func one[T any](ctx context.Context, run Run, sc authz.Scope, fn func(Tx) (T, error)) (T, error) {
	var out, none T
	err := run(ctx, sc, func(tx Tx) (err error) {
		out, err = fn(tx)
		return err
	})
	if err != nil {
		return none, err
	}
	return out, nil
}
