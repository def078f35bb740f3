package pay

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"ccms/internal/authz"
	"ccms/internal/fact"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/ledger"
	"ccms/internal/money"
	"ccms/internal/operator"
	"ccms/internal/session"
)

// Service is what doors, consumers and sweepers call.
type Service struct {
	write, read Run
	gateways    map[Provider]Gateway
	sessions    *session.Service
	now         func() time.Time
	log         *slog.Logger
}

// New makes the service. write joins the group commit, read is a snapshot; sessions starts
// and stops what guests pay for; now stamps what is not written, the age of signatures.
func New(write, read Run, gateways map[Provider]Gateway, sessions *session.Service, now func() time.Time, log *slog.Logger) *Service {
	return &Service{write: write, read: read, gateways: gateways, sessions: sessions, now: now, log: log}
}

// Changed is the fact of a payment that came to another state.
const Changed fact.Kind = "payment.changed"

// ChangedPayload is what it says.
type ChangedPayload struct {
	Payment  ident.Payment `json:"payment_id"`
	Type     Type          `json:"type"`
	State    State         `json:"state"`
	Account  ident.Account `json:"account_id"`
	Driver   ident.Driver  `json:"driver_id,omitzero"`
	Session  ident.Session `json:"session_id,omitzero"`
	Amount   money.Amount  `json:"amount"`
	Captured money.Amount  `json:"captured"`
}

func (s *Service) access(o Option) Access {
	return Access{Operator: o.Operator, Secret: o.Secret, Now: s.now()}
}

// TopUpRequest asks for a recharge by a provider.
type TopUpRequest struct {
	Driver    ident.Driver
	Account   ident.Account
	Amount    money.Amount
	Method    Method
	Card      ident.Card // a saved one, which is charged at once; none: the payer goes to the provider's page
	SaveCard  bool
	ReturnURL string // where the provider's page leads back to
	Key       string
}

// Longest texts, in bytes.
const (
	maxKey    = 200
	maxURL    = 500
	maxReason = 200
)

func (r TopUpRequest) check() error {
	switch {
	case r.Amount.Minor <= 0:
		return fault.BadInput("/amount", "must be above 0")
	case r.Method.Provider() == "":
		return fault.BadInput("/method", "must be %s or %s", ByCard, ByPayPal)
	case !r.Card.IsZero() && r.Method != ByCard:
		return fault.BadInput("/card_id", "is for payments by card")
	case r.Card.IsZero() && !webAddress(r.ReturnURL):
		return fault.BadInput("/return_url", "must be an address that begins with https:// or http://, in at most %d letters", maxURL)
	case r.Key == "" || len(r.Key) > maxKey:
		return errNoKey
	}
	return nil
}

var errNoKey = fault.New(fault.Invalid, "idempotency_key_missing", "A payment needs an idempotency key, so that a repeated request pays once.")

// TopUp begins a recharge by a provider. A saved card is charged before it returns, as a
// rule; else Action says where the payer has to go. The same key again gives the same
// payment as it is now.
func (s *Service) TopUp(ctx context.Context, sc authz.Scope, r TopUpRequest) (Payment, error) {
	if err := r.check(); err != nil {
		return Payment{}, err
	}
	p, err := one(ctx, s.write, sc, func(tx Tx) (Payment, error) {
		a, err := tx.LockAccount(r.Account)
		if err != nil {
			return Payment{}, err
		}
		p := Payment{Type: TopUp, Provider: r.Method.Provider(), Driver: r.Driver, Account: a.ID, Amount: r.Amount, SaveCard: r.SaveCard, ReturnURL: r.ReturnURL,
			By: sc.Actor.Staff, Key: r.Key}
		if first, found, err := sameRequest(tx, a.Operator, p); err != nil || found {
			return first, err
		}
		if a.Currency != r.Amount.Currency {
			return p, fault.BadInput("/amount/currency", "must be %s, the currency of the account", a.Currency)
		}
		o, err := optionOf(tx, a.Operator, r.Method)
		if err != nil {
			return p, err
		}
		if !o.Ready() {
			return p, notOffered
		}
		if err := ledger.AllowTopUp(tx, a.Operator, r.Amount); err != nil {
			return p, err
		}
		if !r.Card.IsZero() {
			c, err := tx.CardByID(r.Card)
			if err != nil {
				return p, err
			}
			if c.Driver != r.Driver || c.Removed {
				return p, fault.NotFound("card")
			}
			p.Card = c.Card
		}
		return begin(tx, a, p, OpCreate)
	})
	if err != nil {
		return p, err
	}
	return s.carriedOn(ctx, sc, p)
}

// sameRequest finds what the key was used for.
func sameRequest(tx Tx, op ident.Operator, p Payment) (Payment, bool, error) {
	first, found, err := tx.PaymentByKey(op, p.Key)
	if err == nil && found && (first.Type != p.Type || first.Account != p.Account || first.Driver != p.Driver || first.Provider != p.Provider ||
		first.Of != p.Of || first.Type != Hold && first.Amount != p.Amount) {
		err = fault.New(fault.Conflict, "idempotency_key_reused", "This idempotency key came with another request before.")
	}
	return first, found, err
}

