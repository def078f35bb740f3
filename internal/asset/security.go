package asset

import (
	"context"
	"crypto/x509"
	"errors"
	"slices"
	"strings"
	"time"

	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
)

// SecurityProfile is how a charge point shows who it is, and what protects the connection
// (OCPP 1.6 security whitepaper §2.1; 0 is ours, for what has no security at all).
type SecurityProfile int

// The profiles, weakest first.
const (
	NoSecurity    SecurityProfile = iota // nobody is asked for anything
	ByKey                                // a key, in the clear
	ByKeyOverTLS                         // a key, by TLS
	ByCertificate                        // a certificate of its own, by TLS
)

func (p SecurityProfile) known() bool { return p >= NoSecurity && p <= ByCertificate }

// Issuer is who signs the certificates that charge points ask for.
type Issuer string

// The issuers.
const (
	BuiltIn Issuer = "built_in"
	OwnCA   Issuer = "own"
)

// SecuritySettings are an operator's.
type SecuritySettings struct {
	Operator ident.Operator
	Minimum  SecurityProfile // the least that any of its points may have
	Issuer   Issuer
	Version  int64 // 1: nobody has chosen yet
}

// DefaultSecurity is what holds until an operator chooses: nobody is let in without a key
// (AUTH-R7).
func DefaultSecurity(op ident.Operator) SecuritySettings {
	return SecuritySettings{Operator: op, Minimum: ByKey, Issuer: BuiltIn, Version: 1}
}

// Security is what a charge point must fulfil, and by what it came last.
type Security struct {
	Point    ident.ChargePoint
	Operator ident.Operator
	Sub      ident.SubOperator
	// Profile is the least that it must fulfil, beside the operator's minimum.
	Profile SecurityProfile
	// Met is what it fulfilled when it came last, at MetAt; zero: it never came.
	Met         SecurityProfile
	MetAt       time.Time
	Transport   string            // "TLS 1.3, …"; "" without
	Certificate ident.Certificate // that it showed; zero: none that we gave out
	Serials     string            // of the certificates from its own to the root, without that
	RefusedAt   time.Time         // the last time
	RefusedWhy  string
	RootAt      time.Time         // when it took a root for our certificate; zero: not from us
	Installed   []CertificateHash // the roots it said that it has
	InstalledAt time.Time         // when it said so
	Version     int64             // 0: not stored yet
}

// DefaultPointSecurity is a point's until something is known of it.
func DefaultPointSecurity(p ChargePoint) Security {
	return Security{Point: p.ID, Operator: p.Operator, Sub: p.Sub, Profile: ByKey}
}

// Required is what the point must fulfil. Without any security there is only what both the
// operator and the point say so of (AUTH-R7).
func (s Security) Required(o SecuritySettings) SecurityProfile { return max(s.Profile, o.Minimum) }

// Handshake is how somebody comes to the door.
type Handshake struct {
	TLS       bool
	Transport string              // of TLS, in words
	Chain     []*x509.Certificate // its own first; only where TLS ends here
	User, Key string              // of HTTP Basic
}

// Candidate is the charge point that somebody says to be, with what it takes to judge it.
type Candidate struct {
	Named    string // how it called itself: its identity, or another name of it
	Point    ChargePoint
	Security Security
	Settings SecuritySettings
	Change   SecurityChange   // on its way; zero: none
	Trusted  []Authority      // read where a certificate is shown
	Record   PointCertificate // of exactly the certificate that is shown; zero: unknown
}

// Admission is what somebody has shown to be let in.
type Admission struct {
	Met         SecurityProfile
	NewKey      bool // by the key that a change has on its way
	OldKey      bool // by the one before
	Certificate ident.Certificate
	Serials     string
	Transport   string
}

// Refusal says why somebody is not let in.
type Refusal struct {
	Kind   SecurityKind
	Detail string // for staff
	Shown  bool   // it has shown who it is, and may be told what it lacks
}

