package member

import "time"

// Holder is a token and the driver it belongs to, as found for what was presented.
type Holder struct {
	Token  Token
	Driver Driver
	Found  bool
}

// Verdict is whether a token may start a session, in OCPP 1.6's words (§7.2).
type Verdict string

// The verdicts.
const (
	Accepted Verdict = "Accepted"
	Blocked  Verdict = "Blocked"
	Expired  Verdict = "Expired"
	Invalid  Verdict = "Invalid"
)

// Judge says whether the holder may start a session as far as card and profile go,
// and why, in words that support can read out. Money and running sessions are
// judged elsewhere.
func Judge(h Holder, now time.Time) (Verdict, string) {
	if !h.Found {
		return Invalid, "This card is not known."
	}
	switch h.Token.Status {
	case TokenEnabled:
	case TokenDisabled:
		return Blocked, "The card is disabled."
	case TokenLost:
		return Blocked, "The card was reported lost."
	case TokenExpired:
		return Expired, "The card has expired."
	default:
		return Blocked, "The card is " + string(h.Token.Status) + "."
	}
	if !h.Token.ExpiresAt.IsZero() && !now.Before(h.Token.ExpiresAt) {
		return Expired, "The card expired on " + h.Token.ExpiresAt.UTC().Format("2006-01-02 15:04 UTC") + "."
	}
	switch h.Driver.Status {
	case DriverValid:
		return Accepted, "The card is enabled and the profile is valid."
	case DriverPending:
		return Blocked, "The profile is not confirmed yet."
	case DriverSuspended:
		return Blocked, "The profile is suspended."
	}
	return Blocked, "The profile is closed."
}

// Liable reports whether the holder answers for energy that flowed while nobody could ask,
// though the card may not charge: whoever was let in once does. What was taken with a card
// that was reported lost was not, nor what somebody took who is no customer.
func (h Holder) Liable() bool {
	return h.Found && h.Token.Status != TokenLost && (h.Driver.Status == DriverValid || h.Driver.Status == DriverSuspended)
}
