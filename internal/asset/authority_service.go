package asset

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"strings"
	"time"

	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/operator"
)

// CertificateFilter narrows a list of certificates; zero fields do not narrow.
type CertificateFilter struct {
	Point  ident.ChargePoint
	States []CertificateState
}

// CertificateRow is a certificate with the names that a list shows.
type CertificateRow struct {
	PointCertificate
	PointName     string
	PointIdentity string
	SiteName      string
	SiteZone      string
}

// Certificates lists certificates of charge points, by default the newest request first.
func (s *Service) Certificates(ctx context.Context, sc authz.Scope, f CertificateFilter, p operator.Page) (operator.List[CertificateRow], error) {
	return one(ctx, s.read, sc, func(tx Tx) (operator.List[CertificateRow], error) { return tx.ListCertificates(f, p) })
}

// Certificate is one certificate of a charge point.
func (s *Service) Certificate(ctx context.Context, sc authz.Scope, id ident.Certificate) (PointCertificate, error) {
	return one(ctx, s.read, sc, func(tx Tx) (PointCertificate, error) { return tx.CertificateByID(id) })
}

// mostAuthorities is how many an operator may have; each handshake looks at those that are
// trusted.
const mostAuthorities = 20

// Authorities lists the authorities of the scope's operator, newest first.
func (s *Service) Authorities(ctx context.Context, sc authz.Scope) ([]Authority, error) {
	if sc.Operator().IsZero() {
		return nil, errNoOperator()
	}
	return one(ctx, s.read, sc, func(tx Tx) ([]Authority, error) { return tx.AuthoritiesOf(sc.Operator(), mostAuthorities) })
}

// MakeAuthority makes an authority of ours for the operator. There is one that signs at a
// time; where it is there already it is the answer.
func (s *Service) MakeAuthority(ctx context.Context, sc authz.Scope) (Authority, error) {
	if err := wholeOperator(sc); err != nil {
		return Authority{}, err
	}
	name, err := one(ctx, s.read, sc, func(tx Tx) (string, error) { return tx.OperatorName(sc.Operator()) })
	if err != nil {
		return Authority{}, err
	}
	return s.makeAuthority(ctx, sc, sc.Operator(), name)
}

func (s *Service) makeAuthority(ctx context.Context, sc authz.Scope, op ident.Operator, name string) (Authority, error) {
	now, err := one(ctx, s.read, sc, func(tx Tx) (time.Time, error) { return tx.Now(), nil })
	if err != nil {
		return Authority{}, err
	}
	a, err := newAuthority(op, name, now)
	if err != nil {
		return a, err
	}
	return one(ctx, s.write, sc, func(tx Tx) (Authority, error) {
		if err := roomForAuthority(tx, op); err != nil {
			return a, err
		}
		fresh, err := tx.InsertAuthority(a)
		if err != nil {
			return a, err
		}
		if fresh {
			return a, tx.Audit("authority.made", a.ID.String(), nil, a)
		}
		all, err := tx.TrustedAuthorities(op)
		for _, x := range all {
			if x.Kind == BuiltIn {
				return x, err
			}
		}
		return a, err
	})
}

func roomForAuthority(tx Tx, op ident.Operator) error {
	all, err := tx.AuthoritiesOf(op, mostAuthorities)
	if err == nil && len(all) >= mostAuthorities {
		return fault.New(fault.Limit, "too_many_authorities", "There are %d authorities already; that is the most.", mostAuthorities)
	}
	return err
}

// AddAuthority trusts the operator's own authority by its certificate. organisation is what
// its certificates name; "" takes it from the certificate.
func (s *Service) AddAuthority(ctx context.Context, sc authz.Scope, text, organisation string) (Authority, error) {
	if err := wholeOperator(sc); err != nil {
		return Authority{}, err
	}
	var bad flaws
	organisation = strings.TrimSpace(organisation)
	bad.text("/organisation", organisation, 0, 64)
	if err := bad.err(); err != nil {
		return Authority{}, err
	}
	return one(ctx, s.write, sc, func(tx Tx) (Authority, error) {
		a, err := newOwn(sc.Operator(), text, organisation, tx.Now())
		if err != nil {
			return a, err
		}
		all, err := tx.AuthoritiesOf(a.Operator, mostAuthorities)
		if err != nil {
			return a, err
		}
		for _, x := range all {
			if x.Trusted && x.Fingerprint() == a.Fingerprint() {
				return x, fault.New(fault.Conflict, "authority_known", "This authority is trusted already.")
			}
		}
		if x, known := trustedBefore(all, a); known {
			before := x
			x.Trusted, x.Organisation = true, a.Organisation
			if err := tx.SaveAuthority(x, x.Version); err != nil {
				return a, err
			}
			x.Version++
			return x, tx.Audit("authority.added", x.ID.String(), before, x)
		}
		if err := roomForAuthority(tx, a.Operator); err != nil {
			return a, err
		}
		if _, err := tx.InsertAuthority(a); err != nil {
			return a, err
		}
		return a, tx.Audit("authority.added", a.ID.String(), nil, a)
	})
}