// Candidate finds the valid charge point with this identity, whoever owns it, with what
// Judge needs; the caller has the identity decoded. It answers before anybody is known, so
// the door must judge before it acts on the answer.
func (s *Service) Candidate(ctx context.Context, identity string, h Handshake) (Candidate, error) {
	if !ident.ValidIdentity(identity) {
		return Candidate{}, fault.NotFound("charge point")
	}
	return one(ctx, s.read, authz.Everything("find the charge point that connects"), func(tx Tx) (c Candidate, err error) {
		c.Named = identity
		c.Point, err = tx.PointByIdentity(identity)
		if fault.Is(err, fault.Missing) {
			c.Point, err = tx.PointByAlias(identity)
		}
		if err != nil {
			return c, err
		}
		if c.Point.Status != Valid {
			return Candidate{}, fault.NotFound("charge point")
		}
		if c.Security, c.Settings, err = securityOf(tx, c.Point); err != nil {
			return c, err
		}
		if c.Change, _, err = tx.OpenSecurityChange(c.Point.ID); err != nil || len(h.Chain) == 0 {
			return c, err
		}
		if c.Trusted, err = tx.TrustedAuthorities(c.Point.Operator); err != nil {
			return c, err
		}
		c.Record, err = recordOf(tx, c.Point, h.Chain[0])
		return c, err
	})
}

// securityOf gives a point's security and its operator's settings.
func securityOf(tx Tx, p ChargePoint) (Security, SecuritySettings, error) {
	sec, known, err := tx.SecurityOfPoint(p.ID)
	if err != nil {
		return sec, SecuritySettings{}, err
	}
	if !known {
		sec = DefaultPointSecurity(p)
	}
	set, err := settingsOf(tx, p.Operator)
	return sec, set, err
}

func settingsOf(tx Tx, op ident.Operator) (SecuritySettings, error) {
	set, known, err := tx.SecuritySettings(op)
	if err == nil && !known {
		set = DefaultSecurity(op)
	}
	return set, err
}

// Judge says whether somebody is let in as the candidate: what it shows must be at least
// what is required. More is welcome.
func (s *Service) Judge(c Candidate, h Handshake, now time.Time) (Admission, *Refusal) {
	a := Admission{Transport: h.Transport}
	var bad error // what is wrong with its certificate
	if h.TLS && len(h.Chain) > 0 {
		var path []*x509.Certificate
		if path, bad = c.judgeCertificate(h.Chain, now); bad == nil {
			a.Met, a.Certificate, a.Serials = ByCertificate, c.Record.ID, serialsOf(path)
		}
	}
	wrong := false
	if a.Met < ByCertificate && h.Key != "" {
		named := h.User == c.Point.Identity || h.User == c.Named // either, where it has two (behaviour 7)
		a.OldKey = c.Point.Keys.match(s.opt.MAC, h.Key) && named
		a.NewKey = c.Change.Keys.match(s.opt.MAC, h.Key) && named && !a.OldKey
		switch {
		case !a.OldKey && !a.NewKey:
			wrong = true
		case h.TLS:
			a.Met = ByKeyOverTLS
		default:
			a.Met = ByKey
		}
	}
	required := c.Security.Required(c.Settings)
	switch {
	case a.Met >= required:
		return a, nil
	case bad != nil:
		return a, &Refusal{Kind: KindBadCertificate, Detail: bad.Error(), Shown: a.Met > NoSecurity}
	case a.Met > NoSecurity:
		return a, &Refusal{Kind: KindProfileNotMet, Detail: notMet(a.Met, required), Shown: true}
	case wrong:
		return a, &Refusal{Kind: KindWrongKey, Detail: "The identity and its key do not match."}
	}
	return a, &Refusal{Kind: KindWrongKey, Detail: "It shows no key and no certificate."}
}

func notMet(met, required SecurityProfile) string {
	has := map[SecurityProfile]string{ByKey: "a key without TLS", ByKeyOverTLS: "a key by TLS"}
	wants := map[SecurityProfile]string{ByKeyOverTLS: "TLS", ByCertificate: "a certificate of its own"}
	return "It comes with " + has[met] + ", and must come with " + wants[required] + "."
}

// news reports whether an admission tells something that is not known yet.
func (s Security) news(a Admission) bool {
	return s.MetAt.IsZero() || s.Met != a.Met || s.Transport != a.Transport || s.Certificate != a.Certificate || s.Serials != a.Serials
}

// errJudgedBefore is for somebody who was let in by what holds no more.
func errJudgedBefore() error {
	return fault.New(fault.Conflict, CodeJudgedBefore, "What this charge point must show changed while it connected. It is judged anew.")
}

// CodeJudgedBefore is the code of that error.
const CodeJudgedBefore = "judged_before"

