package ident

import (
	"crypto/rand"
	"encoding/base32"
	"errors"
	"fmt"
	"time"
)

// Kind names what an id identifies; its prefix stands before the id in text.
type Kind interface{ prefix() string }

// ID is a UUIDv7 of one kind. The zero ID means "none" and prints as "".
type ID[K Kind] struct{ b [16]byte }

type (
	operatorKind    struct{}
	subOperatorKind struct{}
	staffKind       struct{}
	roleKind        struct{}
	apiTokenKind    struct{}
	siteKind        struct{}
	chargePointKind struct{}
	connectorKind   struct{}
	commandKind     struct{}
	bulkKind        struct{}
	driverKind      struct{}
	tokenKind       struct{}
	accountKind     struct{}
	entryKind       struct{}
	holdKind        struct{}
	rechargeKind    struct{}
	planKind        struct{}
	sessionKind     struct{}
	attemptKind     struct{}
	eventKind       struct{}
	viewKind        struct{}
	exportKind      struct{}
	warningKind     struct{}
	windowKind      struct{}
	strangerKind    struct{}
	modelKind       struct{}
	templateKind    struct{}
	vendorRuleKind  struct{}
	authorityKind   struct{}
	certificateKind struct{}
	securityKind    struct{}
	changeKind      struct{}
	transferKind    struct{}
	imageKind       struct{}
	installKind     struct{}
	campaignKind    struct{}
	localListKind   struct{}
	reservationKind struct{}
	closingKind     struct{}
	askKind         struct{}
	paymentKind     struct{}
	cardKind        struct{}
	guestKind       struct{}
	groupKind       struct{}
	assignmentKind  struct{}
)

func (operatorKind) prefix() string    { return "op" }
func (subOperatorKind) prefix() string { return "sub" }
func (staffKind) prefix() string       { return "staff" }
func (roleKind) prefix() string        { return "role" }
func (apiTokenKind) prefix() string    { return "key" }
func (siteKind) prefix() string        { return "site" }
func (chargePointKind) prefix() string { return "cp" }
func (connectorKind) prefix() string   { return "con" }
func (commandKind) prefix() string     { return "cmd" }
func (bulkKind) prefix() string        { return "bulk" }
func (driverKind) prefix() string      { return "drv" }
func (tokenKind) prefix() string       { return "tok" }
func (accountKind) prefix() string     { return "acc" }
func (entryKind) prefix() string       { return "ent" }
func (holdKind) prefix() string        { return "hold" }
func (rechargeKind) prefix() string    { return "rch" }
func (planKind) prefix() string        { return "plan" }
func (sessionKind) prefix() string     { return "ses" }
func (attemptKind) prefix() string     { return "att" }
func (eventKind) prefix() string       { return "evt" }
func (viewKind) prefix() string        { return "view" }
func (exportKind) prefix() string      { return "exp" }
func (warningKind) prefix() string     { return "wrn" }
func (windowKind) prefix() string      { return "win" }
func (strangerKind) prefix() string    { return "unk" }
func (modelKind) prefix() string       { return "mod" }
func (templateKind) prefix() string    { return "tpl" }
func (vendorRuleKind) prefix() string  { return "vnd" }
func (authorityKind) prefix() string   { return "ca" }
func (certificateKind) prefix() string { return "crt" }
func (securityKind) prefix() string    { return "sev" }
func (changeKind) prefix() string      { return "sch" }
func (transferKind) prefix() string    { return "file" }
func (imageKind) prefix() string       { return "img" }
func (installKind) prefix() string     { return "fwi" }
func (campaignKind) prefix() string    { return "fwc" }
func (localListKind) prefix() string   { return "list" }
func (reservationKind) prefix() string { return "rsv" }
func (closingKind) prefix() string     { return "cls" }
func (askKind) prefix() string         { return "ask" }
func (paymentKind) prefix() string     { return "pay" }
func (cardKind) prefix() string        { return "card" }
func (guestKind) prefix() string       { return "gst" }
func (groupKind) prefix() string       { return "grp" }
func (assignmentKind) prefix() string  { return "asg" }

