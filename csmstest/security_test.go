package csmstest

import (
	"crypto"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/upkeep"
)

// answer is the HTTP status that a knock ends with; 101 lets it in.
func (p *Point) answer(h Handshake) int {
	p.Helper()
	c, err := p.Knock(h)
	var refused *Refused
	switch {
	case errors.As(err, &refused):
		return refused.Status
	case err != nil:
		p.Fatal(err)
	}
	c.Drop()
	return 101
}

// security is what the API says of the point's security.
func (a *API) security(p *Point) M {
	p.Helper()
	return a.Get("/api/v1/charge-points/" + p.ID.String() + "/security").Body
}

// required sets the least that the point must fulfil.
func (a *API) required(p *Point, profile int) {
	p.Helper()
	a.Do("PUT", "/api/v1/charge-points/"+p.ID.String()+"/security-profile", M{"profile": profile, "reason": "test"}).Want(200)
}

// noted waits until the point has security events of these kinds, in any order and
// however often.
func (a *API) noted(p *Point, kinds ...asset.SecurityKind) {
	p.Helper()
	for _, k := range kinds {
		p.Until("the event "+string(k), func() bool {
			return len(a.Get("/api/v1/security-events?charge_point_id="+p.ID.String()+"&kind="+string(k)).Items()) > 0
		})
	}
}

// request makes a request for a certificate.
func (w *World) request(key crypto.Signer, cn, organisation string) string {
	w.Helper()
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: pkix.Name{CommonName: cn, Organization: []string{organisation}}}, key)
	w.OK(err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der}))
}

// pair reads the chain that a charge point is brought.
func (w *World) pair(chain string, key crypto.Signer) tls.Certificate {
	w.Helper()
	out := tls.Certificate{PrivateKey: key}
	for rest := []byte(chain); ; {
		var b *pem.Block
		if b, rest = pem.Decode(rest); b == nil {
			return out
		}
		out.Certificate = append(out.Certificate, b.Bytes)
	}
}

// certified has the point ask for a certificate and take it.
func (c *Conn) certified() tls.Certificate {
	c.Helper()
	key := c.ECKey()
	if got := c.Call("SignCertificate", M{"csr": c.request(key, c.Identity, "A3E")}); got.Str("status") != "Accepted" {
		c.Fatalf("the request is answered %v", got)
	}
	a := c.Asked("CertificateSigned")
	a.Accept()
	return c.pair(a.Payload.Str("certificateChain"), key)
}

// What somebody shows must be at least what the point must fulfil; more is welcome.
func TestAUTH_R7_LessThanTheProfileIsRefused(t *testing.T) {
	EachWith(t, Options{TLS: true}, func(w *World) {
		staff := w.Staff(authz.OpAdmin)
		p := w.Point("CP1")
		c := p.Online()
		own := c.certified()
		c.Drop()
		wrong := "00112233445566778899aabbccddeeff"
		for _, x := range []struct {
			profile int
			what    string
			h       Handshake
			status  int
		}{
			{1, "a key", Handshake{}, 101},
			{1, "a key by TLS", Handshake{TLS: w.TLS()}, 101},
			{1, "a certificate", Handshake{TLS: w.TLS(own), NoKey: true}, 101},
			{1, "a wrong key", Handshake{Key: wrong}, 401},
			{1, "nothing", Handshake{NoKey: true}, 401},
			{2, "a key", Handshake{}, 403},
			{2, "a wrong key without TLS", Handshake{Key: wrong}, 401}, // who does not know the key is not told more
			{2, "a key by TLS", Handshake{TLS: w.TLS()}, 101},
			{2, "a certificate", Handshake{TLS: w.TLS(own), NoKey: true}, 101},
			{3, "a key", Handshake{}, 403},
			{3, "a key by TLS", Handshake{TLS: w.TLS()}, 403},
			{3, "TLS alone", Handshake{TLS: w.TLS(), NoKey: true}, 401},
			{3, "a certificate", Handshake{TLS: w.TLS(own), NoKey: true}, 101},
			{3, "a certificate, and a key that is wrong", Handshake{TLS: w.TLS(own), Key: wrong}, 101},
		} {
			staff.required(p, x.profile)
			if got := p.answer(x.h); got != x.status {
				w.Errorf("profile %d, %s: %d, want %d", x.profile, x.what, got, x.status)
			}
		}
		staff.noted(p, asset.KindProfileNotMet)
		w.Until("the warning", func() bool { return len(w.Warnings(upkeep.Filter{Types: []upkeep.Type{upkeep.Security}})) > 0 })
		if len(w.Server.Lines("must come with a certificate of its own")) == 0 {
			w.Error("the log does not say what is missing")
		}
		c, err := p.Knock(Handshake{TLS: w.TLS(own), NoKey: true})
		w.OK(err)
		c.Boot()
		if s := staff.security(p); s.Str("met") != "3" || s.Str("required") != "3" || s.Str("transport") == "" || !s.Has("certificate_id") || s.Str("refused_why") == "" {
			w.Errorf("staff see %v", s)
		}
	})
}

