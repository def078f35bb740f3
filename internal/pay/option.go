package pay

import (
	"context"
	"strings"
	"time"

	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
)

// Method is a way to pay that an operator may offer.
type Method string

// The methods. Cash and BankTransfer are received by staff, without a provider.
const (
	ByCard       Method = "card"
	ByPayPal     Method = "paypal"
	Cash         Method = "cash"
	BankTransfer Method = "bank_transfer"
)

// Methods lists them in the order that screens show.
var Methods = []Method{ByCard, ByPayPal, Cash, BankTransfer}

// Provider is who carries the method out; "" where staff do.
func (m Method) Provider() Provider {
	switch m {
	case ByCard:
		return Stripe
	case ByPayPal:
		return PayPal
	}
	return ""
}

// Method is what a provider is offered as.
func (p Provider) Method() Method {
	if p == PayPal {
		return ByPayPal
	}
	return ByCard
}

// Option is one method as an operator has set it up.
type Option struct {
	Operator    ident.Operator
	Method      Method
	Enabled     bool
	Guests      bool // those without an account may pay by it, too
	Secret      Secret
	Hint        string // the last letters of the key, to be recognised by
	HookSet     bool
	TestedAt    time.Time
	TestFailure string // "" where the last test went well
	Version     int64  // 1: never saved
}

// Ready reports whether somebody can pay by it.
func (o Option) Ready() bool {
	return o.Enabled && (o.Method.Provider() == "" || o.Secret.Key != "")
}

// OptionChange is what staff change of a method. A nil secret stays as it is.
type OptionChange struct {
	Method  Method
	Enabled bool
	Guests  bool
	ID      *string
	Key     *string
	Webhook *string
	Version int64
}

const maxSecret = 500

func (c OptionChange) apply(o Option) (Option, error) {
	o.Enabled, o.Guests = c.Enabled, c.Guests
	provider := c.Method.Provider()
	if o.Guests && provider == "" {
		return o, fault.BadInput("/guests", "is for methods that a payment provider carries out")
	}
	for _, f := range []struct {
		at   string
		from *string
		to   *string
	}{{"/client_id", c.ID, &o.Secret.ID}, {"/secret_key", c.Key, &o.Secret.Key}, {"/webhook_secret", c.Webhook, &o.Secret.Webhook}} {
		if f.from == nil {
			continue
		}
		v := strings.TrimSpace(*f.from)
		switch {
		case provider == "":
			return o, fault.BadInput(f.at, "is for methods that a payment provider carries out")
		case len(v) > maxSecret || strings.ContainsFunc(v, func(r rune) bool { return r <= ' ' || r > '~' }):
			return o, fault.BadInput(f.at, "must be what the provider shows, without blanks, in at most %d letters", maxSecret)
		case f.at == "/secret_key" && provider == Stripe && v != "" && !strings.HasPrefix(v, "sk_") && !strings.HasPrefix(v, "rk_"):
			return o, fault.BadInput(f.at, "must be a secret key of Stripe: it begins with sk_ or rk_")
		case f.at == "/client_id" && provider == Stripe && v != "":
			return o, fault.BadInput(f.at, "is for PayPal; Stripe needs none")
		}
		if f.at == "/webhook_secret" && v != o.Secret.Webhook {
			o.Secret.Former = o.Secret.Webhook // what is on its way is still signed with it
		}
		if *f.to != v {
			o.TestedAt, o.TestFailure = time.Time{}, ""
		}
		*f.to = v
	}
	o.Hint, o.HookSet = last4(o.Secret.Key), o.Secret.Webhook != ""
	switch {
	case !o.Enabled || provider == "":
	case o.Secret.Key == "":
		return o, fault.BadInput("/secret_key", "is needed before the method can be offered")
	case provider == PayPal && o.Secret.ID == "":
		return o, fault.BadInput("/client_id", "is needed before the method can be offered")
	}
	return o, nil
}

func last4(s string) string {
	if len(s) < 12 {
		return ""
	}
	return s[len(s)-4:]
}

