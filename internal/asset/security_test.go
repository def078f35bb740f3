package asset_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/ident"
	"ccms/internal/operator"
	"ccms/internal/store"
)

// ca is an authority outside of the server.
type ca struct {
	cert *x509.Certificate
	key  crypto.Signer
	at   time.Time
}

func (c ca) sign(t *testing.T, pub any, change func(*x509.Certificate)) *x509.Certificate {
	t.Helper()
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: c.at.Add(-time.Hour), NotAfter: c.at.AddDate(1, 0, 0), BasicConstraintsValid: true}
	change(tmpl)
	parent := c.cert
	if parent == nil {
		parent = tmpl
	}
	cert, err := x509.ParseCertificate(ok(x509.CreateCertificate(rand.Reader, tmpl, parent, pub, c.key))(t))
	must(t, err)
	return cert
}

// under makes an authority below c; of the zero one it is a root.
func (c ca) under(t *testing.T, name string, serial int64) ca {
	t.Helper()
	key := ok(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))(t)
	if c.key == nil {
		c.key = key
	}
	cert := c.sign(t, key.Public(), func(x *x509.Certificate) {
		x.SerialNumber, x.Subject, x.IsCA, x.KeyUsage = big.NewInt(serial), pkix.Name{CommonName: name}, true, x509.KeyUsageCertSign|x509.KeyUsageCRLSign
	})
	return ca{cert, key, c.at}
}

// leaf makes the certificate of a charge point.
func (c ca) leaf(t *testing.T, pub any, identity string, serial int64) *x509.Certificate {
	t.Helper()
	return c.sign(t, pub, func(x *x509.Certificate) {
		x.SerialNumber, x.Subject = big.NewInt(serial), pkix.Name{CommonName: identity, Organization: []string{"A"}}
		x.KeyUsage, x.ExtKeyUsage = x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	})
}

func (c ca) list(t *testing.T, serials ...int64) string {
	t.Helper()
	tmpl := &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: c.at, NextUpdate: c.at.AddDate(0, 1, 0)}
	for _, n := range serials {
		tmpl.RevokedCertificateEntries = append(tmpl.RevokedCertificateEntries, x509.RevocationListEntry{SerialNumber: big.NewInt(n), RevocationTime: c.at})
	}
	return asPEM("X509 CRL", ok(x509.CreateRevocationList(rand.Reader, tmpl, c.cert, c.key))(t))
}

func asPEM(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

// trusts has the operator trust an authority.
func (w *world) trusts(t *testing.T, c ca) asset.Authority {
	t.Helper()
	return ok(w.AddAuthority(t.Context(), w.a, asPEM("CERTIFICATE", c.cert.Raw), "A"))(t)
}

// given has a point ask for a certificate, which an authority of the operator's own signs.
func (w *world) given(t *testing.T, p asset.ChargePoint, sc authz.Scope, c ca, serial int64) (*x509.Certificate, asset.PointCertificate) {
	t.Helper()
	key := ok(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))(t)
	req := ok(x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: pkix.Name{CommonName: p.Identity, Organization: []string{"A"}}}, key))(t)
	if yes := ok(w.SignRequest(t.Context(), sc, p.ID, p.Epoch, asPEM("CERTIFICATE REQUEST", req)))(t); !yes {
		t.Fatal("the request is refused")
	}
	all := ok(w.PointSecurity(t.Context(), w.a, p.ID))(t).Certificates
	i := slices.IndexFunc(all, func(x asset.PointCertificate) bool { return x.State == asset.CertRequested })
	leaf := c.leaf(t, key.Public(), p.Identity, serial)
	return leaf, ok(w.UploadCertificate(t.Context(), w.a, all[i].ID, asPEM("CERTIFICATE", leaf.Raw)))(t)
}

// comes is what the door does with somebody who comes by a chain.
func (w *world) comes(t *testing.T, p asset.ChargePoint, chain ...*x509.Certificate) (asset.Candidate, asset.Admission, string) {
	t.Helper()
	h := asset.Handshake{TLS: true, Transport: "TLS 1.3", Chain: chain}
	c := ok(w.Candidate(t.Context(), p.Identity, h))(t)
	a, no := w.Judge(c, h, w.clock.Now())
	if no != nil {
		return c, a, no.Detail
	}
	return c, a, ""
}

func (w *world) ownAuthority(t *testing.T) ca {
	t.Helper()
	must(t, w.st.Write(t.Context(), w.a, func(tx *store.Tx) error {
		return tx.InsertOperator(operator.Operator{ID: w.a.Operator(), Name: "A", Code: "010000", Currency: "EUR", TimeZone: "Europe/Berlin", Version: 1})
	}))
	ok(w.SetSecuritySettings(t.Context(), w.a, asset.ByKey, asset.OwnCA, 1))(t)
	return ca{at: w.clock.Now()}.under(t, "Own root", 1)
}

