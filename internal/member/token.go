package member

import (
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"ccms/internal/fault"
	"ccms/internal/ident"
)

// TokenStatus is the state of a token (product §3.7.3).
type TokenStatus string

// The token states.
const (
	TokenEnabled  TokenStatus = "ENABLE"
	TokenDisabled TokenStatus = "DISABLE"
	TokenLost     TokenStatus = "LOST"
	TokenExpired  TokenStatus = "EXPIRED"
)

func (s TokenStatus) known() bool {
	switch s {
	case TokenEnabled, TokenDisabled, TokenLost, TokenExpired:
		return true
	}
	return false
}

// DeliveryType is how a card gets to its driver.
type DeliveryType string

// The delivery types.
const (
	PickUp  DeliveryType = "Pick-up"
	Mail    DeliveryType = "Mail"
	Digital DeliveryType = "Digital"
	Batch   DeliveryType = "Batch"
)

func (t DeliveryType) known() bool {
	switch t {
	case PickUp, Mail, Digital, Batch:
		return true
	}
	return false
}

// Token is what a driver presents: an RFID card, an app token, a contract.
type Token struct {
	ID          ident.Token
	Operator    ident.Operator
	Sub         ident.SubOperator
	Driver      ident.Driver
	UID         string // ident.NormalToken of what was entered; personal
	Visual      string // the number printed on the card; personal
	Status      TokenStatus
	ExpiresAt   time.Time // zero: never
	MaxSessions int       // at once (AUTH-R3)
	Delivery    DeliveryType
	Version     int64
}

// CanonicalUID is the one form under which all spellings of a token meet: normal
// text, and of a card's two byte orders the smaller. Readers differ in the order in
// which they report a UID, so 13ADF65A and 5AF6AD13 are one card (USR-A7).
func CanonicalUID(raw string) string {
	s := ident.NormalToken(raw)
	switch len(s) {
	case 8, 14, 16, 20: // ISO 14443 UIDs have 4, 7 or 10 bytes, ISO 15693 ones 8
	default:
		return s
	}
	b, err := hex.DecodeString(s)
	if err != nil {
		return s
	}
	slices.Reverse(b)
	return min(s, strings.ToUpper(hex.EncodeToString(b)))
}

// SameToken reports whether two spellings are one token.
func SameToken(a, b string) bool { return CanonicalUID(a) == CanonicalUID(b) }

// maxUID is OCPP 2.x's idToken; 1.6 takes 20, and the door says so when it sends.
const maxUID = 36

// checked returns the token in normal form, or where it is wrong.
func (t Token) checked() (Token, error) {
	var bad flaws
	t.UID, t.Visual = ident.NormalToken(t.UID), strings.TrimSpace(t.Visual)
	if t.UID == "" {
		bad.add("/uid", "must not be empty")
	}
	bad.text("/uid", t.UID, maxUID)
	bad.text("/visual", t.Visual, 40)
	if t.Status == "" {
		t.Status = TokenEnabled
	}
	if t.Delivery == "" {
		t.Delivery = PickUp
	}
	if t.MaxSessions == 0 {
		t.MaxSessions = 1
	}
	if !t.Status.known() {
		bad.add("/status", "must be one of ENABLE, DISABLE, LOST, EXPIRED")
	}
	if !t.Delivery.known() {
		bad.add("/delivery_type", "must be one of Pick-up, Mail, Digital, Batch")
	}
	if t.MaxSessions < 1 || t.MaxSessions > 1000 {
		bad.add("/max_sessions", "must be between 1 and 1000")
	}
	return t, bad.err()
}

// TokenChange holds the fields to change; nil leaves a field alone. The uid of a
// card never changes.
type TokenChange struct {
	UID         *string // only to be refused where it is another card's
	Visual      *string
	Status      *TokenStatus
	ExpiresAt   *time.Time // zero: never
	MaxSessions *int
	Delivery    *DeliveryType
}

func (t Token) apply(c TokenChange) (Token, error) {
	if c.UID != nil && !SameToken(*c.UID, t.UID) {
		return t, fault.New(fault.Conflict, "uid_immutable", "The UID of a card never changes. Add the other card instead.").
			At("/uid", "cannot be changed")
	}
	set(&t.Visual, c.Visual)
	set(&t.Status, c.Status)
	set(&t.ExpiresAt, c.ExpiresAt)
	set(&t.MaxSessions, c.MaxSessions)
	set(&t.Delivery, c.Delivery)
	if t.MaxSessions == 0 {
		return t, fault.BadInput("/max_sessions", "must be between 1 and 1000")
	}
	return t.checked()
}
