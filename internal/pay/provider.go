package pay

import (
	"context"
	"errors"
	"time"

	"ccms/internal/ident"
	"ccms/internal/money"
)

// Gateway is what a provider can be asked. Each call has a deadline, and asks once: what
// was not answered is asked again by the worker, with the same key.
type Gateway interface {
	// Do carries out one operation. *Refused is a definite no; after any other error
	// nobody knows whether it was done.
	Do(context.Context, Access, Order) (Seen, error)
	// Look is a payment as it is now.
	Look(context.Context, Access, Order) (Seen, error)
	// Hear checks the signature of a webhook and says what it is of. ErrForged, or any
	// other error where it cannot be said.
	Hear(context.Context, Access, Delivery) (Notice, error)
	// Moved lists what the provider took and gave back in [from, to), in no order.
	Moved(ctx context.Context, a Access, from, to time.Time) ([]Movement, error)
	// Test asks for something harmless with the operator's keys.
	Test(context.Context, Access) error
	// Can says what differs between providers.
	Can() Abilities
}

// Abilities are what not every provider can.
type Abilities struct {
	Increment bool // a hold can grow
	Save      bool // a card can be kept for later
}

// Access is the keys of one operator at one provider.
type Access struct {
	Operator ident.Operator
	Secret   Secret
	Now      time.Time // for the age of signatures and tokens
}

// Secret is what an operator has of a provider. It is sealed where it is stored.
type Secret struct {
	ID      string `json:"id,omitempty"`     // PayPal's client id
	Key     string `json:"key,omitempty"`    // Stripe's secret key, PayPal's secret
	Webhook string `json:"hook,omitempty"`   // Stripe's signing secret, PayPal's webhook id
	Former  string `json:"former,omitempty"` // signing secret before the last change, while both are in use
}

// Order is one operation with what the provider needs for it.
type Order struct {
	Op        Op
	Type      Type
	Payment   ident.Payment // our name, which the provider keeps
	Key       string        // of the step
	Again     bool          // it was sent before, and nobody knows what came of it
	Since     time.Time     // when it was asked for first
	Amount    money.Amount
	Refs      Refs
	Card      Card // to charge; without one the payer chooses on the provider's page
	SaveCard  bool
	Present   bool // the payer is there to answer questions of the bank
	ReturnURL string
	Text      string // on the page and on the statement
}

// Delivery is a webhook as it came in.
type Delivery struct {
	Header map[string]string // by its canonical name
	Body   []byte            // raw: signatures are over its bytes
}

// Movement is one amount that a provider took or gave back.
type Movement struct {
	Payment ident.Payment // as we named it; none: not from here
	Ref     string
	Amount  money.Amount // below 0: given back
	Fee     money.Amount
	At      time.Time
}

// Refused is a provider's definite no.
type Refused struct{ Failure Failure }

func (r *Refused) Error() string { return "the provider refused: " + r.Failure.Code }

// ErrForged is a webhook that its provider did not send, or not lately.
var ErrForged = errors.New("pay: the signature of a webhook does not fit")