// A certificate that was revoked stays revoked when its authority is trusted no more and
// then again, by its record here and by its authority's list; nor is it taken for a request
// once more.
func TestAUTH_R7_ARevokedCertificateStaysRevoked(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		root := w.ownAuthority(t)
		a := w.trusts(t, root)
		p, sc := w.online(t, "CP1")
		lost, record := w.given(t, p, sc, root, 77)
		listed, _ := w.given(t, p, sc, root, 78)
		good, _ := w.given(t, p, sc, root, 79)
		ok(w.RevokeCertificate(t.Context(), w.a, record.ID, "lost"))(t)
		ok(w.SetRevocations(t.Context(), w.a, a.ID, root.list(t, 78)))(t)
		for _, when := range []string{"at first", "after its authority was added anew"} {
			for leaf, says := range map[*x509.Certificate]string{lost: "revoked on", listed: "on the list", good: ""} {
				if _, _, no := w.comes(t, p, leaf); (no == "") != (says == "") || !strings.Contains(no, says) {
					t.Errorf("%s, number %v: %q", when, leaf.SerialNumber, no)
				}
			}
			ok(w.DropAuthority(t.Context(), w.a, a.ID, "by mistake"))(t)
			a = w.trusts(t, root)
		}
		ok(w.DropAuthority(t.Context(), w.a, a.ID, "by mistake"))(t)
		w.in(t, w.a, func(tx asset.Tx) error { // in another row, as there may be from before
			a.ID, a.Trusted, a.Version = ident.New[ident.Authority](tx.Now()), true, 1
			_, err := tx.InsertAuthority(a)
			return err
		})
		if _, _, no := w.comes(t, p, lost); !strings.Contains(no, "revoked on") {
			t.Errorf("by another row of its authority: %q", no)
		}
		for _, c := range ok(w.PointSecurity(t.Context(), w.a, p.ID))(t).Certificates {
			if c.ID == record.ID && c.State != asset.CertRevoked {
				t.Errorf("the record is %s", c.State)
			}
		}
	})
}

// Two authorities may give one number twice: what is known of the one certificate says
// nothing of the other, and one that we did not give out is not taken for one that we did.
func TestTwoCertificatesWithOneNumberAreTwo(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		root := w.ownAuthority(t)
		w.trusts(t, root)
		p, sc := w.online(t, "CP1")
		q, sq := w.online(t, "CP2")
		first, record := w.given(t, p, sc, root, 7)
		other := ca{at: w.clock.Now()}.under(t, "Other root", 1)
		w.trusts(t, other)
		second, _ := w.given(t, q, sq, other, 7)
		byHand := other.leaf(t, second.PublicKey, "CP1", 7)
		for _, x := range []struct {
			point asset.ChargePoint
			leaf  *x509.Certificate
			known bool
		}{{p, first, true}, {q, second, true}, {p, byHand, false}} {
			_, a, no := w.comes(t, x.point, x.leaf)
			if no != "" || a.Certificate.IsZero() == x.known {
				t.Errorf("%s by %s: %q, record %v", x.point.Identity, x.leaf.Issuer, no, a.Certificate)
			}
		}
		ok(w.RevokeCertificate(t.Context(), w.a, record.ID, "lost"))(t)
		if _, _, no := w.comes(t, p, first); no == "" {
			t.Error("the revoked one is let in")
		}
		for point, leaf := range map[*asset.ChargePoint]*x509.Certificate{&q: second, &p: byHand} {
			if _, _, no := w.comes(t, *point, leaf); no != "" {
				t.Errorf("another of that number: %s", no)
			}
		}
	})
}

// A list counts for every certificate on the way to the root, each by the list of its
// issuer, and a new list sends away whoever is connected by what is on it.
func TestAUTH_R7_AListOfWhatIsRevokedCountsForTheWholeChain(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		var gone []ident.ChargePoint
		w.dropped = func(id ident.ChargePoint) { gone = append(gone, id) }
		root := w.ownAuthority(t)
		a := w.trusts(t, root)
		between := root.under(t, "Between", 50)
		key := ok(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))(t)
		p, sp := w.online(t, "CP1")
		q, sq := w.online(t, "CP2")
		r, sr := w.online(t, "CP3")
		chains := map[ident.ChargePoint][]*x509.Certificate{
			p.ID: {between.leaf(t, key.Public(), "CP1", 60), between.cert},
			q.ID: {root.leaf(t, key.Public(), "CP2", 61)},
			r.ID: {root.leaf(t, key.Public(), "CP3", 62)},
		}
		come := func(x asset.ChargePoint, sc authz.Scope) string {
			c, adm, no := w.comes(t, x, chains[x.ID]...)
			if no == "" {
				must(t, w.Admitted(t.Context(), sc, c, adm))
			}
			return no
		}
		for _, no := range []string{come(p, sp), come(q, sq), come(r, sr)} {
			if no != "" {
				t.Fatal(no)
			}
		}
		ok(w.SetRevocations(t.Context(), w.a, a.ID, root.list(t, 60)))(t) // that number is of another issuer
		if no := come(p, sp); no != "" {
			t.Errorf("a number that another issuer has revoked: %s", no)
		}
		gone = nil
		ok(w.SetRevocations(t.Context(), w.a, a.ID, root.list(t, 50, 61)))(t)
		if !slices.Contains(gone, p.ID) || !slices.Contains(gone, q.ID) || len(gone) != 2 {
			t.Errorf("sent away: %v", gone)
		}
		if no := come(p, sp); !strings.Contains(no, "Between") {
			t.Errorf("by an authority that was revoked: %q", no)
		}
		if come(q, sq) == "" || come(r, sr) != "" {
			t.Error("the one on the list is let in, or the one that is not is refused")
		}
		b := w.trusts(t, between) // trusted by itself, with a list of its own
		if no := come(p, sp); no != "" {
			t.Errorf("by an authority that is trusted by itself: %s", no)
		}
		ok(w.SetRevocations(t.Context(), w.a, b.ID, between.list(t, 60)))(t)
		if no := come(p, sp); no == "" {
			t.Error("on the list of the authority between")
		}
	})
}

