package fault

import (
	"errors"
	"fmt"
	"testing"
)

func TestOfFindsTheFaultThroughWrapping(t *testing.T) {
	t.Parallel()
	base := BadInput("/price", "must be a decimal")
	if e := Of(fmt.Errorf("plan: %w", base)); e.Kind != Invalid || len(e.Fields) != 1 {
		t.Fatalf("%+v", e)
	}
	cause := errors.New("disk on fire")
	if e := Of(cause); e.Kind != Internal || !errors.Is(e, cause) || e.Detail == cause.Error() {
		t.Fatalf("%+v", e)
	}
	if Of(nil) != nil || Is(nil, Internal) {
		t.Fatal("nil is no fault")
	}
}

func TestAtDoesNotChangeTheOriginal(t *testing.T) {
	t.Parallel()
	a := BadInput("/a", "x")
	b := a.At("/b", "y")
	if len(a.Fields) != 1 || len(b.Fields) != 2 {
		t.Fatal(a, b)
	}
}