// Admitted is the last step of letting somebody in. It takes note of what was shown, where
// that is news, and of what it means for a change on its way. It fails with
// CodeJudgedBefore where what Judge went by holds no more: the key, what is required, the
// certificate or an authority. Then somebody has to be judged anew.
func (s *Service) Admitted(ctx context.Context, sc authz.Scope, c Candidate, a Admission) error {
	if c.Change.ID.IsZero() && !c.Security.news(a) {
		news := false
		if err := s.read(ctx, sc, func(tx Tx) error {
			p, err := tx.PointByID(c.Point.ID)
			if err != nil {
				return err
			}
			sec, change, err := c.holds(tx, p, a)
			news = sec.news(a) || !change.ID.IsZero() // another came meanwhile
			return err
		}); err != nil || !news {
			return err
		}
	}
	return s.write(ctx, sc, func(tx Tx) error {
		p, err := tx.LockPoint(c.Point.ID)
		if err != nil {
			return err
		}
		sec, change, err := c.holds(tx, p, a)
		if err != nil {
			return err
		}
		sec.Met, sec.MetAt, sec.Transport, sec.Certificate, sec.Serials = a.Met, tx.Now(), a.Transport, a.Certificate, a.Serials
		if !a.Certificate.IsZero() {
			if err := certificateUsed(tx, p, a.Certificate); err != nil {
				return err
			}
		}
		if !change.ID.IsZero() {
			if sec, err = changeMeets(tx, p, sec, change, a); err != nil {
				return err
			}
		}
		return saveSecurity(tx, sec)
	})
}

// holds refuses an admission by what has ended since the judgement. It gives the security
// of the point and the change on its way, as they are now.
func (c Candidate) holds(tx Tx, p ChargePoint, a Admission) (Security, SecurityChange, error) {
	sec, set, err := securityOf(tx, p)
	if err != nil {
		return sec, SecurityChange{}, err
	}
	change, _, err := tx.OpenSecurityChange(p.ID)
	if err != nil {
		return sec, change, err
	}
	if p.Status != Valid || a.Met < sec.Required(set) || a.OldKey && !p.Keys.same(c.Point.Keys) || a.NewKey && change.ID != c.Change.ID {
		return sec, change, errJudgedBefore()
	}
	if a.Met < ByCertificate {
		return sec, change, nil
	}
	trusted, err := tx.TrustedAuthorities(p.Operator)
	if err != nil {
		return sec, change, err
	}
	if !slices.EqualFunc(trusted, c.Trusted, func(x, y Authority) bool { return x.ID == y.ID && x.Version == y.Version }) {
		return sec, change, errJudgedBefore()
	}
	if !a.Certificate.IsZero() {
		if x, err := tx.CertificateByID(a.Certificate); err != nil || x.State == CertRevoked {
			return sec, change, errors.Join(err, errJudgedBefore())
		}
	}
	return sec, change, nil
}

// saveSecurity stores a point's security.
func saveSecurity(tx Tx, s Security) error {
	s.Transport, s.RefusedWhy = cut(s.Transport), cut(s.RefusedWhy)
	if err := tx.SaveSecurity(s); err != nil {
		return err
	}
	return nil
}

// Refused takes note that somebody was not let in as the point. The caller bounds how
// often it asks: whoever wants to may be refused without end.
func (s *Service) Refused(ctx context.Context, sc authz.Scope, id ident.ChargePoint, r Refusal, from string) error {
	return s.write(ctx, sc, func(tx Tx) error {
		p, err := tx.LockPoint(id)
		if err != nil {
			return err
		}
		sec, _, err := securityOf(tx, p)
		if err != nil {
			return err
		}
		sec.RefusedAt, sec.RefusedWhy = tx.Now(), r.Detail
		if err := saveSecurity(tx, sec); err != nil {
			return err
		}
		return noteSecurity(tx, p, r.Kind, strings.TrimSpace(r.Detail+" From "+from+"."))
	})
}

// PointSecurity is a point's security as staff see it.
type PointSecurity struct {
	Point ChargePoint
	Security
	Settings     SecuritySettings
	Changes      []SecurityChange   // newest first: the one on its way, and some that are over
	Certificates []PointCertificate // newest first
}

// changesShown is how many changes and certificates of a point are shown.
const changesShown = 20