// Whoever was judged by what holds no more is not let in: between the judgement and its
// last step staff may have decided.
func TestAUTH_R7_TheLastStepRefusesWhatHoldsNoMore(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		root, number := w.ownAuthority(t), int64(100)
		for _, x := range []struct {
			why    string
			byKey  bool
			before func(p asset.ChargePoint, a asset.Authority, c asset.PointCertificate) error
			still  bool
		}{
			{"nothing happened", true, nil, true},
			{"nothing happened to its certificate", false, nil, true},
			{"more is required", true, func(p asset.ChargePoint, _ asset.Authority, _ asset.PointCertificate) error {
				return w.RequireProfile(t.Context(), w.a, p.ID, asset.ByCertificate, "test")
			}, false},
			{"what it has is required", false, func(p asset.ChargePoint, _ asset.Authority, _ asset.PointCertificate) error {
				return w.RequireProfile(t.Context(), w.a, p.ID, asset.ByCertificate, "test")
			}, true},
			{"another key", true, func(p asset.ChargePoint, _ asset.Authority, _ asset.PointCertificate) error {
				_, err := w.NewKey(t.Context(), w.a, p.ID)
				return err
			}, false},
			{"its certificate is revoked", false, func(_ asset.ChargePoint, _ asset.Authority, c asset.PointCertificate) error {
				_, err := w.RevokeCertificate(t.Context(), w.a, c.ID, "lost")
				return err
			}, false},
			{"a new list", false, func(_ asset.ChargePoint, a asset.Authority, _ asset.PointCertificate) error {
				_, err := w.SetRevocations(t.Context(), w.a, a.ID, root.list(t, 1000))
				return err
			}, false},
			{"its authority is dropped", false, func(_ asset.ChargePoint, a asset.Authority, _ asset.PointCertificate) error {
				_, err := w.DropAuthority(t.Context(), w.a, a.ID, "test")
				return err
			}, false},
		} {
			for _, known := range []bool{false, true} { // whether it came like that before
				a := w.trusts(t, root)
				identity := fmt.Sprint(strings.ReplaceAll(x.why, " ", "-"), known)
				v, key, err := w.CreateChargePoint(t.Context(), w.a, asset.NewChargePoint{Site: w.site(t, w.a, identity).ID, Identity: identity, Name: identity, Type: asset.AC})
				must(t, err)
				sc := authz.ForChargePoint(v.Operator, v.Sub, v.ID)
				ok(w.Connect(t.Context(), sc, v.ID))(t)
				p := w.now(t, v.ID)
				number++
				leaf, record := w.given(t, p, sc, root, number)
				h := asset.Handshake{User: identity, Key: key}
				if !x.byKey {
					h = asset.Handshake{TLS: true, Chain: []*x509.Certificate{leaf}}
				}
				c := ok(w.Candidate(t.Context(), identity, h))(t)
				adm, no := w.Judge(c, h, w.clock.Now())
				if no != nil {
					t.Fatal(no.Detail)
				}
				if known {
					must(t, w.Admitted(t.Context(), sc, c, adm))
					c = ok(w.Candidate(t.Context(), identity, h))(t)
				}
				if x.before != nil {
					must(t, x.before(p, a, record))
				}
				if err = w.Admitted(t.Context(), sc, c, adm); x.still {
					must(t, err)
				} else {
					refused(t, err, asset.CodeJudgedBefore)
				}
				if a = ok(w.Authorities(t.Context(), w.a))(t)[0]; a.Trusted {
					ok(w.DropAuthority(t.Context(), w.a, a.ID, "test"))(t)
				}
			}
		}
	})
}
