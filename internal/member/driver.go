package member

import (
	"net/mail"
	"strings"

	"ccms/internal/fault"
	"ccms/internal/ident"
)

// DriverStatus is the state of a driver (product §3.7.1).
type DriverStatus string

// The driver states. Closed is final.
const (
	DriverPending   DriverStatus = "PENDING" // not confirmed yet
	DriverValid     DriverStatus = "VALID"
	DriverSuspended DriverStatus = "SUSPENDED" // no new start; what runs goes on (USR-R3)
	DriverClosed    DriverStatus = "CLOSED"
)

func (s DriverStatus) known() bool {
	switch s {
	case DriverPending, DriverValid, DriverSuspended, DriverClosed:
		return true
	}
	return false
}

// RegularMember is the membership level of a driver who has no other.
const RegularMember = "Regular Member"

// Driver is a person who charges. The fields from Account to Email are personal.
type Driver struct {
	ID       ident.Driver
	Operator ident.Operator
	Sub      ident.SubOperator

	Account  string // the login: a mobile number or an e-mail address, in its normal form
	Nickname string
	Name     string
	Mobile   string
	Email    string

	Level           string
	Group           ident.Group   // zero: none
	ChargingAccount string        // 11 digits, given once
	Wallet          ident.Account // the ledger account behind it
	Status          DriverStatus
	Version         int64
}

// NormalAccount is the one form of a login account: an e-mail address in small
// letters, else a mobile number as NormalMobile writes it.
func NormalAccount(s string) (string, bool) {
	if strings.Contains(s, "@") {
		return NormalEmail(s)
	}
	return NormalMobile(s)
}

// NormalMobile is the one form of a mobile number: E.164 with + where the country
// was given (+ or 00), else the national digits as they are.
func NormalMobile(s string) (string, bool) {
	s = strings.Map(func(r rune) rune {
		switch r {
		case ' ', '-', '(', ')', '/', '.', '\t', '\u00a0':
			return -1
		}
		return r
	}, s)
	plus := strings.HasPrefix(s, "+")
	s = strings.TrimPrefix(s, "+")
	if !plus && strings.HasPrefix(s, "00") {
		plus, s = true, s[2:]
	}
	// ITU-T E.164: at most 15 digits.
	if len(s) < 5 || len(s) > 15 || strings.Trim(s, "0123456789") != "" {
		return "", false
	}
	if plus {
		if s[0] == '0' { // no country code begins so
			return "", false
		}
		return "+" + s, true
	}
	return s, true
}

// NormalEmail is the one form of an e-mail address: bare and in small letters.
func NormalEmail(s string) (string, bool) {
	s = strings.ToLower(strings.TrimSpace(s))
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != s || len(s) > 254 {
		return "", false
	}
	return s, true
}

// checked returns the driver in normal form, or where it is wrong.
func (d Driver) checked() (Driver, error) {
	var bad flaws
	var ok bool
	if d.Account, ok = NormalAccount(d.Account); !ok {
		bad.add("/account", "must be a mobile number or an e-mail address")
	}
	if strings.TrimSpace(d.Mobile) == "" {
		d.Mobile = ""
	} else if d.Mobile, ok = NormalMobile(d.Mobile); !ok {
		bad.add("/mobile", "must be a mobile number, best with its country code: +49…")
	}
	if strings.TrimSpace(d.Email) == "" {
		d.Email = ""
	} else if d.Email, ok = NormalEmail(d.Email); !ok {
		bad.add("/email", "must be an e-mail address")
	}
	d.Nickname, d.Name, d.Level = strings.TrimSpace(d.Nickname), strings.TrimSpace(d.Name), strings.TrimSpace(d.Level)
	bad.text("/nickname", d.Nickname, 100)
	bad.text("/name", d.Name, 200)
	bad.text("/membership_level", d.Level, 50)
	if d.Level == "" {
		d.Level = RegularMember
	}
	if d.Status == "" {
		d.Status = DriverValid
	}
	if !d.Status.known() {
		bad.add("/status", "must be one of PENDING, VALID, SUSPENDED, CLOSED")
	}
	return d, bad.err()
}

// DriverChange holds the fields to change; nil leaves a field alone.
type DriverChange struct {
	Account, Nickname, Name, Mobile, Email, Level *string
	Group                                         *ident.Group // zero: out of it
	Status                                        *DriverStatus
}

func (d Driver) apply(c DriverChange) (Driver, error) {
	if d.Status == DriverClosed {
		return d, fault.New(fault.Conflict, "driver_closed", "This profile is closed and cannot be changed.")
	}
	set(&d.Account, c.Account)
	set(&d.Nickname, c.Nickname)
	set(&d.Name, c.Name)
	set(&d.Mobile, c.Mobile)
	set(&d.Email, c.Email)
	set(&d.Level, c.Level)
	set(&d.Group, c.Group)
	set(&d.Status, c.Status)
	return d.checked()
}

func set[T any](to, from *T) {
	if from != nil {
		*to = *from
	}
}

// Masked is the driver as somebody without the permission pii.view sees them:
// enough to tell two apart, not enough to call one.
func (d Driver) Masked() Driver {
	d.Account, d.Mobile, d.Email = MaskAccount(d.Account), MaskAccount(d.Mobile), MaskAccount(d.Email)
	d.Name, d.Nickname = maskWord(d.Name), maskWord(d.Nickname)
	return d
}

// MaskAccount hides a mobile number but its last four digits, an e-mail address but
// its first letter and its domain.
func MaskAccount(s string) string {
	if local, domain, ok := strings.Cut(s, "@"); ok {
		return maskWord(local) + "@" + domain
	}
	if len(s) <= 4 {
		return strings.Repeat("*", len(s))
	}
	return strings.Repeat("*", len(s)-4) + s[len(s)-4:]
}

func maskWord(s string) string {
	for i := range s {
		if i > 0 {
			return s[:i] + "***"
		}
	}
	if s == "" {
		return ""
	}
	return "***"
}
