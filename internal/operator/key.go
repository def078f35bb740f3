package operator

import (
	"context"

	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
)

// RequestKey is the Idempotency-Key of one request of one member of staff. It is
// claimed in the commit that has the request's effect, so a repeated request finds
// either nothing done or everything.
type RequestKey struct {
	Operator ident.Operator    // where the caller acts
	Sub      ident.SubOperator // of the caller's scope
	Staff    ident.Staff
	Key      string // what the client chose
	Request  []byte // method, path and body: the same key may not mean another request
}

// Answer is the first answer to a request, kept to be given again.
type Answer struct {
	Status int               `json:"status"`
	Header map[string]string `json:"header"` // the few that matter: Location, ETag, Content-Type
	Body   []byte            `json:"body"`
}

// KeptAnswer is what is known about a key.
type KeptAnswer struct {
	Same   bool // the key came with this very request
	Done   bool // Answer is there
	Answer Answer
}

// Claimed is a request key on its way through the transactions of one request.
type Claimed struct {
	RequestKey
	done bool // a commit has it
}

type claimKey struct{}

// WithRequestKey lets the first write under ctx claim the key.
func WithRequestKey(ctx context.Context, k RequestKey) (context.Context, *Claimed) {
	c := &Claimed{RequestKey: k}
	return context.WithValue(ctx, claimKey{}, c), c
}

// Done reports whether a commit has the claim: the request had an effect.
func (c *Claimed) Done() bool { return c.done }

// ClaimTx is what a claim needs.
type ClaimTx interface {
	// ClaimKey stores the key. One that is there already is the conflict
	// "idempotency_in_progress".
	ClaimKey(RequestKey) error
}

// Once wraps what opens a write: the first write under a ctx that carries a request
// key claims it, in the same commit as its effect. Whoever adapts the store for the
// services uses it.
func Once[T ClaimTx](run func(context.Context, authz.Scope, func(T) error) error) func(context.Context, authz.Scope, func(T) error) error {
	return func(ctx context.Context, sc authz.Scope, fn func(T) error) error {
		c, ok := ctx.Value(claimKey{}).(*Claimed)
		if !ok || c.done {
			return run(ctx, sc, fn)
		}
		err := run(ctx, sc, func(tx T) error {
			if err := tx.ClaimKey(c.RequestKey); err != nil {
				return err
			}
			return fn(tx)
		})
		c.done = err == nil
		return err
	}
}

// ErrKeyReused is the conflict of a key that came with another request before.
func ErrKeyReused() error {
	return fault.New(fault.Conflict, "idempotency_key_reused", "This Idempotency-Key was used for another request. Take a new one for each request.")
}

// ErrKeyInProgress is the conflict of a key whose first request has no answer yet.
func ErrKeyInProgress() error {
	return fault.New(fault.Conflict, "idempotency_in_progress", "The first request with this Idempotency-Key has no answer on record. Look whether it had its effect before you send it anew.")
}
