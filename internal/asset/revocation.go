package asset

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"

	"ccms/internal/authz"
	"ccms/internal/ident"
)

// anyGood gives one of the paths from a certificate to a root on which nothing was revoked
// by its issuer, and otherwise what was.
func anyGood(paths [][]*x509.Certificate, known []Authority) (path []*x509.Certificate, why error) {
	for _, path = range paths {
		if why = onLists(path, known); why == nil {
			return path, nil
		}
	}
	return nil, why
}

// onLists says which certificate of a path is on the list of its issuer (RFC 5280 §6.3).
// The list may be of an authority between the root and the certificate, where that is
// known too, and was given for any certificate of the issuer's key.
func onLists(path []*x509.Certificate, known []Authority) error {
	for i, c := range path[:len(path)-1] {
		issuer := path[i+1]
		for _, a := range known {
			if len(a.Revocations) == 0 {
				continue
			}
			root, err := x509.ParseCertificate(a.Certificate)
			if err != nil {
				return err
			}
			if !bytes.Equal(root.RawSubject, issuer.RawSubject) || !samePublic(root.PublicKey, issuer.PublicKey) {
				continue
			}
			list, err := x509.ParseRevocationList(a.Revocations)
			if err != nil {
				return errors.New("the list of what is revoked cannot be read")
			}
			if !slices.ContainsFunc(list.RevokedCertificateEntries, func(r x509.RevocationListEntry) bool { return r.SerialNumber.Cmp(c.SerialNumber) == 0 }) {
				continue
			}
			if i == 0 {
				return errors.New("it is on the list of what is revoked")
			}
			return fmt.Errorf("the authority %q that it comes by is on the list of what is revoked", clip(c.Subject.String(), 100))
		}
	}
	return nil
}

// serialsOf are the numbers of the certificates by which somebody came, as they are kept.
func serialsOf(path []*x509.Certificate) string {
	var all []string
	for _, c := range path {
		all = append(all, serialOf(c))
	}
	return strings.Join(all, " ")
}

// Shown is what a charge point that came by certificate has shown.
type Shown struct {
	Point   ident.ChargePoint
	Serials string // of its chain, as serialsOf writes them
}

// shownAtOnce is how many points are read at a time.
const shownAtOnce = 500

// dropRevoked sends away the points of an operator that came by a certificate with one of
// the numbers on a list. Numbers of another authority may be among them: a point that is
// sent away is judged again when it comes, which is at once.
func (s *Service) dropRevoked(ctx context.Context, sc authz.Scope, op ident.Operator, list *x509.RevocationList) error {
	revoked := make(map[string]bool, len(list.RevokedCertificateEntries))
	for _, r := range list.RevokedCertificateEntries {
		revoked[serialText(r.SerialNumber)] = true
	}
	for after := (ident.ChargePoint{}); ; {
		page, err := one(ctx, s.read, sc, func(tx Tx) ([]Shown, error) { return tx.ShownCertificates(op, after, shownAtOnce) })
		if err != nil {
			return err
		}
		for _, x := range page {
			after = x.Point
			if slices.ContainsFunc(strings.Fields(x.Serials), func(n string) bool { return revoked[n] }) {
				s.drop(x.Point)
			}
		}
		if len(page) < shownAtOnce {
			return nil
		}
	}
}
