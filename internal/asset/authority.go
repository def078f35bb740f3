package asset

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"ccms/internal/fault"
	"ccms/internal/ident"
)

// Authority signs certificates of charge points, or did: one of ours, whose key is kept
// sealed, or the operator's own, of which there is the certificate alone.
type Authority struct {
	ID           ident.Authority
	Operator     ident.Operator
	Kind         Issuer
	Name         string
	Organisation string // that its certificates must name (whitepaper: O is the operator)
	Certificate  []byte // DER
	Key          []byte // PKCS 8; only where it is about to sign
	// Revocations is the list of the operator's own (RFC 5280 §5), DER; of ours we know
	// what is revoked.
	Revocations      []byte
	RevocationsUntil time.Time // when its next was announced
	Trusted          bool
	NotBefore        time.Time
	NotAfter         time.Time
	CreatedAt        time.Time
	Version          int64
}

// MarshalJSON keeps the key out of audit rows.
func (a Authority) MarshalJSON() ([]byte, error) {
	return fmt.Appendf(nil, `{"id":%q,"kind":%q,"trusted":%t,"sha256":%q}`, a.ID, a.Kind, a.Trusted, a.Fingerprint()), nil
}

// Fingerprint is the SHA-256 of the certificate, in hex.
func (a Authority) Fingerprint() string {
	sum := sha256.Sum256(a.Certificate)
	return hex.EncodeToString(sum[:])
}

// How long what we sign is good.
const (
	rootYears = 20
	leafFor   = 365 * 24 * time.Hour
	// backdate is for devices whose clock is behind.
	backdate = 24 * time.Hour
)

// newAuthority makes a root for the operator.
func newAuthority(op ident.Operator, name string, now time.Time) (Authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return Authority{}, err
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return Authority{}, err
	}
	name = short(name, 64)
	tmpl := &x509.Certificate{
		SerialNumber: newSerial(), Subject: pkix.Name{CommonName: short(name+" charge points", 64), Organization: []string{name}},
		NotBefore: now.Add(-backdate), NotAfter: now.AddDate(rootYears, 0, 0),
		IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		return Authority{}, err
	}
	return Authority{
		ID: ident.New[ident.Authority](now), Operator: op, Kind: BuiltIn, Name: tmpl.Subject.CommonName, Organisation: name, Certificate: der, Key: pkcs8,
		Trusted: true, NotBefore: tmpl.NotBefore, NotAfter: tmpl.NotAfter, CreatedAt: now, Version: 1,
	}, nil
}

// short cuts a text to so many bytes, at a character: X.520 bounds a name.
func short(s string, most int) string {
	for len(s) > most {
		r := []rune(s)
		s = string(r[:len(r)-1])
	}
	return s
}

func newSerial() *big.Int {
	b := make([]byte, 16)
	rand.Read(b) // never fails (crypto/rand)
	b[0] &= 0x7f
	b[0] |= 0x40 // never short: some devices write it in a fixed width
	return new(big.Int).SetBytes(b)
}

// serialOf is a certificate's number as it is kept, in hex.
func serialOf(c *x509.Certificate) string { return serialText(c.SerialNumber) }

func serialText(n *big.Int) string { return hex.EncodeToString(n.Bytes()) }

// leaf signs a request that was checked.
func (a Authority) leaf(req *x509.CertificateRequest, now time.Time) ([]byte, error) {
	root, err := x509.ParseCertificate(a.Certificate)
	if err != nil {
		return nil, err
	}
	parsed, err := x509.ParsePKCS8PrivateKey(a.Key)
	if err != nil {
		return nil, err
	}
	key, ok := parsed.(crypto.Signer)
	if !ok {
		return nil, errors.New("the authority's key cannot sign")
	}
	until := now.Add(leafFor)
	if until.After(a.NotAfter) {
		until = a.NotAfter
	}
	tmpl := &x509.Certificate{
		SerialNumber: newSerial(), Subject: pkix.Name{CommonName: req.Subject.CommonName, Organization: []string{a.Organisation}},
		NotBefore: now.Add(-backdate), NotAfter: until,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}, BasicConstraintsValid: true,
	}
	return x509.CreateCertificate(rand.Reader, tmpl, root, req.PublicKey, key)
}