// Without any security only where the operator's minimum allows it and the point says so
// itself; behind a proxy TLS counts only where the proxy is trusted.
func TestAUTH_R7_NoSecurityOnlyByChoice(t *testing.T) {
	EachWith(t, Options{TrustProxy: true}, func(w *World) {
		staff := w.Staff(authz.OpAdmin)
		p := w.Point("CP1")
		path := "/api/v1/charge-points/" + p.ID.String() + "/security-profile"
		if r := staff.Do("PUT", path, M{"profile": 0, "reason": "no keys in it"}).Want(409); r.Body.Str("code") != "below_minimum" {
			w.Errorf("%v", r.Body)
		}
		staff.Do("PUT", "/api/v1/security-settings", M{"minimum": 0, "issuer": "built_in"}, "If-Match", `"1"`).Want(200)
		if got := p.answer(Handshake{NoKey: true}); got != 401 {
			w.Errorf("with a minimum of 0 alone: %d", got)
		}
		staff.required(p, 0)
		if got := p.answer(Handshake{NoKey: true}); got != 101 {
			w.Errorf("by choice of both: %d", got)
		}
		staff.Do("PUT", "/api/v1/security-settings", M{"minimum": 2, "issuer": "built_in"}, "If-Match", `"2"`).Want(200)
		if got := p.answer(Handshake{}); got != 403 {
			w.Errorf("below a minimum of 2: %d", got)
		}
		if got := p.answer(Handshake{Proto: "https"}); got != 101 {
			w.Errorf("by TLS up to the proxy: %d", got)
		}
	})
}

// A wrong key is answered 401 with nothing in it, the fifth in a row is an event and a
// warning, and the right key is let in all the while.
func TestAST_A5_WrongKeysAreToldAfterFive(t *testing.T) {
	Each(t, func(w *World) {
		staff := w.Staff(authz.OpAdmin)
		p := w.Point("CP1")
		wrong := Handshake{Key: "00112233445566778899aabbccddeeff"}
		events := func() int {
			return len(staff.Get("/api/v1/security-events?charge_point_id=" + p.ID.String()).Items())
		}
		for range 4 {
			if got := p.answer(wrong); got != 401 {
				w.Errorf("a wrong key: %d", got)
			}
		}
		if got := p.answer(Handshake{}); got != 101 {
			w.Errorf("the right key among them: %d", got)
		}
		if n := events(); n != 0 {
			w.Errorf("%d events after four", n)
		}
		for range 20 {
			p.answer(wrong)
		}
		staff.noted(p, asset.KindWrongKey)
		if n := events(); n != 1 {
			w.Errorf("%d events of one device that tries on", n)
		}
		w.Until("the warning", func() bool { return len(w.Warnings(upkeep.Filter{Types: []upkeep.Type{upkeep.Security}})) == 1 })
		if got := p.answer(Handshake{}); got != 101 {
			w.Errorf("the right key at the end: %d", got)
		}
	})
}

