package fact

import (
	"time"

	"ccms/internal/ident"
)

// Kind names a fact in the past tense, "session.started". A changed payload gets a
// new Version, never a new meaning.
type Kind string

// Fact is one thing that happened. Payload is a struct of the package that records
// it; it is stored as JSON and holds ids, never personal data.
type Fact struct {
	Kind     Kind
	Version  int
	Operator ident.Operator
	Sub      ident.SubOperator
	Object   string    // prefixed id of what it is about; facts of one object keep their order
	At       time.Time // when it happened, which may be long before it was recorded
	Payload  any
}

// Job asks for work after the commit.
type Job struct {
	Kind     string // "session.bill"
	Operator ident.Operator
	RunAt    time.Time // not before; zero means now
	Args     any       // stored as JSON
}

// Tx records facts and jobs in the caller's commit.
type Tx interface {
	// Now is the instant of this run of the closure, stamped once.
	Now() time.Time
	// Record writes facts to the outbox.
	Record(facts ...Fact) error
	// Later writes a job; it runs at least once.
	Later(Job) error
	// Audit keeps who changed what. before and after are JSON-able or nil; they are
	// stored encrypted, as they may hold personal data.
	Audit(action, object string, before, after any) error
}
