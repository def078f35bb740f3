package operator

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"time"

	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
)

// How long a login lasts: to the end of a working day, less when nobody uses it.
const (
	LoginLasts   = 12 * time.Hour
	LoginIdle    = 2 * time.Hour
	touchedEvery = 5 * time.Minute // how exact LastSeenAt is
)

// LoginSession is one browser that is logged in. Its token is known to the browser
// only; the row holds the hash.
type LoginSession struct {
	TokenHash  []byte
	Staff      ident.Staff
	Operator   ident.Operator // of the staff
	Sub        ident.SubOperator
	ActingIn   ident.Operator // an owner inside an operator; zero: not
	CreatedAt  time.Time
	LastSeenAt time.Time
	ExpiresAt  time.Time
	CSRF       string // derived from the token; not stored
}

func (l LoginSession) expired(now time.Time) bool {
	return !now.Before(l.ExpiresAt) || now.Sub(l.LastSeenAt) >= LoginIdle
}

// APIToken lets a program act as a member of staff (SEC-R5).
type APIToken struct {
	ID        ident.APIToken
	Staff     ident.Staff
	Operator  ident.Operator // of the staff
	Sub       ident.SubOperator
	Name      string
	Hash      []byte
	CreatedAt time.Time
	LastUsed  time.Time // zero: never
	ExpiresAt time.Time // zero: never
}

// Caller is who stands behind a cookie or a bearer token.
type Caller struct {
	Staff Staff
	Scope authz.Scope
	Login LoginSession // zero for API tokens
	API   bool         // by bearer token: no browser, so no CSRF
}

// May reports whether the caller holds the permission where they are now. An owner
// inside an operator acts as its OpAdmin (product §2.1), and may leave it.
func (c Caller) May(p authz.Permission) bool {
	if c.Login.ActingIn.IsZero() {
		return c.Staff.Role.May(p)
	}
	return authz.OpAdmin.May(p) || (p == authz.OperatorSwitch && c.Staff.Role.May(p))
}

// Permissions lists what the caller may do where they are now.
func (c Caller) Permissions() []authz.Permission {
	var ps []authz.Permission
	for _, p := range authz.Permissions {
		if c.May(p) {
			ps = append(ps, p)
		}
	}
	return ps
}

const apiPrefix = "ccms_" // lets secret scanners find a leaked token

var tokenText = base64.RawURLEncoding

func newToken() string {
	var raw [32]byte
	rand.Read(raw[:])
	return tokenText.EncodeToString(raw[:])
}

// hashToken needs no salt and no slow hash: a token is 256 random bits.
func hashToken(token string) []byte {
	h := sha256.Sum256([]byte(token))
	return h[:]
}

// csrfToken derives what forms must send along. Who cannot read the cookie cannot
// make it, and nothing more is stored.
func csrfToken(token string) string {
	h := sha256.Sum256([]byte("csrf\x00" + token))
	return tokenText.EncodeToString(h[:])
}

func isAPIToken(s string) bool { return strings.HasPrefix(s, apiPrefix) && len(s) < 100 }

func errNotSignedIn() error {
	return fault.New(fault.Denied, "not_signed_in", "Please log in.")
}

func errExpired() error {
	return fault.New(fault.Denied, "login_expired", "Your login has expired. Please log in again.")
}

// errBadCredentials is the same for an unknown login, a wrong password and a
// disabled account.
func errBadCredentials() error {
	return fault.New(fault.Denied, "bad_credentials", "Login or password is wrong.")
}

// Throttled is the fault "throttled" with the time to wait.
type Throttled struct{ Wait time.Duration }

// Seconds is Wait rounded up, as a Retry-After header wants it.
func (t *Throttled) Seconds() int64 { return int64((t.Wait + time.Second - 1) / time.Second) }

func (t *Throttled) Error() string { return t.Unwrap().Error() }

// Unwrap gives doors the fault.
func (t *Throttled) Unwrap() error {
	return fault.New(fault.Limit, "throttled", "Too many attempts. Try again in %d seconds.", t.Seconds())
}
