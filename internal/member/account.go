package member

import (
	"strconv"

	"ccms/internal/fault"
)

// A charging account number has 11 digits: "101", seven of a series, a check digit.
const (
	accountPrefix = 101_0000000
	accountSeries = 10_000_000
)

// ChargingAccount is the number of the n-th charging account of the platform.
func ChargingAccount(n int64) (string, error) {
	if n < 0 || n >= accountSeries {
		return "", fault.New(fault.Limit, "charging_accounts_used_up", "All charging account numbers are given out.")
	}
	s := strconv.FormatInt(accountPrefix+n, 10)
	return s + string(rune('0'+checkDigit(s))), nil
}

// ValidChargingAccount reports whether s is a charging account number as we give
// them out; one mistyped digit is always noticed.
func ValidChargingAccount(s string) bool {
	if len(s) != 11 || s[:3] != "101" {
		return false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return int(s[10]-'0') == checkDigit(s[:10])
}

// checkDigit is ISO/IEC 7064 MOD 11,10 over decimal digits.
func checkDigit(digits string) int {
	p := 10
	for i := range len(digits) {
		s := (p + int(digits[i]-'0')) % 10
		if s == 0 {
			s = 10
		}
		p = s * 2 % 11
	}
	return (11 - p) % 10
}
