package decode

// Opt is a value that may be absent.
type Opt[T any] struct {
	V   T
	Set bool
}

// Some is a value that is there.
func Some[T any](v T) Opt[T] { return Opt[T]{v, true} }

// Get returns the value and whether it is there.
func (o Opt[T]) Get() (T, bool) { return o.V, o.Set }

// Or is the value, or def where it is absent.
func (o Opt[T]) Or(def T) T {
	if o.Set {
		return o.V
	}
	return def
}