// Certificates that open nothing: each is refused with what is the matter.
func TestCertificatesThatAreNotTaken(t *testing.T) {
	EachWith(t, Options{TLS: true}, func(w *World) {
		staff := w.Staff(authz.OpAdmin)
		p, q := w.Point("CP1"), w.Point("CP2")
		c, d := p.Online(), q.Online()
		own, others := c.certified(), d.certified()
		w.Advance(time.Second)
		revoked := c.certified()
		var list []M
		w.Until("it is installed", func() bool {
			list = staff.Get("/api/v1/certificates?charge_point_id=" + p.ID.String()).Items()
			return list[0].Str("state") == "installed"
		})
		staff.Do("POST", "/api/v1/certificates/"+list[0].Str("id")+"/revoke", M{"reason": "lost"}).Want(200)
		c.Drop()
		d.Drop()
		foreign := w.NewCA("somebody")
		key := w.ECKey()
		forged := foreign.Issue(key.Public(), "CP1", x509.ExtKeyUsageClientAuth, func(x *x509.Certificate) { x.Subject.Organization = []string{"A3E"} })
		staff.required(p, 3)
		for what, shown := range map[string]tls.Certificate{
			"it is another charge point's":               others,
			"it was revoked on":                          revoked,
			"signed by nobody that this operator trusts": {Certificate: [][]byte{forged}, PrivateKey: key},
		} {
			w.Clock.Advance(time.Second) // an event is kept once for its time
			if got := p.answer(Handshake{TLS: w.TLS(shown), NoKey: true}); got != 401 {
				w.Errorf("%s: %d", what, got)
			}
			if len(w.Server.Lines(what)) == 0 {
				w.Errorf("the log does not say %q", what)
			}
			w.Until("the event says "+what, func() bool {
				return slices.ContainsFunc(staff.Get("/api/v1/security-events?charge_point_id="+p.ID.String()+"&kind="+string(asset.KindBadCertificate)).Items(),
					func(e M) bool { return strings.Contains(e.Str("detail"), what) })
			})
		}
		staff.noted(p, asset.KindRevoked, asset.KindIssued)
		if got := p.answer(Handshake{TLS: w.TLS(own), NoKey: true}); got != 101 {
			w.Errorf("the good one: %d", got)
		}
		w.Clock.Advance(366 * 24 * time.Hour)
		if got := p.answer(Handshake{TLS: w.TLS(own), NoKey: true}); got != 401 || len(w.Server.Lines("it has expired on")) == 0 {
			w.Errorf("a year later: %d", got)
		}
		staff = w.Staff(authz.OpAdmin) // the login has expired too
		for day := range 30 {          // dates of somebody's choosing: they do not fill the list
			w.Clock.Advance(time.Second)
			key := w.ECKey()
			old := foreign.Issue(key.Public(), "CP1", x509.ExtKeyUsageClientAuth, func(x *x509.Certificate) {
				x.NotBefore, x.NotAfter = w.Now().AddDate(-1, 0, 0), w.Now().AddDate(0, 0, -1-day)
			})
			if got := p.answer(Handshake{TLS: w.TLS(tls.Certificate{Certificate: [][]byte{old}, PrivateKey: key}), NoKey: true}); got != 401 {
				w.Errorf("expired %d days ago: %d", day+1, got)
			}
		}
		if n := len(staff.Get("/api/v1/security-events?charge_point_id=" + p.ID.String() + "&kind=" + string(asset.KindBadCertificate)).Items()); n < 3 || n > 12 {
			w.Errorf("%d events of certificates that are not taken", n)
		}
		crl := staff.Get("/api/v1/authorities/" + list[0].Str("authority_id") + "/revocations").Body.Str("list_pem")
		b, _ := pem.Decode([]byte(crl))
		if l, err := x509.ParseRevocationList(b.Bytes); err != nil || len(l.RevokedCertificateEntries) > 1 {
			w.Errorf("the list of what is revoked: %v", err)
		}
	})
}

