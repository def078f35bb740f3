package psp

import (
	"testing"

	"ccms/internal/money"
)

func TestABillIsTakenAsFarAsStripeCan_MON_R3(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		why  string
		bill money.Amount
		want int64
	}{
		{"cents", money.New(884, "EUR"), 884},
		{"no decimals", money.New(1234, "JPY"), 1234},
		{"three, of which Stripe takes two", money.New(1234, "KWD"), 1230},
		{"in hundredths although it has none", money.New(12, "UGX"), 1200},
	} {
		if got, err := toStripe(takable(c.bill)); err != nil || got != c.want {
			t.Errorf("%s: %d, %v", c.why, got, err)
		}
	}
	if _, err := toStripe(money.New(1234, "KWD")); err == nil {
		t.Error("what shall be held must be an amount that Stripe takes")
	}
}