// The ids of ccms.
type (
	Operator       = ID[operatorKind]
	SubOperator    = ID[subOperatorKind]
	Staff          = ID[staffKind]
	Role           = ID[roleKind]
	APIToken       = ID[apiTokenKind]
	Site           = ID[siteKind]
	ChargePoint    = ID[chargePointKind]
	Connector      = ID[connectorKind]
	Command        = ID[commandKind]
	Bulk           = ID[bulkKind] // one command for many charge points
	Driver         = ID[driverKind]
	Token          = ID[tokenKind]
	Account        = ID[accountKind] // a ChargingAccount or another ledger account
	Entry          = ID[entryKind]   // one balanced set of postings
	Hold           = ID[holdKind]
	Recharge       = ID[rechargeKind]
	Plan           = ID[planKind]
	Session        = ID[sessionKind]
	Attempt        = ID[attemptKind] // a start attempt (AUTH-R5)
	Event          = ID[eventKind]   // one frame kept from a charge point
	View           = ID[viewKind]    // a list as an account saved it
	Export         = ID[exportKind]  // a file of a list's rows
	Warning        = ID[warningKind]
	Window         = ID[windowKind]      // of maintenance
	Stranger       = ID[strangerKind]    // a charge point that nobody has registered
	Model          = ID[modelKind]       // what is known of a vendor's model and firmware
	Template       = ID[templateKind]    // settings that charge points shall have
	VendorRule     = ID[vendorRuleKind]  // what a vendor's own messages are answered with
	Authority      = ID[authorityKind]   // signs certificates of charge points
	Certificate    = ID[certificateKind] // of a charge point
	SecurityEvent  = ID[securityKind]
	SecurityChange = ID[changeKind]   // of a charge point's key or profile
	Transfer       = ID[transferKind] // one file to or from a charge point
	Image          = ID[imageKind]    // a firmware image
	Install        = ID[installKind]  // an image on its way into one charge point
	Campaign       = ID[campaignKind] // an image for many charge points
	LocalList      = ID[localListKind]
	Reservation    = ID[reservationKind]
	Closing        = ID[closingKind]    // of a month of the books
	Ask            = ID[askKind]        // for a recharge that a second person must approve
	Payment        = ID[paymentKind]    // money on its way through a provider
	Card           = ID[cardKind]       // of a driver, kept at a provider
	Group          = ID[groupKind]      // of drivers
	Assignment     = ID[assignmentKind] // of a plan to an audience at a place
	Guest          = ID[guestKind]      // a charge without an account
)

// Crockford's alphabet, lower case: no i, l, o, u to misread over the phone.
var text = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// of is satisfied by *ID[K] for any K, so that callers write New[Session](now).
type of[T any] interface {
	*T
	set([16]byte)
	String() string
	kindPrefix() string
}

func (id *ID[K]) set(b [16]byte) { id.b = b }

func (id *ID[K]) kindPrefix() string { var k K; return k.prefix() }

// New makes a UUIDv7 (RFC 9562 §5.7): 48 bits of now in ms, then random bits.
// New[ident.Session](now) is the id of a session.
func New[T any, P of[T]](now time.Time) T {
	var b [16]byte
	rand.Read(b[:]) // never fails (crypto/rand)
	ms := uint64(now.UnixMilli())
	for i := range 6 {
		b[i] = byte(ms >> (40 - 8*i))
	}
	b[6] = b[6]&0x0f | 0x70
	b[8] = b[8]&0x3f | 0x80
	var id T
	P(&id).set(b)
	return id
}

// ErrID is returned for text or bytes that are no id of the kind.
var ErrID = errors.New("ident: not an id of this kind")

// Parse reads the text form and checks the prefix.
func Parse[T any, P of[T]](s string) (T, error) {
	var id, none T
	p := P(&id).kindPrefix() + "_"
	if len(s) != len(p)+26 || s[:len(p)] != p {
		return none, fmt.Errorf("%w: want %s…", ErrID, p)
	}
	b, err := text.DecodeString(s[len(p):])
	if err != nil || len(b) != 16 {
		return none, fmt.Errorf("%w: want %s…", ErrID, p)
	}
	P(&id).set([16]byte(b))
	if P(&id).String() != s { // trailing bits must be zero: one text per id
		return none, fmt.Errorf("%w: want %s…", ErrID, p)
	}
	return id, nil
}

// FromBytes reads the 16 bytes that Bytes gives; nil or empty is the zero ID.
func FromBytes[T any, P of[T]](b []byte) (T, error) {
	var id T
	if len(b) == 0 {
		return id, nil
	}
	if len(b) != 16 {
		return id, fmt.Errorf("%w: %d bytes", ErrID, len(b))
	}
	P(&id).set([16]byte(b))
	return id, nil
}

// Bytes is the binary form, as the store keeps it.
func (id ID[K]) Bytes() []byte { return id.b[:] }

// IsZero reports whether the id is "none".
func (id ID[K]) IsZero() bool { return id.b == [16]byte{} }

// Before orders ids by their bytes, which is the order they were made in.
func (id ID[K]) Before(o ID[K]) bool { return string(id.b[:]) < string(o.b[:]) }

// String is the prefixed text form, "" for none.
func (id ID[K]) String() string {
	if id.IsZero() {
		return ""
	}
	var k K
	return k.prefix() + "_" + text.EncodeToString(id.b[:])
}

// MarshalText writes String.
func (id ID[K]) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (id *ID[K]) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*id = ID[K]{}
		return nil
	}
	v, err := Parse[ID[K]](string(b))
	*id = v
	return err
}