// The specification has the serial number of the device as the name in its certificate, and
// many makers the identity: both are taken (OCPP 2.0.1 A00.FR.405).
func TestAUTH_R7_ACertificateMayNameTheSerialNumber(t *testing.T) {
	EachWith(t, Options{TLS: true}, func(w *World) {
		staff := w.Staff(authz.OpAdmin)
		p := w.Point("CP1")
		c := p.Dial()
		c.Boot(M{"chargePointSerialNumber": "SN-0042"})
		key := w.ECKey()
		if got := c.Call("SignCertificate", M{"csr": w.request(key, "SN-0042", "A3E")}); got.Str("status") != "Accepted" {
			w.Fatalf("the request is answered %v", got)
		}
		a := c.Asked("CertificateSigned")
		a.Accept()
		own := w.pair(a.Payload.Str("certificateChain"), key)
		c.Drop()
		staff.required(p, 3)
		if got := p.answer(Handshake{TLS: w.TLS(own), NoKey: true}); got != 101 {
			w.Errorf("it is answered %d", got)
		}
		q := w.Point("CP2")
		if got := q.answer(Handshake{TLS: w.TLS(own), NoKey: true}); got != 401 {
			w.Errorf("another is answered %d", got)
		}
	})
}

// Requests that are not signed: of another, for another operator, with a weak key, with a
// broken signature; each is answered Rejected and told.
func TestRequestsForCertificatesThatAreRefused(t *testing.T) {
	Each(t, func(w *World) {
		staff := w.Staff(authz.OpAdmin)
		p := w.Point("CP1")
		c := p.Online()
		good := w.request(w.ECKey(), "CP1", "A3E")
		b, _ := pem.Decode([]byte(good))
		b.Bytes[len(b.Bytes)-4] ^= 0xff
		for why, csr := range map[string]string{
			"another's name":       w.request(w.ECKey(), "CP2", "A3E"),
			"another organisation": w.request(w.ECKey(), "CP1", "Somebody"),
			"a weak key":           w.request(w.RSAKey(1024), "CP1", "A3E"),
			"a broken signature":   string(pem.EncodeToMemory(b)),
			"no request":           "hello",
			"nothing":              "",
		} {
			if got := c.Call("SignCertificate", M{"csr": csr}); got.Str("status") != "Rejected" {
				w.Errorf("%s is answered %v", why, got)
			}
		}
		staff.noted(p, asset.KindBadRequest)
		if list := staff.Get("/api/v1/certificates").Items(); len(list) != 0 {
			w.Errorf("%d certificates", len(list))
		}
		key := w.RSAKey(2048)
		csr := w.request(key, "CP1", "A3E")
		c.Call("SignCertificate", M{"csr": csr})
		first := c.Asked("CertificateSigned")
		first.Reply(M{"status": "Rejected"})
		staff.noted(p, asset.KindNotTaken)
		c.Call("SignCertificate", M{"csr": csr}) // the same again is the same certificate
		again := c.Asked("CertificateSigned")
		again.Accept()
		if again.Payload.Str("certificateChain") != first.Payload.Str("certificateChain") {
			w.Error("the same request gives two certificates")
		}
		w.Until("it is installed", func() bool { return staff.Get("/api/v1/certificates").Items()[0].Str("state") == "installed" })
	})
}