// begin stores a payment with its first step. The worker may carry it on from here.
func begin(tx Tx, a ledger.Account, p Payment, op Op) (Payment, error) {
	none := money.New(0, a.Currency)
	p.ID, p.Operator, p.State, p.At, p.DueAt = ident.New[ident.Payment](tx.Now()), a.Operator, Created, tx.Now(), tx.Now()
	if p.Sub.IsZero() {
		p.Sub = a.Sub
	}
	p.Captured, p.Refunded, p.Refunding, p.Fee, p.Version = none, none, none, none, 1
	if err := tx.InsertPayment(p); err != nil {
		return p, err
	}
	if err := step(tx, p, op, p.Amount); err != nil {
		return p, err
	}
	return p, tx.Audit("payment.began", p.ID.String(), nil, audited(p))
}

// audited is what the audit has of a payment: no names of cards, no addresses to pay at.
func audited(p Payment) map[string]any {
	return map[string]any{"type": p.Type, "provider": p.Provider, "amount": p.Amount, "account": p.Account, "driver": p.Driver, "of": p.Of, "reason": p.Reason}
}

// step stores what the provider shall be asked for.
func step(tx Tx, p Payment, op Op, a money.Amount) error {
	before, err := tx.StepsOf(p.ID)
	if err != nil {
		return err
	}
	return tx.InsertStep(Step{Payment: p.ID, Number: len(before) + 1, Operator: p.Operator, Sub: p.Sub, Op: op, Amount: a, State: StepOpen, At: tx.Now()})
}

// carriedOn works on a payment that was just begun, and returns it as it is then. That
// nothing came of it is no error here: the worker goes on with it.
func (s *Service) carriedOn(ctx context.Context, sc authz.Scope, p Payment) (Payment, error) {
	if err := s.carry(ctx, Due{p.ID, p.Operator}); err != nil {
		s.log.Warn("a payment was left to the worker", "payment", p.ID.String(), "error", err)
	}
	return one(ctx, s.read, sc, func(tx Tx) (Payment, error) { return tx.PaymentByID(p.ID) })
}

// RefundRequest asks for money of a payment to go back to where it came from.
type RefundRequest struct {
	Payment  ident.Payment
	Amount   money.Amount // zero value: all that is left
	Code     ReasonCode
	Reason   string
	Overdraw bool // although the wallet has spent it (RCH-R2)
	Key      string
}

// Refund gives money of a payment back. What it had put on a wallet goes off it at once,
// so that nobody spends it meanwhile.
func (s *Service) Refund(ctx context.Context, sc authz.Scope, r RefundRequest) (Payment, error) {
	switch n := len([]rune(r.Reason)); {
	case r.Key == "" || len(r.Key) > maxKey:
		return Payment{}, errNoKey
	case !knownReason(r.Code):
		return Payment{}, fault.BadInput("/reason_code", "must be one of the reasons that the reference lists")
	case n == 0 || n > maxReason:
		return Payment{}, fault.BadInput("/reason", "must say why, in at most %d letters", maxReason)
	}
	back, err := one(ctx, s.write, sc, func(tx Tx) (Payment, error) {
		of, err := tx.LockPayment(r.Payment)
		if err != nil {
			return of, err
		}
		return giveBack(tx, of, r, sc.Actor.Staff)
	})
	if err != nil {
		return back, err
	}
	return s.carriedOn(ctx, sc, back)
}

// giveBack begins a refund of a payment that is locked.
func giveBack(tx Tx, of Payment, r RefundRequest, by ident.Staff) (Payment, error) {
	amount := r.Amount
	if amount == (money.Amount{}) {
		amount = of.Remaining()
	}
	back := Payment{Type: Refund, Provider: of.Provider, Account: of.Account, Driver: of.Driver, Session: of.Session, Sub: of.Sub, Of: of.ID,
		Amount: amount, Reason: r.Reason, ReasonAs: r.Code, By: by, Key: r.Key}
	if first, found, err := tx.PaymentByKey(of.Operator, r.Key); err != nil || found {
		// Without an amount the first answer counts, whatever was left then.
		if err == nil && (first.Of != of.ID || first.Reason != r.Reason || r.Amount != (money.Amount{}) && first.Amount != amount) {
			err = fault.New(fault.Conflict, "idempotency_key_reused", "This idempotency key came with another request before.")
		}
		return first, err
	}
	of, err := refunding(of, amount)
	if err != nil {
		return back, err
	}
	if err := tx.SavePayment(of); err != nil {
		return back, err
	}
	a, err := tx.LockAccount(of.Account)
	if err != nil {
		return back, err
	}
	if back, err = begin(tx, a, back, OpRefund); err != nil {
		return back, err
	}
	if of.Recharge.IsZero() {
		return back, fault.New(fault.Internal, "payment_unbooked", "The payment is not in the books yet.")
	}
	out, _, err := ledger.SendBack(tx, ledger.ReversalRequest{Recharge: of.Recharge, Amount: amount, Reason: r.Reason, Overdraw: r.Overdraw || of.Type != TopUp,
		Key: "refund:" + back.ID.String(), Payment: back.ID}, by)
	if err != nil {
		return back, err
	}
	back.Recharge = out.ID
	if err := tx.SavePayment(back); err != nil {
		return back, err
	}
	back.Version++
	return back, nil
}

