package operator_test

import (
	"testing"

	"ccms/internal/operator"
)

func TestANetworkOfIPv6CountsAsOneAndIPv4AddressesSingly(t *testing.T) {
	t.Parallel()
	for ip, want := range map[string]string{
		"192.0.2.7":            "192.0.2.7",
		"::ffff:192.0.2.7":     "192.0.2.7",
		"2001:db8:1:2:3:4:5:6": "2001:db8:1:2::",
		"2001:db8:1:2:ffff::":  "2001:db8:1:2::",
		"2001:db8:1:3::1":      "2001:db8:1:3::",
		"fe80::1%eth0":         "fe80::",
		"@":                    "@",
		"":                     "",
	} {
		if got := operator.OriginName(ip); got != want {
			t.Errorf("%q counts as %q, not %q", ip, got, want)
		}
	}
}