// A new key: both are taken until the point has come back with the new one.
//
// shows: ChangeConfiguration
func TestAKeyIsChangedAndRolledBack(t *testing.T) {
	Each(t, func(w *World) {
		staff := w.Staff(authz.OpAdmin)
		p := w.Point("CP1")
		c := p.Online()
		ask := func() (Asked, string) {
			w.Helper()
			staff.Do("POST", "/api/v1/charge-points/"+p.ID.String()+"/key-change", M{"reason": "yearly"}).Want(202)
			a := c.Asked("ChangeConfiguration")
			if a.Payload.Str("key") != "AuthorizationKey" {
				w.Fatalf("it is asked %v", a.Payload)
			}
			return a, a.Payload.Str("value")
		}
		state := func() string {
			changes, _ := staff.security(p).at([]string{"changes"}).([]any)
			m, _ := changes[0].(map[string]any)
			return M(m).Str("state")
		}
		becomes := func(s string) { w.Helper(); w.Until("the change is "+s, func() bool { return state() == s }) }
		old := p.Key

		a, fresh := ask()
		a.Reply(M{"status": "Rejected"})
		becomes("refused")
		if got := p.answer(Handshake{Key: fresh}); got != 401 {
			w.Errorf("a key that was refused opens: %d", got)
		}

		c.Drop()
		c = p.Online()
		a, fresh = ask()
		if got := staff.Do("POST", "/api/v1/charge-points/"+p.ID.String()+"/key-change", M{"reason": "again"}); got.Body.Str("code") != "change_in_progress" {
			w.Errorf("a second change: %v", got.Body)
		}
		a.Accept()
		becomes("taken")
		c.Drop()
		c = p.Connect() // with the old one
		becomes("rolled_back")
		if got := p.answer(Handshake{Key: fresh}); got != 401 {
			w.Errorf("a key that was rolled back opens: %d", got)
		}

		c.Drop()
		c = p.Online()
		a, fresh = ask()
		a.Accept()
		becomes("taken")
		w.Clock.Advance(31 * time.Second) // it stays, and is sent away
		_, err := w.App.Assets.SweepChanges(w.Context(), w.Now())
		w.OK(err)
		c.Closed()
		p.Key = fresh
		c = p.Connect()
		becomes("done")
		if got := p.answer(Handshake{Key: old}); got != 401 {
			w.Errorf("the old key opens still: %d", got)
		}
		c.Drop()

		c = p.Online()
		a, fresh = ask()
		c.Drop() // nobody knows whether it took it
		becomes("unclear")
		p.Key = fresh
		p.Connect()
		becomes("done")
		staff.noted(p, asset.KindRolledBack, asset.KindChanged)
		if cfg := staff.Get("/api/v1/charge-points/" + p.ID.String() + "/configuration").Items(); len(cfg) != 0 {
			w.Errorf("the key is kept: %v", cfg)
		}
		if got := staff.Command(p, M{"type": "change_configuration", "key": "authorizationkey", "value": "x", "reason": "x"}); got.Body.Str("code") != "use_key_change" {
			w.Errorf("the key by the general command: %v", got.Body)
		}
		_ = a
	})
}

