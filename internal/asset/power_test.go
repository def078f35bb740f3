package asset

import (
	"strings"
	"testing"

	"ccms/internal/fault"
	"ccms/internal/unit"
)

// Whoever types kilowatts into a field of watts is told so, before every session of the
// connector gives more than it can (BILL-R2).
func TestBILL_R2_KilowattsTypedAsWattsAreRefused(t *testing.T) {
	t.Parallel()
	for w, ok := range map[unit.W]bool{0: true, 1: false, 22: false, 999: false, 1000: true, 22_000: true, maxPower: true, maxPower + 1: false, -1: false} {
		_, err := checkConnectors([]ConnectorSpec{{Number: 1, MaxPower: w}})
		if (err == nil) != ok {
			t.Errorf("a connector of %d W: %v", w, err)
		}
		_, err = ChargePoint{Name: "a", Identity: "A", Type: "AC", Offer: OfferLenient, MaxPower: w}.checked()
		if (err == nil) != ok || err != nil && !strings.Contains(fault.Of(err).Fields[0].Detail, "watts") {
			t.Errorf("a charge point of %d W: %v", w, err)
		}
	}
}