// list signs the list of what is revoked.
func (a Authority) list(revoked []PointCertificate, now time.Time) ([]byte, error) {
	root, err := x509.ParseCertificate(a.Certificate)
	if err != nil {
		return nil, err
	}
	parsed, err := x509.ParsePKCS8PrivateKey(a.Key)
	if err != nil {
		return nil, err
	}
	key, ok := parsed.(crypto.Signer)
	if !ok {
		return nil, errors.New("the authority's key cannot sign")
	}
	tmpl := &x509.RevocationList{Number: big.NewInt(now.Unix()), ThisUpdate: now, NextUpdate: now.Add(7 * 24 * time.Hour)}
	for _, c := range revoked {
		n, ok := new(big.Int).SetString(c.Serial, 16)
		if !ok {
			return nil, fmt.Errorf("%q is no number of a certificate", c.Serial)
		}
		tmpl.RevokedCertificateEntries = append(tmpl.RevokedCertificateEntries, x509.RevocationListEntry{SerialNumber: n, RevocationTime: c.RevokedAt})
	}
	return x509.CreateRevocationList(rand.Reader, tmpl, root, key)
}

// strongKey refuses keys that are too weak to be signed (whitepaper §2.3: RSA of 2048 bits
// or ECC of 224, of which the least that Go and most devices know is P-256).
func strongKey(pub any) error {
	switch k := pub.(type) {
	case *rsa.PublicKey:
		if k.N.BitLen() < 2048 {
			return fmt.Errorf("its RSA key has %d bits; at least 2048 are needed", k.N.BitLen())
		}
	case *ecdsa.PublicKey:
		if k.Curve.Params().BitSize < 256 {
			return fmt.Errorf("its key is of %s; at least P-256 is needed", k.Curve.Params().Name)
		}
	default:
		return errors.New("its key is neither RSA nor ECDSA")
	}
	return nil
}

// readRequest checks what a device asks to have signed: its signature, its key, and that
// it speaks of itself.
func readRequest(text string, p ChargePoint, organisation string) (*x509.CertificateRequest, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil || block.Type != "CERTIFICATE REQUEST" && block.Type != "NEW CERTIFICATE REQUEST" {
		return nil, errors.New("it is no request for a certificate in PEM")
	}
	req, err := x509.ParseCertificateRequest(block.Bytes)
	if err != nil {
		return nil, errors.New("it cannot be read as a request for a certificate")
	}
	if err := req.CheckSignature(); err != nil {
		return req, errors.New("its signature is not that of its key")
	}
	if err := strongKey(req.PublicKey); err != nil {
		return req, err
	}
	return req, ofPoint(req.Subject, p, organisation)
}

// ofPoint checks whom a subject names: the charge point by its identity, or the device in
// its place by the serial number that it tells, which is what the specification asks for
// (OCPP 2.0.1 A00.FR.405) and not every maker does.
func ofPoint(n pkix.Name, p ChargePoint, organisation string) error {
	switch {
	case n.CommonName == "" || n.CommonName != p.Identity && n.CommonName != p.Serial:
		return fmt.Errorf("its common name is %q and neither the identity nor the serial number of the charge point", clip(n.CommonName, 64))
	case !slices.Contains(n.Organization, organisation):
		return fmt.Errorf("its organisation is %q; set CpoName on the charge point to %q", clip(strings.Join(n.Organization, ", "), 64), organisation)
	}
	return nil
}

// readChain reads certificates in PEM, its own first.
func readChain(text string) ([]*x509.Certificate, error) {
	var all []*x509.Certificate
	for rest := []byte(text); len(bytes.TrimSpace(rest)) > 0; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil || block.Type != "CERTIFICATE" {
			return nil, errors.New("must be certificates in PEM and nothing else")
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, errors.New("holds a certificate that cannot be read")
		}
		if all = append(all, c); len(all) > 10 {
			return nil, errors.New("holds more than ten certificates")
		}
	}
	if len(all) == 0 {
		return nil, errors.New("holds no certificate")
	}
	return all, nil
}

// pemOf is DER as PEM.
func pemOf(kind string, ders ...[]byte) string {
	var out []byte
	for _, d := range ders {
		out = append(out, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: d})...)
	}
	return string(out)
}