// The profile is raised step by step, each only where the point can come back, and never
// lowered; where it comes back without, what was holds.
//
// shows: ChangeConfiguration, InstallCertificate, GetInstalledCertificateIds, DeleteCertificate
func TestAProfileIsRaisedAndNeverLowered(t *testing.T) {
	EachWith(t, Options{TLS: true}, func(w *World) {
		staff := w.Staff(authz.OpAdmin)
		p := w.Point("CP1")
		c := p.Online()
		path := "/api/v1/charge-points/" + p.ID.String() + "/profile-upgrade"
		refused := func(to int, code string) {
			w.Helper()
			if r := staff.Do("POST", path, M{"to": to, "reason": "x"}); r.Body.Str("code") != code {
				w.Errorf("to %d: %v, want %s", to, r.Body, code)
			}
		}
		raise := func(to int) Asked {
			w.Helper()
			staff.Do("POST", path, M{"to": to, "reason": "safer"}).Want(202)
			return c.Asked("ChangeConfiguration")
		}
		state := func(s string) {
			w.Helper()
			w.Until("the change is "+s, func() bool {
				changes, _ := staff.security(p).at([]string{"changes"}).([]any)
				m, _ := changes[0].(map[string]any)
				return M(m).Str("state") == s
			})
		}
		refused(2, "no_root")
		staff.installRoot(p, c)
		refused(3, "no_certificate")

		a := raise(2)
		if a.Payload.Str("key") != "SecurityProfile" || a.Payload.Str("value") != "2" {
			w.Errorf("it is asked %v", a.Payload)
		}
		a.Accept()
		state("taken")
		c.Drop()
		c = p.Online() // it could not connect by TLS
		state("rolled_back")
		if s := staff.security(p); s.Str("profile") != "1" {
			w.Errorf("after the fallback: %v", s)
		}
		raise(2).Accept()
		state("taken")
		c.Drop()
		byTLS := func(h Handshake) *Conn {
			w.Helper()
			c, err := p.Knock(h)
			w.OK(err)
			c.Boot()
			w.Advance(2 * time.Minute)
			return c
		}
		c = byTLS(Handshake{TLS: w.TLS()})
		state("done")
		if got := p.answer(Handshake{}); got != 403 {
			w.Errorf("without TLS after the upgrade: %d", got)
		}
		c.Drop()
		c = byTLS(Handshake{TLS: w.TLS()})
		refused(2, "no_upgrade")
		own := c.certified()
		w.Until("the certificate is installed", func() bool { return staff.Get("/api/v1/certificates").Items()[0].Str("state") == "installed" })
		raise(3).Reply(M{"status": "RebootRequired"})
		state("restart")
		c.Drop()
		c = byTLS(Handshake{TLS: w.TLS(own), NoKey: true})
		state("done")
		if got := p.answer(Handshake{TLS: w.TLS()}); got != 403 {
			w.Errorf("with the key after the upgrade: %d", got)
		}
		if got := staff.Command(p, M{"type": "change_configuration", "key": "SecurityProfile", "value": "1", "reason": "x"}); got.Body.Str("code") != "use_profile_upgrade" {
			w.Errorf("a downgrade by the general command: %v", got.Body)
		}
	})
}

// installRoot has the point take a root, and tell what it has.
func (a *API) installRoot(p *Point, c *Conn) {
	p.Helper()
	path := "/api/v1/charge-points/" + p.ID.String() + "/certificate-commands"
	a.Do("POST", path, M{"type": "install_certificate", "certificate_pem": "x", "reason": "for TLS"}).Want(422)
	a.Do("POST", path, M{"type": "install_certificate", "certificate_pem": PEM(p.ServerCA.Cert.Raw), "reason": "for TLS"}).Want(202)
	c.Asked("InstallCertificate").Accept()
	p.Until("the root is known", func() bool { return a.security(p).Has("root_installed_at") })
	a.Do("POST", path, M{"type": "get_certificates"}).Want(202)
	root := M{"hashAlgorithm": "SHA256", "issuerNameHash": "aa", "issuerKeyHash": "bb", "serialNumber": "01"}
	c.Asked("GetInstalledCertificateIds").Reply(M{"status": "Accepted", "certificateHashData": []M{root, root.with([]M{{"serialNumber": "02"}})}})
	installed := func() int { list, _ := a.security(p)["installed"].([]any); return len(list) }
	p.Until("what is installed is known", func() bool { return installed() == 2 })
	a.Do("POST", path, M{"type": "delete_certificate", "reason": "old", "hash": M{"hash_algorithm": "SHA256", "issuer_name_hash": "aa", "issuer_key_hash": "bb", "serial_number": "02"}}).Want(202)
	c.Asked("DeleteCertificate").Accept()
	p.Until("it is gone", func() bool { return installed() == 1 })
}