// Payments lists payments, newest first.
func (s *Service) Payments(ctx context.Context, sc authz.Scope, f Filter, p operator.Page) (operator.List[Row], error) {
	return one(ctx, s.read, sc, func(tx Tx) (operator.List[Row], error) { return tx.PaymentPage(f, p) })
}

// Detail is one payment with its steps, webhooks and refunds.
func (s *Service) Detail(ctx context.Context, sc authz.Scope, id ident.Payment) (Detail, error) {
	return one(ctx, s.read, sc, func(tx Tx) (Detail, error) {
		row, err := tx.PaymentRow(id)
		out := Detail{Row: row}
		if err != nil {
			return out, err
		}
		if out.Steps, err = tx.StepsOf(id); err != nil {
			return out, err
		}
		if out.Notices, err = tx.NoticesOf(id); err != nil {
			return out, err
		}
		if out.Refunds, err = tx.RefundsOf(id); err != nil {
			return out, err
		}
		if !row.Recharge.IsZero() {
			r, err := tx.RechargeByID(row.Recharge)
			if err != nil {
				return out, err
			}
			out.Recharge = &r
		}
		return out, nil
	})
}

// Cards are those that a driver keeps.
func (s *Service) Cards(ctx context.Context, sc authz.Scope, d ident.Driver) ([]SavedCard, error) {
	return one(ctx, s.read, sc, func(tx Tx) ([]SavedCard, error) { return tx.CardsOf(d) })
}

// RemoveCard forgets a card. What names it at the provider is destroyed here.
func (s *Service) RemoveCard(ctx context.Context, sc authz.Scope, id ident.Card) error {
	return s.write(ctx, sc, func(tx Tx) error {
		c, err := tx.CardByID(id)
		if err != nil {
			return err
		}
		if err := tx.RemoveCard(id); err != nil {
			return err
		}
		return tx.Audit("payment_card.removed", id.String(), map[string]any{"driver": c.Driver, "brand": c.Card.Brand, "last4": c.Card.Last4}, nil)
	})
}

// Hear takes a webhook of an operator's provider. What it says is looked up, not
// believed; one that is of nothing here is taken note of and forgotten.
func (s *Service) Hear(ctx context.Context, op ident.Operator, by Provider, d Delivery) error {
	g := s.gateways[by]
	if g == nil {
		return fault.NotFound("payment provider")
	}
	sc := authz.ForSystem(op, "webhook of "+string(by))
	o, err := one(ctx, s.read, sc, func(tx Tx) (Option, error) { return optionOf(tx, op, by.Method()) })
	if err != nil {
		return err
	}
	if o.Secret.Webhook == "" {
		return fault.NotFound("payment provider")
	}
	call, cancel := context.WithTimeout(ctx, CallWithin)
	defer cancel()
	n, err := g.Hear(call, s.access(o), d)
	switch {
	case errors.Is(err, ErrForged):
		return fault.New(fault.Denied, "signature", "The signature of this webhook does not fit, or it is too old.")
	case err != nil:
		return fault.New(fault.Unavailable, "webhook_unverified", "The webhook could not be verified now. Send it again.").Because(err)
	}
	return s.write(ctx, sc, func(tx Tx) error {
		p, found, err := meant(tx, op, by, n)
		if err != nil || !found {
			return err
		}
		n.Payment, n.Operator, n.Provider, n.At = p.ID, op, by, tx.Now()
		fresh, err := tx.InsertNotice(n)
		if err != nil || !fresh {
			return err
		}
		if p, err = tx.LockPayment(p.ID); err != nil {
			return err
		}
		p.DueAt, p.Looks = tx.Now(), 0
		return tx.SavePayment(p)
	})
}

// meant finds the payment of a webhook: by our name for it, which the provider carries
// along, else by its own.
func meant(tx Tx, op ident.Operator, by Provider, n Notice) (Payment, bool, error) {
	if !n.Payment.IsZero() {
		p, err := tx.PaymentByID(n.Payment)
		if err == nil && p.Provider == by {
			return p, true, nil
		}
		if err != nil && !fault.Is(err, fault.Missing) {
			return p, false, err
		}
	}
	return tx.PaymentByRef(op, by, n.Refs)
}

// webAddress reports whether a browser can be sent there.
func webAddress(s string) bool {
	return len(s) <= maxURL && (hasHost(s, "https://") || hasHost(s, "http://"))
}

func hasHost(s, scheme string) bool {
	return len(s) > len(scheme) && s[:len(scheme)] == scheme && s[len(scheme)] != '/'
}

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