// PointSecurity gives a point's security.
func (s *Service) PointSecurity(ctx context.Context, sc authz.Scope, id ident.ChargePoint) (PointSecurity, error) {
	return one(ctx, s.read, sc, func(tx Tx) (out PointSecurity, err error) {
		if out.Point, err = tx.PointByID(id); err != nil {
			return out, err
		}
		if out.Security, out.Settings, err = securityOf(tx, out.Point); err != nil {
			return out, err
		}
		if out.Changes, err = tx.SecurityChangesOf(id, changesShown); err != nil {
			return out, err
		}
		out.Certificates, err = tx.CertificatesOf(id, changesShown)
		return out, err
	})
}

// RequireProfile sets what a point must at least fulfil. A point that does not is out at
// once.
func (s *Service) RequireProfile(ctx context.Context, sc authz.Scope, id ident.ChargePoint, want SecurityProfile, reason string) error {
	var bad flaws
	if !want.known() {
		bad.add("/profile", "must be 0, 1, 2 or 3")
	}
	bad.text("/reason", strings.TrimSpace(reason), 1, 200)
	if err := bad.err(); err != nil {
		return err
	}
	out := false
	err := s.write(ctx, sc, func(tx Tx) error {
		out = false
		p, err := tx.LockPoint(id)
		if err != nil {
			return err
		}
		sec, set, err := securityOf(tx, p)
		if err != nil {
			return err
		}
		if want < set.Minimum {
			return fault.New(fault.Conflict, "below_minimum", "The operator's minimum is profile %d. Lower that first, if it is meant for all.", set.Minimum).
				At("/profile", "is below the operator's minimum")
		}
		before := sec.Profile
		if sec.Profile = want; before == want {
			return nil
		}
		out = !sec.MetAt.IsZero() && sec.Met < sec.Required(set)
		if err := saveSecurity(tx, sec); err != nil {
			return err
		}
		return tx.Audit("charge_point.security_profile", id.String(), map[string]any{"profile": before}, map[string]any{"profile": want, "reason": reason})
	})
	if err == nil && out {
		s.drop(id)
	}
	return err
}

// SecuritySettings are those of the scope's operator.
func (s *Service) SecuritySettings(ctx context.Context, sc authz.Scope) (SecuritySettings, error) {
	if sc.Operator().IsZero() {
		return SecuritySettings{}, errNoOperator()
	}
	return one(ctx, s.read, sc, func(tx Tx) (SecuritySettings, error) { return settingsOf(tx, sc.Operator()) })
}

func errNoOperator() error {
	return fault.New(fault.Denied, "operator_needed", "Enter an operator first.")
}

// wholeOperator refuses a sub-operator what is for all points of the operator.
func wholeOperator(sc authz.Scope) error {
	switch {
	case sc.Operator().IsZero():
		return errNoOperator()
	case !sc.Sub().IsZero():
		return fault.New(fault.Denied, "operator_only", "This is for the whole operator, and only its own staff decide it.")
	}
	return nil
}

// SetSecuritySettings changes the operator's minimum and who signs. Points that do not
// reach the minimum stay connected until they come the next time, so that a mistake does
// not end every charge at once.
func (s *Service) SetSecuritySettings(ctx context.Context, sc authz.Scope, minimum SecurityProfile, issuer Issuer, version int64) (SecuritySettings, error) {
	if err := wholeOperator(sc); err != nil {
		return SecuritySettings{}, err
	}
	var bad flaws
	if !minimum.known() {
		bad.add("/minimum", "must be 0, 1, 2 or 3")
	}
	if issuer != BuiltIn && issuer != OwnCA {
		bad.add("/issuer", "must be built_in or own")
	}
	if err := bad.err(); err != nil {
		return SecuritySettings{}, err
	}
	return one(ctx, s.write, sc, func(tx Tx) (SecuritySettings, error) {
		before, err := settingsOf(tx, sc.Operator())
		if err != nil {
			return before, err
		}
		if before.Version != version {
			return before, fault.Stale(before.Version, version)
		}
		after := before
		after.Minimum, after.Issuer, after.Version = minimum, issuer, before.Version+1
		if err := tx.SaveSecuritySettings(after); err != nil {
			return before, err
		}
		return after, tx.Audit("operator.security_settings", after.Operator.String(), before, after)
	})
}