// verify finds the authority behind a chain of a charge point, and the path to it, without
// its own certificate.
func verify(chain []*x509.Certificate, trusted []Authority, now time.Time) (Authority, []*x509.Certificate, error) {
	between := x509.NewCertPool()
	for _, c := range chain[1:] {
		between.AddCert(c)
	}
	var why, revoked error
	for _, a := range trusted {
		root, err := x509.ParseCertificate(a.Certificate)
		if err != nil {
			return a, nil, err
		}
		roots := x509.NewCertPool()
		roots.AddCert(root)
		paths, err := chain[0].Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
		if err != nil {
			if why == nil || !isUnknown(err) {
				why = err
			}
			continue
		}
		var path []*x509.Certificate
		if path, revoked = anyGood(paths, trusted); revoked == nil {
			return a, path[:len(path)-1], nil
		}
	}
	if revoked != nil {
		return Authority{}, nil, revoked
	}
	if why == nil || isUnknown(why) {
		return Authority{}, nil, errors.New("it was signed by nobody that this operator trusts")
	}
	var invalid x509.CertificateInvalidError
	if errors.As(why, &invalid) && invalid.Reason == x509.Expired {
		if now.Before(chain[0].NotBefore) {
			return Authority{}, nil, fmt.Errorf("it is valid from %s only", chain[0].NotBefore.UTC().Format(time.DateOnly))
		}
		return Authority{}, nil, fmt.Errorf("it has expired on %s", chain[0].NotAfter.UTC().Format(time.DateOnly))
	}
	return Authority{}, nil, why
}

func isUnknown(err error) bool {
	var unknown x509.UnknownAuthorityError
	return errors.As(err, &unknown)
}

// judgeCertificate says what is wrong with the certificate that somebody shows, or gives the
// path by which it is good.
func (c Candidate) judgeCertificate(chain []*x509.Certificate, now time.Time) ([]*x509.Certificate, error) {
	bad := func(format string, args ...any) ([]*x509.Certificate, error) {
		return nil, errors.New("Its certificate is not taken: " + fmt.Sprintf(format, args...) + ".")
	}
	a, path, err := verify(chain, c.Trusted, now)
	if err != nil {
		return bad("%v", err)
	}
	known := !c.Record.ID.IsZero()
	switch {
	case known && c.Record.Point != c.Point.ID:
		return bad("it is another charge point's")
	case known && c.Record.State == CertRevoked:
		return bad("it was revoked on %s", c.Record.RevokedAt.UTC().Format(time.DateOnly))
	case !known && a.Kind == BuiltIn:
		return bad("it is none that was given out")
	case known: // whom it names was looked at when it was given out
		return path, nil
	}
	// Of one that we have never seen only the identity counts: makers are known that give
	// many devices one serial number.
	nameless := c.Point
	nameless.Serial = ""
	if err := ofPoint(chain[0].Subject, nameless, a.Organisation); err != nil {
		return bad("%v", err)
	}
	return path, nil
}

// newOwn is the operator's own authority, from its certificate.
func newOwn(op ident.Operator, text, organisation string, now time.Time) (Authority, error) {
	chain, err := readChain(text)
	if err != nil || len(chain) != 1 {
		return Authority{}, fault.BadInput("/certificate_pem", "must be one certificate in PEM")
	}
	c := chain[0]
	switch {
	case !c.IsCA || !c.BasicConstraintsValid:
		return Authority{}, fault.BadInput("/certificate_pem", "must be the certificate of an authority, not one that it signed")
	case now.After(c.NotAfter):
		return Authority{}, fault.BadInput("/certificate_pem", "has expired")
	case strongKey(c.PublicKey) != nil:
		return Authority{}, fault.BadInput("/certificate_pem", "has a key that is too weak")
	}
	name := c.Subject.CommonName
	if name == "" {
		name = c.Subject.String()
	}
	if organisation == "" && len(c.Subject.Organization) > 0 {
		organisation = c.Subject.Organization[0]
	}
	if organisation == "" {
		return Authority{}, fault.BadInput("/organisation", "must be there: the certificate names none")
	}
	return Authority{ID: ident.New[ident.Authority](now), Operator: op, Kind: OwnCA, Name: clip(name, 200), Organisation: organisation, Certificate: c.Raw,
		Trusted: true, NotBefore: c.NotBefore, NotAfter: c.NotAfter, CreatedAt: now, Version: 1}, nil
}