// What a device tells of its security is kept once; what the whitepaper calls critical is
// a warning.
//
// shows: SecurityEventNotification
func TestSecurityEventsOfADeviceAreKept(t *testing.T) {
	Each(t, func(w *World) {
		staff := w.Staff(authz.OpAdmin)
		p := w.Point("CP1")
		c := p.Online()
		tamper := M{"type": "TamperDetectionActivated", "timestamp": Stamp(w.Now().Add(-time.Hour)), "techInfo": "door open"}
		c.Call("SecurityEventNotification", tamper)
		c.Call("SecurityEventNotification", tamper)
		c.Call("SecurityEventNotification", M{"type": "InvalidMessages", "timestamp": Stamp(w.Now())})
		c.Call("SecurityEventNotification", M{"type": "StartupOfTheDevice", "timestamp": "1970-01-01T00:00:00Z"})
		list := staff.Get("/api/v1/security-events?charge_point_id=" + p.ID.String()).Items()
		var got []string
		for _, e := range list {
			got = append(got, e.Str("kind")+" "+e.Str("critical")+" "+e.Str("detail"))
		}
		slices.Sort(got)
		if want := []string{"InvalidMessages false ", "StartupOfTheDevice true ", "TamperDetectionActivated true door open"}; !slices.Equal(got, want) {
			w.Errorf("%q, want %q", got, want)
		}
		if n := len(staff.Get("/api/v1/security-events?critical=true").Items()); n != 2 {
			w.Errorf("%d are critical", n)
		}
		w.Until("the warnings", func() bool { return len(w.Warnings(upkeep.Filter{Types: []upkeep.Type{upkeep.Security}})) == 2 })
	})
}

// A certificate that ends is renewed before, and told of where it is not.
//
// shows: SignCertificate, CertificateSigned, ExtendedTriggerMessage
func TestAST_R6_CertificatesAreRenewedOrToldOf(t *testing.T) {
	EachWith(t, Options{TLS: true}, func(w *World) {
		staff := w.Staff(authz.OpAdmin)
		p := w.Point("CP1")
		c := p.Online()
		c.certified()
		w.Until("it is installed", func() bool { return staff.Get("/api/v1/certificates").Items()[0].Str("state") == "installed" })
		c.Drop()
		days := func(d int) {
			w.Helper()
			w.Clock.Advance(time.Duration(d) * 24 * time.Hour)
			_, err := w.App.Assets.SweepCertificates(w.Context(), w.Now())
			w.OK(err)
		}
		level := func(want upkeep.Level) {
			w.Helper()
			w.Until("the warning is "+want.String(), func() bool {
				l := w.Warnings(upkeep.Filter{Types: []upkeep.Type{upkeep.CertExpiring}, States: []upkeep.State{upkeep.Open}})
				return len(l) == 1 && l[0].Level == want
			})
		}
		days(276) // 89 left
		if l := w.Warnings(upkeep.Filter{Types: []upkeep.Type{upkeep.CertExpiring}}); len(l) != 0 {
			w.Errorf("%d warnings at 89 days", len(l))
		}
		days(30) // 59 left
		level(upkeep.Notice)
		days(30) // 29
		level(upkeep.Warn)
		days(23) // 6
		level(upkeep.Error)
		w.Clock.Advance(24 * time.Hour)
		c = p.Online()
		days(0)
		if a := c.Asked("ExtendedTriggerMessage"); a.Payload.Str("requestedMessage") != "SignChargePointCertificate" {
			w.Errorf("it is asked %v", a.Payload)
		} else {
			a.Accept()
		}
		staff = w.Staff(authz.OpAdmin) // the login has expired meanwhile
		next := c.certified()
		c.Drop()
		c, err := p.Knock(Handshake{TLS: w.TLS(next), NoKey: true})
		w.OK(err)
		c.Boot()
		var states []string
		for _, x := range staff.Get("/api/v1/certificates").Items() {
			states = append(states, x.Str("state"))
		}
		if !slices.Equal(states, []string{"installed", "replaced"}) {
			w.Errorf("the certificates are %v", states)
		}
		w.Until("the warning has an end", func() bool {
			l := w.Warnings(upkeep.Filter{Types: []upkeep.Type{upkeep.CertExpiring}})
			return len(l) == 1 && !l[0].GoneAt.IsZero()
		})
	})
}