// trustedBefore is an authority from when it was trusted before: it goes on with the list
// of what it has revoked. Where it is there more than once it is the one with the newest
// list. all is newest first.
func trustedBefore(all []Authority, a Authority) (best Authority, known bool) {
	for _, x := range all {
		if x.Kind == a.Kind && x.Fingerprint() == a.Fingerprint() && (!known || x.RevocationsUntil.After(best.RevocationsUntil)) {
			best, known = x, true
		}
	}
	return best, known
}

// DropAuthority ends the trust in an authority: nobody comes in by its certificates any
// more. Points that are connected by one stay until they come the next time.
func (s *Service) DropAuthority(ctx context.Context, sc authz.Scope, id ident.Authority, reason string) (Authority, error) {
	var bad flaws
	bad.text("/reason", strings.TrimSpace(reason), 1, 200)
	if err := bad.err(); err != nil {
		return Authority{}, err
	}
	return s.changeAuthority(ctx, sc, id, "authority.dropped", reason, func(a Authority) (Authority, error) {
		a.Trusted = false
		return a, nil
	})
}

// SetRevocations takes the list of what the operator's own authority has revoked. Points
// that are connected by what is on it are sent away.
func (s *Service) SetRevocations(ctx context.Context, sc authz.Scope, id ident.Authority, text string) (Authority, error) {
	wrong := func(what string) error { return fault.BadInput("/list_pem", "%s", what) }
	var list *x509.RevocationList
	a, err := s.changeAuthority(ctx, sc, id, "authority.revocations", "", func(a Authority) (Authority, error) {
		block, _ := pem.Decode([]byte(text))
		if block == nil || block.Type != "X509 CRL" {
			return a, wrong("must be a list of revoked certificates in PEM")
		}
		var err error
		if list, err = x509.ParseRevocationList(block.Bytes); err != nil {
			return a, wrong("cannot be read as a list of revoked certificates")
		}
		if a.Kind != OwnCA {
			return a, fault.New(fault.Conflict, "authority_built_in", "What is revoked of this authority is known here; revoke the certificate itself.")
		}
		root, err := x509.ParseCertificate(a.Certificate)
		if err != nil {
			return a, err
		}
		if list.CheckSignatureFrom(root) != nil {
			return a, wrong("is not signed by this authority")
		}
		if len(a.Revocations) > 0 {
			before, err := x509.ParseRevocationList(a.Revocations)
			if err != nil {
				return a, err
			}
			if list.ThisUpdate.Before(before.ThisUpdate) {
				return a, wrong("is older than the one that is there")
			}
		}
		a.Revocations, a.RevocationsUntil = block.Bytes, list.NextUpdate
		return a, nil
	})
	if err != nil {
		return a, err
	}
	return a, s.dropRevoked(ctx, sc, a.Operator, list)
}

func (s *Service) changeAuthority(ctx context.Context, sc authz.Scope, id ident.Authority, action, reason string,
	change func(Authority) (Authority, error)) (Authority, error) {
	if !sc.Sub().IsZero() { // it is the operator's
		return Authority{}, fault.NotFound("authority")
	}
	return one(ctx, s.write, sc, func(tx Tx) (Authority, error) {
		before, err := tx.AuthorityByID(id)
		if err != nil {
			return before, err
		}
		after, err := change(before)
		if err != nil {
			return before, err
		}
		if err := tx.SaveAuthority(after, before.Version); err != nil {
			return before, err
		}
		after.Version++
		return after, tx.Audit(action, id.String(), before, map[string]any{"authority": after, "reason": reason})
	})
}

// CertificatePEM is the authority's certificate as others take it.
func (a Authority) CertificatePEM() string { return pemOf("CERTIFICATE", a.Certificate) }

// RevocationList gives the list of what was revoked, in PEM: signed now for ours, as it was
// given for the operator's own.
func (s *Service) RevocationList(ctx context.Context, sc authz.Scope, id ident.Authority) (string, error) {
	if !sc.Sub().IsZero() { // it is the operator's, and so is what of it is revoked
		return "", fault.NotFound("authority")
	}
	var now time.Time
	var revoked []PointCertificate
	a, err := one(ctx, s.read, sc, func(tx Tx) (Authority, error) {
		a, err := tx.AuthorityWithKey(id)
		if err != nil {
			return a, err
		}
		now = tx.Now()
		revoked, err = tx.RevokedBy(id, now)
		return a, err
	})
	if err != nil {
		return "", err
	}
	der := a.Revocations
	if a.Kind == BuiltIn {
		if der, err = a.list(revoked, now); err != nil {
			return "", err
		}
	}
	if len(der) == 0 {
		return "", fault.NotFound("list of revoked certificates")
	}
	return pemOf("X509 CRL", der), nil
}
