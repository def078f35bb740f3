package operator

import (
	"context"

	"ccms/internal/fault"
	"ccms/internal/ident"
)

// RequestKey is the Idempotency-Key of one request of one member of staff. It is
// claimed in the commit that has the request's effect, so a repeated request finds
// either nothing done or everything.
type RequestKey struct {
	Operator ident.Operator    // where the caller acts
	Sub      ident.SubOperator // dito
	Staff    ident.Staff
	Key      string // what the client chose
	Hash     []byte // of method, path and body: the same key may not mean another request
	Nonce    []byte // of this attempt, so that its second transaction knows its own claim
}

// Answer is the first answer to a request, kept to be given again.
type Answer struct {
	Status int
	Header map[string]string // the few that matter: Location, ETag, Content-Type
	Body   []byte
}

// KeptAnswer is what is known about a key.
type KeptAnswer struct {
	Hash   []byte
	Nonce  []byte
	Done   bool // Answer is there
	Answer Answer
}

type requestKeyCtx struct{}

// WithRequestKey lets the next transaction under ctx claim the key.
func WithRequestKey(ctx context.Context, k RequestKey) context.Context {
	return context.WithValue(ctx, requestKeyCtx{}, k)
}

// Claim claims the request key of ctx, if it has one, in the transaction. Whoever
// opens transactions calls it first.
func Claim(ctx context.Context, tx KeyTx) error {
	k, ok := ctx.Value(requestKeyCtx{}).(RequestKey)
	if !ok {
		return nil
	}
	return tx.ClaimKey(k)
}

// KeyTx is what claims need.
type KeyTx interface {
	// ClaimKey stores the key, or finds that this attempt has it already. Another
	// attempt's is the conflict "idempotency_in_progress".
	ClaimKey(RequestKey) error
}

// ErrKeyReused is the conflict of a key that came with another request before.
func ErrKeyReused() error {
	return fault.New(fault.Conflict, "idempotency_key_reused", "This Idempotency-Key was used for another request. Take a new one for each request.")
}

// ErrKeyInProgress is the conflict of a key whose first request has no answer yet.
func ErrKeyInProgress() error {
	return fault.New(fault.Conflict, "idempotency_in_progress", "The first request with this Idempotency-Key has no answer on record. Look whether it had its effect before you send it anew.")
}