// The operator's own authority: staff take the request, bring the certificate, and its
// list of what is revoked counts.
func TestTheOperatorsOwnAuthority(t *testing.T) {
	EachWith(t, Options{TLS: true}, func(w *World) {
		staff := w.Staff(authz.OpAdmin)
		p := w.Point("CP1")
		c := p.Online()
		ca := w.NewCA("A3E root")
		added := staff.Do("POST", "/api/v1/authorities", M{"kind": "own", "certificate_pem": PEM(ca.Cert.Raw), "organisation": "A3E"}).Want(201).Body
		staff.Do("PUT", "/api/v1/security-settings", M{"minimum": 1, "issuer": "own"}, "If-Match", `"1"`).Want(200)
		key := w.ECKey()
		c.Call("SignCertificate", M{"csr": w.request(key, "CP1", "A3E")})
		c.NotAsked()
		item := staff.Get("/api/v1/certificates?state=requested").Items()[0]
		detail := staff.Get("/api/v1/certificates/" + item.Str("id")).Body
		b, _ := pem.Decode([]byte(detail.Str("request_pem")))
		req, err := x509.ParseCertificateRequest(b.Bytes)
		w.OK(err)
		var serial *big.Int
		sign := func(pub any, cn string) string {
			return PEM(ca.Issue(pub, cn, x509.ExtKeyUsageClientAuth, func(x *x509.Certificate) { x.Subject.Organization, serial = []string{"A3E"}, x.SerialNumber }))
		}
		up := "/api/v1/certificates/" + item.Str("id") + "/signed"
		for why, text := range map[string]string{"another key": sign(w.ECKey().Public(), "CP1"), "another name": sign(req.PublicKey, "CP9"), "no certificate": "x",
			"another authority": PEM(w.NewCA("x").Issue(req.PublicKey, "CP1", x509.ExtKeyUsageClientAuth))} {
			if r := staff.Do("POST", up, M{"certificate_pem": text}); r.Status != 422 {
				w.Errorf("%s: %d %v", why, r.Status, r.Body)
			}
		}
		staff.Do("POST", up, M{"certificate_pem": sign(req.PublicKey, "CP1")}).Want(200)
		a := c.Asked("CertificateSigned")
		a.Accept()
		own := w.pair(a.Payload.Str("certificateChain"), key)
		c.Drop()
		c, err = p.Knock(Handshake{TLS: w.TLS(own), NoKey: true})
		w.OK(err)
		c.Boot()
		revocations := "/api/v1/authorities/" + added.Str("id") + "/revocations"
		staff.Do("PUT", revocations, M{"list_pem": w.NewCA("y").CRL()}).Want(422)
		staff.Do("PUT", revocations, M{"list_pem": ca.CRL(w.number())}).Want(200)
		c.Call("Heartbeat", nil) // another's number is no matter of its
		staff.Do("PUT", revocations, M{"list_pem": ca.CRL(serial)}).Want(200)
		if code, why := c.Closed(); code != 1008 {
			w.Errorf("it is sent away with %d %s", code, why)
		}
		if got := p.answer(Handshake{TLS: w.TLS(own), NoKey: true}); got != 401 {
			w.Errorf("on the list of what is revoked: %d", got)
		}
		staff.Do("PUT", revocations, M{"list_pem": ca.CRL()}).Want(200)
		staff.Do("POST", "/api/v1/authorities/"+added.Str("id")+"/drop", M{"reason": "gone"}).Want(200)
		if got := p.answer(Handshake{TLS: w.TLS(own), NoKey: true}); got != 401 {
			w.Errorf("of an authority that is trusted no more: %d", got)
		}
	})
}
