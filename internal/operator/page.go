package operator

// How many rows a page has (product §2.2).
const (
	DefaultLimit = 20
	MaxLimit     = 100
	WholeLimit   = 500 // of a page of an export
)

// Rows is the limit to use.
func (p Page) Rows() int {
	switch {
	case p.Whole:
		return WholeLimit
	case p.Limit <= 0:
		return DefaultLimit
	case p.Limit > MaxLimit:
		return MaxLimit
	}
	return p.Limit
}