// optionOf is a method of an operator; one that was never saved is off.
func optionOf(tx Tx, op ident.Operator, m Method) (Option, error) {
	all, err := tx.PayOptions(op)
	for _, o := range all {
		if o.Method == m {
			return o, err
		}
	}
	return Option{Operator: op, Method: m, Version: 1}, err
}

// Options are all methods of the scope's operator, also those that were never saved.
// Secrets are left out.
func (s *Service) Options(ctx context.Context, sc authz.Scope) ([]Option, error) {
	return one(ctx, s.read, sc, func(tx Tx) ([]Option, error) {
		out := make([]Option, 0, len(Methods))
		for _, m := range Methods {
			o, err := optionOf(tx, sc.Operator(), m)
			if err != nil {
				return nil, err
			}
			out = append(out, o.bare())
		}
		return out, nil
	})
}

// bare is the option without what nobody may read.
func (o Option) bare() Option {
	o.Secret = Secret{ID: o.Secret.ID}
	return o
}

var errOptionOfSub = fault.New(fault.Denied, "operator_only", "How drivers pay is the operator's to say.")

// SaveOption changes a method where it still has c.Version.
func (s *Service) SaveOption(ctx context.Context, sc authz.Scope, c OptionChange) (Option, error) {
	if !sc.Sub().IsZero() {
		return Option{}, errOptionOfSub
	}
	return one(ctx, s.write, sc, func(tx Tx) (Option, error) {
		before, err := optionOf(tx, sc.Operator(), c.Method)
		if err != nil {
			return before, err
		}
		if before.Version != c.Version {
			return before, fault.Stale(before.Version, c.Version)
		}
		after, err := c.apply(before)
		if err != nil {
			return before, err
		}
		if err := tx.SavePayOption(after); err != nil {
			return before, err
		}
		after.Version++
		return after.bare(), tx.Audit("payment_option.changed", string(c.Method), seenOption(before), seenOption(after))
	})
}

// seenOption is what the audit has of a method: which keys changed, and none of them.
func seenOption(o Option) map[string]any {
	return map[string]any{"method": o.Method, "enabled": o.Enabled, "guests": o.Guests, "client_id": o.Secret.ID, "key_ends": o.Hint, "webhook_secret": o.HookSet}
}

// TestOption asks the provider whether it takes the operator's keys. The answer is kept
// beside them.
func (s *Service) TestOption(ctx context.Context, sc authz.Scope, m Method) (Option, error) {
	if !sc.Sub().IsZero() {
		return Option{}, errOptionOfSub
	}
	g := s.gateways[m.Provider()]
	if g == nil {
		return Option{}, fault.New(fault.Invalid, "no_provider", "This method has no payment provider to test.")
	}
	o, err := one(ctx, s.read, sc, func(tx Tx) (Option, error) { return optionOf(tx, sc.Operator(), m) })
	if err != nil {
		return o, err
	}
	if o.Secret.Key == "" {
		return o, fault.New(fault.Conflict, "keys_missing", "There are no keys to test yet. Enter them first.")
	}
	call, cancel := context.WithTimeout(ctx, CallWithin)
	defer cancel()
	why := ""
	if err := g.Test(call, s.access(o)); err != nil {
		why = whyOf(err).Text
	}
	return one(ctx, s.write, sc, func(tx Tx) (Option, error) {
		now, err := optionOf(tx, sc.Operator(), m)
		if err != nil {
			return now, err
		}
		if now.Version != o.Version { // other keys were tested
			return now, fault.Stale(now.Version, o.Version)
		}
		now.TestedAt, now.TestFailure = tx.Now(), why
		if err := tx.SavePayOption(now); err != nil {
			return now, err
		}
		now.Version++
		return now.bare(), tx.Audit("payment_option.tested", string(m), nil, map[string]any{"failure": why})
	})
}

// Accepts reports whether staff may take money by a method at the desk.
func (s *Service) Accepts(ctx context.Context, sc authz.Scope, m Method) error {
	o, err := one(ctx, s.read, sc, func(tx Tx) (Option, error) { return optionOf(tx, sc.Operator(), m) })
	if err == nil && !o.Ready() {
		err = notOffered
	}
	return err
}

var notOffered = fault.New(fault.Conflict, "method_not_offered", "This way to pay is not set up. Turn it on under Finance / Payment options.")
