package ident

import "strings"

// NormalToken is the form in which tokens are compared: without blanks, colons
// and dashes, in capitals. "13:ad:f6:5a" and " 13ADF65A" are one card
// (USR-A7, behaviour 40). The raw text is kept beside it.
func NormalToken(raw string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ' || r == ':' || r == '-' || r == '\t':
			return -1
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		}
		return r
	}, raw)
}

// MaxIdentity is the longest OCPP identity we accept (OCPP 2.1 part 4 §3.1: 48).
const MaxIdentity = 48

// ValidIdentity reports whether s may be a charge point's identity: 1…48 of
// A-Z a-z 0-9 and * - _ = : + | @ . (OCPP identifierString).
func ValidIdentity(s string) bool {
	if len(s) == 0 || len(s) > MaxIdentity {
		return false
	}
	for _, r := range s {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', strings.ContainsRune("*-_=:+|@.", r):
		default:
			return false
		}
	}
	return true
}
